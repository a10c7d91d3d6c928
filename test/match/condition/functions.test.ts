import test from 'ava';
import { compileReader } from '../../../src/match/condition/predicate.ts';
import {
  type FunctionName,
  field,
  type Literal,
  literal,
  type Operand,
  type Value,
} from '../../../src/rule/index.ts';
import { flatFields } from '../flat-event.ts';

const fields = flatFields({ value: 'keyword', list: 'keyword', numbers: 'number' });

function call(name: FunctionName, args: readonly Operand[], ignoreCase = false): Operand {
  return { kind: 'call', name, args, ignoreCase };
}

type Argument = string | number | bigint | boolean | null | Literal;

function argument(value: Argument): Literal {
  return typeof value === 'object' && value !== null ? value : literal(value);
}

const double = (value: number): Literal => literal(value, true);

/** Name (with `~`: without case), arguments, result; from the processors of Elasticsearch's functions. */
const cases: readonly (readonly [name: string, args: readonly Argument[], want: Value])[] = [
  ['add', [1, 2], 3],
  ['add', [1, null], null],
  ['add', ['1', 2], null],
  ['add', [2 ** 53 - 1, 2], 9007199254740993n],
  ['add', [9223372036854775807n, 1], null],
  ['add', [9223372036854775807n, double(1)], 2 ** 63],
  ['subtract', [1, 2], -1],
  ['subtract', [9007199254740993n, 2], 9007199254740991],
  ['multiply', [6, 7], 42],
  ['multiply', [2 ** 40, 2 ** 40], null],
  ['multiply', [2 ** 31, 2 ** 31 + 1], 2 ** 62 + 2 ** 31],
  ['divide', [83, 2], 41],
  ['divide', [-7, 2], -3],
  ['divide', [83, double(2)], 41.5],
  ['divide', [7.5, 2], 3.75],
  ['divide', [1, 0], null],
  ['divide', [1, double(0)], Number.POSITIVE_INFINITY],
  ['divide', [double(0), 0], null],
  ['modulo', [11, 10], 1],
  ['modulo', [-11, 10], -1],
  ['modulo', [11, 0], null],
  ['modulo', [5.5, 2], 1.5],
  ['negate', [5], -5],
  ['negate', [0], 0],
  ['negate', [-9223372036854775808n], null],
  ['negate', [true], null],
  ['length', ['abc'], 3],
  ['length', ['😀'], 2],
  ['length', [''], 0],
  ['length', [5], null],
  ['length', [null], null],
  ['string', [5], '5'],
  ['string', [double(5)], '5.0'],
  ['string', [true], 'true'],
  ['string', [9007199254740993n], '9007199254740993'],
  ['string', [null], null],
  ['number', ['5'], 5],
  ['number', ['-5'], -5],
  ['number', ['5.5'], 5.5],
  ['number', ['1e3'], 1000],
  ['number', ['9007199254740993'], 9007199254740993n],
  ['number', ['99999999999999999999'], 1e20],
  ['number', ['0x32'], 50],
  ['number', ['0x32', 16], 50],
  ['number', ['32', 16], 50],
  ['number', ['0x32', 10], null],
  ['number', ['31', 13], 40],
  ['number', ['17', null], 17],
  ['number', ['8', 8], null],
  ['number', ['five'], null],
  ['number', [''], null],
  ['number', [5], null],
  ['number', [null], null],
  ['concat', ['a', 1, true], 'a1true'],
  ['concat', ['a', double(1)], 'a1.0'],
  ['concat', ['a', null], null],
  ['concat', ['a'], 'a'],
  ['between', ['System Idle Process', 'S', 'e'], 'yst'],
  ['between', ['System Idle Process', 'S', 'e', true], 'ystem Idle Proc'],
  ['between', ['System Idle Process', 's', 'E'], ''],
  ['between~', ['System Idle Process', 's', 'E'], 'yst'],
  ['between', ['abc', 'x', 'c'], ''],
  ['between', ['abc', 'b', 'a', true], ''],
  ['between', ['abc', '', 'c'], 'abc'],
  ['between', [null, 'a', 'b'], null],
  ['substring', ['explorer.exe', 0, 4], 'expl'],
  ['substring', ['explorer.exe', -4], '.exe'],
  ['substring', ['explorer.exe', -4, -1], '.ex'],
  ['substring', ['abc', -10, 2], 'ab'],
  ['substring', ['abc', 2, 1], ''],
  ['substring', ['abc', 5], ''],
  ['substring', ['abc', 1, 100], 'bc'],
  ['substring', ['abc', null], 'abc'],
  ['substring', ['abc', 'x'], null],
  ['indexOf', ['explorer', 'plo'], 2],
  ['indexOf', ['explorer', 'PLO'], null],
  ['indexOf~', ['explorer', 'PLO'], 2],
  ['indexOf', ['explorer', 'e', 1], 6],
  ['indexOf', ['explorer', 'e', 7], null],
  ['indexOf', ['explorer', 'e', -5], 0],
  ['indexOf', [null, 'e'], null],
  ['startsWith', ['explorer', 'exp'], true],
  ['startsWith', ['Explorer', 'exp'], false],
  ['startsWith~', ['Explorer', 'eXP'], true],
  ['startsWith', ['explorer', null], null],
  ['endsWith', ['explorer', 'rer'], true],
  ['endsWith~', ['explorer', 'RER'], true],
  ['endsWith', [5, '5'], null],
  ['stringContains', ['explorer', 'plo'], true],
  ['stringContains', ['explorer', ''], false],
  ['stringContains~', ['explorer', 'PLO'], true],
  ['cidrMatch', ['10.1.2.3', '10.0.0.0/8'], true],
  ['cidrMatch', ['10.1.2.3', '192.168.0.0/16', '10.0.0.0/8'], true],
  ['cidrMatch', ['11.1.2.3', '10.0.0.0/8'], false],
  ['cidrMatch', ['not an address', '10.0.0.0/8'], null],
  ['cidrMatch', [null, '10.0.0.0/8'], null],
];

for (const [name, args, want] of cases) {
  const shown = args.map((one) =>
    typeof one === 'object' ? (one?.value ?? 'null') : JSON.stringify(String(one)),
  );
  test(`${name}(${shown.join(', ')}) is ${want}`, (t) => {
    const operand = call(name.replace('~', '') as FunctionName, args.map(argument), name.endsWith('~'));
    t.deepEqual(compileReader(operand, fields).read(fields.event({})), want);
    const first = args[0];
    if (typeof first !== 'string' || first === '') return;
    const ofField = call(
      name.replace('~', '') as FunctionName,
      [field('value'), ...args.slice(1).map(argument)],
      name.endsWith('~'),
    );
    t.deepEqual(
      compileReader(ofField, fields).read(fields.event({ value: first })),
      want,
      'read from an event',
    );
  });
}

test('a function of a field with several values has a value for each that gives one', (t) => {
  const read = (operand: Operand, row: object): Value =>
    compileReader(operand, fields).read(fields.event({ ...row }));
  t.deepEqual(read(call('length', [field('list')]), { list: ['a', 'bc'] }), [1, 2]);
  t.deepEqual(read(call('number', [field('list')]), { list: ['1', 'x'] }), [1]);
  t.deepEqual(read(call('concat', [field('list'), field('list')]), { list: ['a', 'b'] }), [
    'aa',
    'ab',
    'ba',
    'bb',
  ]);
  t.is(read(call('number', [field('list')]), { list: ['x', 'y'] }), null);
});

test('combinations of many values are bounded', (t) => {
  const list = Array.from({ length: 5000 }, (_, i) => `v${i}`);
  const operand = call('concat', [field('list'), field('list'), field('list')]);
  t.is((compileReader(operand, fields).read(fields.event({ list })) as unknown[]).length, 1000);
});

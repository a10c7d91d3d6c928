import fc from 'fast-check';
import {
  ANY_ONE,
  ANYTHING,
  and,
  type Condition,
  definite,
  type FieldRef,
  field,
  literal,
  not,
  or,
  type Pattern,
  type Scalar,
} from '../../src/rule/index.ts';
import type { Schema, TableSpec } from '../../src/schema/index.ts';
import { NAMES, WORDS } from './arbitrary.ts';
import type { EventTable } from './event-table.ts';

const value = fc.oneof(
  fc.constantFrom(...NAMES, ...WORDS),
  fc.constantFrom(
    ...'start exec process file linux creation 0 1000 00 22 /root " sh .sh 10.0.0.1 ::1 10.0.0.0/8 outbound'.split(
      ' ',
    ),
  ),
  fc.constantFrom('a b c', '-r a', 'sh -c', 'x\0y', '\ud800'),
);
const regexes = [
  '.*sh',
  '(ba)?sh',
  'r.*d',
  '[a-z]+',
  '.*-r.*',
  'a|b',
  '(/usr)?/bin/(sh|bash)',
  '.{2}',
  '"a b"',
  'rm{2}od',
  'a+b?',
  '\\-r',
  '.*\\.sh',
  'x',
  '',
];
const number = fc.constantFrom<Scalar>(0, 1, 3, 10, 22, 100, 443, 1000, 4096, 5.5);
const ranges = ['10.0.0.0/8', '192.168.0.0/16', '::/0', '::1', '0.0.0.0/0', '10.0.0.1'];

/** What is asked of a field: mostly what events have there, whole or in part, in either case. */
interface Subject {
  readonly operand: FieldRef;
  readonly values: readonly string[];
}

function partsOf(values: readonly string[]): fc.Arbitrary<string> {
  const whole =
    values.length === 0 ? value : fc.oneof(fc.constantFrom(...values), fc.constantFrom(...values), value);
  const part = fc
    .tuple(whole, fc.double({ min: 0, max: 1, noNaN: true }), fc.nat({ max: 12 }))
    .map(([text, from, length]) =>
      text.slice(Math.floor(from * text.length), Math.floor(from * text.length) + length),
    );
  const end = fc.tuple(whole, fc.integer({ min: 1, max: 9 })).map(([text, length]) => text.slice(-length));
  return fc
    .tuple(fc.oneof(whole, whole, part, end), fc.constantFrom('', '', 'upper', 'lower'))
    .map(([text, change]) =>
      change === '' ? text : change === 'upper' ? text.toUpperCase() : text.toLowerCase(),
    );
}

function patternsOf(values: readonly string[]): fc.Arbitrary<Pattern> {
  const part = partsOf(values);
  const wild = fc.constantFrom(ANYTHING, ANYTHING, ANYTHING, ANY_ONE);
  return fc.oneof(
    part.map((one) => [ANYTHING, one, ANYTHING]),
    part.map((one) => [one, ANYTHING]),
    part.map((one) => [ANYTHING, one]),
    fc.array(fc.oneof(part, wild), { minLength: 1, maxLength: 5 }),
  );
}

function leavesOf({ operand, values }: Subject): fc.Arbitrary<Condition> {
  const part = partsOf(values);
  const ignoreCase = fc.boolean();
  const scalar = fc.oneof({ weight: 5, arbitrary: part }, { weight: 1, arbitrary: number });
  const right = scalar.map((one) => literal(one));
  const own = fc.constant(operand);
  const list = fc.array(scalar, { maxLength: 5 });
  const patterns = fc.array(patternsOf(values), { minLength: 1, maxLength: 3 });
  const order = fc.constantFrom('lt', 'le', 'gt', 'ge');
  const kind = <Kind extends string>(name: Kind) => fc.constant(name);
  return fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({ kind: kind('compare'), op: kind('eq'), left: own, right, ignoreCase }),
    },
    { weight: 1, arbitrary: fc.record({ kind: kind('compare'), op: order, left: own, right, ignoreCase }) },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: kind('compare'),
        op: fc.constantFrom('eq', 'lt'),
        left: right,
        right: own,
        ignoreCase,
      }),
    },
    { weight: 4, arbitrary: fc.record({ kind: kind('oneOf'), operand: own, values: list, ignoreCase }) },
    { weight: 5, arbitrary: fc.record({ kind: kind('like'), operand: own, patterns, ignoreCase }) },
    { weight: 1, arbitrary: fc.record({ kind: kind('exists'), operand: own }) },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: kind('regex'),
        operand: own,
        patterns: fc.array(fc.constantFrom(...regexes), { minLength: 1, maxLength: 2 }),
        dialect: fc.constantFrom('lucene', 're2'),
        ignoreCase,
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: kind('cidr'),
        operand: own,
        ranges: fc.array(fc.constantFrom(...ranges), { minLength: 1, maxLength: 2 }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: kind('truthy'),
        operand: fc.record({
          kind: kind('call'),
          name: fc.constantFrom('startsWith', 'endsWith', 'stringContains'),
          args: fc.tuple(
            own,
            part.map((one) => literal(one)),
          ),
          ignoreCase,
        }),
      }),
    },
  );
}

/** Conditions on these fields, asked for mostly with values that events have there. */
function conditions(
  names: readonly string[],
  valuesOf: (name: string) => readonly string[],
): fc.Arbitrary<Condition> {
  const known = new Map<string, fc.Arbitrary<Condition>>();
  const leaves = (name: string): fc.Arbitrary<Condition> => {
    const made = known.get(name) ?? leavesOf({ operand: field(name), values: valuesOf(name) });
    known.set(name, made);
    return made;
  };
  const leaf = fc.oneof(
    { weight: 20, arbitrary: fc.constantFrom(...names).chain(leaves) },
    {
      weight: 1,
      arbitrary: fc.constantFrom<Condition>(
        { kind: 'constant', value: null },
        { kind: 'constant', value: true },
      ),
    },
  );
  return fc.letrec<{ tree: Condition }>((tie) => ({
    tree: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      leaf,
      fc.array(tie('tree'), { minLength: 2, maxLength: 4 }).map((args) => and(...args)),
      fc.array(tie('tree'), { minLength: 2, maxLength: 4 }).map((args) => or(...args)),
      tie('tree').map(not),
      tie('tree').map(definite),
    ),
  })).tree;
}

const FAVOURED = [
  ...['process.name', 'process.args', 'process.args_count', 'process.command_line', 'process.executable'],
  ...[
    'file.path',
    'file.name',
    'file.extension',
    'file.directory',
    'destination.ip',
    'destination.port',
    'source.ip',
  ],
  ...['event.type', 'event.action', 'user.id'],
];

/** Conditions on the fields of a table and what its events have there. */
export function tableConditions(schema: Schema, table: TableSpec, rows: EventTable): fc.Arbitrary<Condition> {
  const often = FAVOURED.filter((one) => table.fields.has(one));
  const names = [...table.fields.keys(), 'no.such.field', ...Array.from({ length: 8 }, () => often).flat()];
  return conditions(names, (name) => textsOf(schema.fields.find(name)?.slot, rows));
}

function textsOf(slot: number | undefined, { events }: EventTable): readonly string[] {
  const found = new Set<string>();
  for (const event of events.values()) {
    const value = slot === undefined ? null : (event?.get(slot) ?? null);
    for (const one of Array.isArray(value) ? value : [value]) if (one !== null) found.add(String(one));
  }
  return [...found];
}

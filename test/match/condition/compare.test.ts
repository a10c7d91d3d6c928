import test from 'ava';
import { versionKey } from '../../../src/match/condition/version.ts';
import { compileCondition } from '../../../src/match/index.ts';
import {
  type CompareOp,
  type Condition,
  type FieldType,
  field,
  literal,
  not,
  type Scalar,
} from '../../../src/rule/index.ts';
import { flatFields } from '../flat-event.ts';

const types: Readonly<Record<string, FieldType>> = {
  text: 'keyword',
  number: 'number',
  flag: 'boolean',
  ip: 'ip',
  version: 'version',
  date: 'date',
};
const fields = flatFields({ ...types, other: 'keyword', otherIp: 'ip' });

function compare(name: string, op: CompareOp, value: Scalar, ignoreCase = false): Condition {
  return { kind: 'compare', op, left: field(name), right: literal(value), ignoreCase };
}

function truth(condition: Condition, row: object): boolean | null {
  const event = fields.event({ ...row });
  if (compileCondition(condition, fields)(event)) return true;
  return compileCondition(not(condition), fields)(event) ? false : null;
}

/** Field, its value, comparison, literal, truth. */
const cases: readonly (readonly [string, Scalar, CompareOp, Scalar, boolean | null])[] = [
  ['text', 'a', 'eq', 'a', true],
  ['text', 'a', 'eq', 'A', false],
  ['text', 'a', 'eq', 1, null],
  ['text', 'b', 'gt', 'a', true],
  ['text', 'System Idle Process', 'lt', 'Systez', true],
  ['text', 'a', 'gt', 'B', true],
  ['number', 1, 'eq', 1, true],
  ['number', 1, 'eq', '1', null],
  ['number', 1, 'eq', true, null],
  ['number', 4, 'ge', 3.1, true],
  ['number', 9007199254740993n, 'gt', 9007199254740992, true],
  ['number', 9007199254740993n, 'eq', 9007199254740993n, true],
  ['number', 9007199254740993n, 'eq', 9007199254740992, false],
  ['number', -1, 'lt', 0n, true],
  ['flag', true, 'eq', true, true],
  ['flag', false, 'eq', true, false],
  ['flag', true, 'eq', 'true', null],
  ['ip', '10.0.0.1', 'eq', '10.0.0.1', true],
  ['ip', '::ffff:10.0.0.1', 'eq', '10.0.0.1', true],
  ['ip', '2001:db8:0::1', 'eq', '2001:DB8::0:1', true],
  ['ip', '10.0.0.9', 'lt', '10.0.0.10', true],
  ['ip', '10.1.2.3', 'eq', '10.0.0.0/8', true],
  ['ip', '11.1.2.3', 'eq', '10.0.0.0/8', false],
  ['ip', '10.0.0.1', 'eq', 'localhost', false],
  ['ip', 'garbage', 'eq', '10.0.0.1', null],
  ['version', '1.2.4', 'eq', '1.2.4', true],
  ['version', '1.11.3', 'gt', '1.5.0', true],
  ['version', '1.2.4-SNAPSHOT', 'lt', '1.2.4', true],
  ['version', 'bad', 'gt', '99.0.0', true],
  ['date', '2022-12-17T00:00:00.000Z', 'eq', '2022-12-17', true],
  ['date', '2022-12-17T01:00:00+01:00', 'eq', '2022-12-17', true],
  ['date', 1671235200000, 'eq', '2022-12-17', true],
  ['date', '1671235200000', 'lt', '2023-01-01', true],
  ['date', '2022-12-17', 'lt', 'now', null],
  ['date', 'garbage', 'lt', '2023-01-01', null],
];

for (const [name, value, op, other, want] of cases) {
  test(`${name} ${value} ${op} ${typeof other} ${other} is ${want}`, (t) => {
    t.is(truth(compare(name, op, other), { [name]: value }), want);
    if (op === 'eq') {
      const listed: Condition = { kind: 'oneOf', operand: field(name), values: [other], ignoreCase: false };
      t.is(truth(listed, { [name]: value }), want, 'in a list');
    }
  });
}

test('literals on the left compare the other way round', (t) => {
  const condition: Condition = {
    kind: 'compare',
    op: 'lt',
    left: literal(3),
    right: field('number'),
    ignoreCase: false,
  };
  t.is(truth(condition, { number: 4 }), true);
  t.is(truth(condition, { number: 3 }), false);
  t.is(truth(condition, {}), null);
});

test('two fields compare by the type that one of them has', (t) => {
  const equal = (left: string, right: string): Condition => ({
    kind: 'compare',
    op: 'eq',
    left: field(left),
    right: field(right),
    ignoreCase: false,
  });
  t.is(truth(equal('ip', 'otherIp'), { ip: '::ffff:10.0.0.1', otherIp: '10.0.0.1' }), true);
  t.is(truth(equal('ip', 'other'), { ip: '10.0.0.1', other: '::ffff:a00:1' }), true);
  t.is(truth(equal('text', 'other'), { text: ['a', 'b'], other: ['c', 'b'] }), true);
  t.is(truth(equal('text', 'other'), { text: ['a', 'b'], other: ['c'] }), false);
  t.is(truth(equal('text', 'number'), { text: '1', number: 1 }), null);
});

test('case is ignored over all of Unicode', (t) => {
  t.is(truth(compare('text', 'eq', 'STRAẞE', true), { text: 'straße' }), true);
  t.is(truth(compare('text', 'eq', 'strasse', true), { text: 'straße' }), false);
  t.is(
    truth({ kind: 'oneOf', operand: field('text'), values: ['ΣΑΣ'], ignoreCase: true }, { text: 'σας' }),
    true,
  );
});

test('versions have the order of Elasticsearch', (t) => {
  const ordered = [
    '0',
    '0.0.1-alpha',
    '0.0.1-alpha.1',
    '0.0.1',
    '1-alpha.1',
    '1-alpha.beta',
    '1-beta.2',
    '1-beta.11',
    '1',
    '1+2',
    '1.0',
    '1.2.4-SNAPSHOT',
    '1.2.4',
    '1.11.3',
    '2',
    '10.0.0',
    '',
    '01',
    'bad',
    'v1.0',
  ];
  const sorted = [...ordered].sort((a, b) => (versionKey(a) < versionKey(b) ? -1 : 1));
  t.deepEqual(sorted, ordered);
});

for (const [ranges, yes, no, unknown] of [
  [
    ['10.0.0.0/8'],
    ['10.0.0.0', '10.255.255.255', '::ffff:10.1.1.1'],
    ['9.255.255.255', '11.0.0.0', '::1'],
    ['', '10.1', '010.0.0.1', 'x'],
  ],
  [['10.6.48.157/8'], ['10.1.1.1'], ['11.1.1.1'], []],
  [['0.0.0.0/0'], ['1.2.3.4', '255.255.255.255'], ['::1'], []],
  [['::/0'], ['1.2.3.4', '::1', 'ffff::'], [], ['1.2.3.4.5', ':::', '1::2::3', '12345::']],
  [['fe80::/10'], ['fe80::1', 'fe80::1%eth0', 'FEBF::'], ['fec0::', '1.2.3.4'], []],
  [['::ffff:10.0.0.0/104'], ['10.9.9.9'], ['11.0.0.0'], []],
  [['192.168.0.1', '2001:db8::/32'], ['192.168.0.1', '2001:db8:ffff::'], ['192.168.0.2', '2001:db9::'], []],
  [['2001:db8::1:0:0/96'], ['2001:db8::1:2:3', '2001:db8:0:0:0:1:9.9.9.9'], ['2001:db8::2:0:0'], []],
] as const) {
  test(`addresses in ${ranges.join(', ')}`, (t) => {
    const condition: Condition = { kind: 'cidr', operand: field('ip'), ranges };
    for (const ip of yes) t.is(truth(condition, { ip }), true, ip);
    for (const ip of no) t.is(truth(condition, { ip }), false, ip);
    for (const ip of unknown) t.is(truth(condition, { ip }), null, ip);
  });
}

test('a range that cannot be read is an error when it is compiled', (t) => {
  for (const range of ['10.0.0.0/33', '10.0.0/8', '::/129', 'x', '10.0.0.0/', '10.0.0.0/-1']) {
    t.throws(() => compileCondition({ kind: 'cidr', operand: field('ip'), ranges: [range] }, fields), {
      message: `not a range of addresses: "${range}"`,
    });
  }
});

import test from 'ava';
import {
  and,
  type Condition,
  definite,
  FALSE,
  field,
  fieldsOf,
  literal,
  not,
  or,
  printCondition,
  simplify,
  TRUE,
  UNKNOWN,
} from '../../src/rule/index.ts';

const a: Condition = {
  kind: 'compare',
  op: 'eq',
  left: field('a'),
  right: literal('x'),
  ignoreCase: false,
};
const b: Condition = { kind: 'oneOf', operand: field('b', true), values: [1, 2], ignoreCase: true };

const CASES: readonly { name: string; condition: Condition; want: string }[] = [
  { name: 'TRUE leaves a conjunction', condition: and(TRUE, a, TRUE), want: 'a == "x"' },
  { name: 'FALSE decides a conjunction', condition: and(a, FALSE), want: 'false' },
  {
    name: 'unknown stays in a conjunction: it never matches but its negation differs',
    condition: and(a, UNKNOWN),
    want: 'a == "x" and unknown',
  },
  { name: 'TRUE decides a disjunction', condition: or(a, TRUE), want: 'true' },
  {
    name: 'nested disjunctions become flat, doubles go',
    condition: or(a, or(b, a)),
    want: 'a == "x" or ?b in~ (1, 2)',
  },
  { name: 'two negations cancel', condition: not(not(a)), want: 'a == "x"' },
  { name: 'negated unknown is unknown', condition: not(UNKNOWN), want: 'unknown' },
  { name: 'definite unknown is false', condition: not(definite(UNKNOWN)), want: 'true' },
  {
    name: 'definite is kept where it means something',
    condition: not(definite(a)),
    want: 'not definite(a == "x")',
  },
  {
    name: 'a test of null is unknown',
    condition: { ...b, operand: literal(null) } as Condition,
    want: 'unknown',
  },
  { name: 'null does not exist', condition: { kind: 'exists', operand: literal(null) }, want: 'false' },
];

for (const { name, condition, want } of CASES) {
  test(name, (t) => {
    t.is(printCondition(simplify(condition)), want);
  });
}

test('fields are found with whether every use of them is optional', (t) => {
  const found = fieldsOf(and(b, or(a, { ...a, left: field('b') } as Condition)));
  t.deepEqual(
    [...found],
    [
      ['b', { optional: false }],
      ['a', { optional: false }],
    ],
  );
});

import test from 'ava';
import { compileEql } from '../../../src/lang/eql/index.ts';
import { printCondition } from '../../../src/rule/index.ts';
import { createSource, RuleError } from '../../../src/text/index.ts';
import { meaningOf } from './tree.ts';

test('without fields nothing is known of types, and every field is there', (t) => {
  const query =
    'any where a == 1 and a == "1" and a : "x" and length(a) > 1 and a and a + 1 == 2 and no.such != 1';
  t.notThrows(() => compileEql(createSource('rule.eql', query)));
});

test('pipes are given in their order, for whoever runs the query', (t) => {
  const { limits } = compileEql(createSource('rule.eql', 'any where true | head 10 | tail 3'));
  t.deepEqual(limits, [
    { kind: 'head', count: 10, span: { start: 15, end: 24 } },
    { kind: 'tail', count: 3, span: { start: 25, end: 33 } },
  ]);
});

const REGEXES = [
  { name: 'a malformed regular expression', pattern: 'y(', code: 'EQL_REGEX' },
  { name: 'a regular expression that no linear engine runs', pattern: '~y', code: 'EQL_UNSUPPORTED' },
] as const;

for (const { name, pattern, code } of REGEXES) {
  test(`${name} is refused where it is written`, (t) => {
    const source = createSource('rule.eql', `any where a regex ("x", "${pattern}")`);
    const error = t.throws(() => compileEql(source), { instanceOf: RuleError });
    t.deepEqual([error?.code, error?.span], [code, { start: 24, end: 28 }]);
    t.notThrows(() => compileEql(createSource('rule.eql', 'any where a regex ("x", "y")')));
  });
}

test('a step with runs is one object in several places', (t) => {
  const { query } = compileEql(createSource('rule.eql', 'sequence [any where a] with runs=3 [any where b]'));
  t.true(query.kind === 'sequence');
  if (query.kind !== 'sequence') return;
  t.is(query.steps.length, 4);
  t.is(query.steps[0], query.steps[2]);
  t.is(meaningOf(query).split('\n').length, 5);
});

const UNITS = [
  { text: '500ms', ms: 500 },
  { text: '30s', ms: 30_000 },
  { text: '2m', ms: 120_000 },
  { text: '3h', ms: 10_800_000 },
  { text: '1d', ms: 86_400_000 },
];
for (const { text, ms } of UNITS) {
  test(`maxspan=${text} is ${ms} milliseconds`, (t) => {
    const source = createSource('rule.eql', `sequence with maxspan=${text} [any where a] [any where b]`);
    const { query } = compileEql(source);
    t.is(query.kind === 'sequence' && query.maxSpanMs, ms);
  });
}

test('a condition is frozen all through', (t) => {
  const query =
    'any where a == 1.0 and not (b : ("x*", "y") or c in (1, 2) or d regex "x") and cidrMatch(e, "::1") and startsWith(f, g) and string(h > 1) == "true" and i == null and startsWith(j, "x")';
  const thawed: unknown[] = [];
  const check = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    if (!Object.isFrozen(node)) thawed.push(node);
    Object.values(node).forEach(check);
  };
  const compiled = compileEql(createSource('rule.eql', query));
  check(compiled);
  t.deepEqual(thawed, []);
  t.true(compiled.query.kind === 'event' && printCondition(compiled.query.condition).includes('definite'));
});

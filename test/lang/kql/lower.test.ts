import test from 'ava';
import fc from 'fast-check';
import { compileKql, lowerKql, parseKql } from '../../../src/lang/kql/index.ts';
import { printCondition } from '../../../src/rule/index.ts';
import { createSource, RuleError } from '../../../src/text/index.ts';
import { matches, type Row, truthOf } from './truth.ts';

const TEXTS = ['a', 'ab', 'b*', '1', '10', 'true', ''];
const scalar = (name: string): fc.Arbitrary<string | number | boolean> => {
  if (name.endsWith('n')) return fc.constantFrom(1, 2, 10);
  return name.endsWith('f') ? fc.boolean() : fc.constantFrom('a', 'ab', 'ba', 'b*', '1', '10', 'true');
};
const value = (name: string) =>
  fc.oneof(fc.constant(null), scalar(name), fc.array(scalar(name), { minLength: 1 }));
/** The object `o` is there with both of its fields or not at all. */
const row: fc.Arbitrary<Row> = fc.oneof(
  fc.record(Object.fromEntries(['s', 't', 'n', 'f'].map((name) => [name, value(name)]))),
  fc.record({ s: value('s'), 'o.s': scalar('o.s'), 'o.n': scalar('o.n') }),
);

const literal = fc.oneof(
  fc.constantFrom(...TEXTS).map((text) => JSON.stringify(text)),
  fc.constantFrom('a', 'ab', '1', '10', 'true', 'false', '*', 'a*', '*a', '*1*', 'b\\*', '*b\\*', '**'),
);
const bound = fc.constantFrom('"a"', '1', '2', '10', 'b');
const { query } = fc.letrec<{ query: string; values: string }>((tie) => {
  const many = (item: fc.Arbitrary<string>) => fc.array(item, { minLength: 2, maxLength: 4 });
  const joined = (item: fc.Arbitrary<string>) =>
    fc.tuple(many(item), fc.constantFrom(' and ', ' or ')).map(([items, by]) => `(${items.join(by)})`);
  const field = fc.constantFrom('s', 't', 'n', 'f', 'o.s');
  return {
    query: fc.oneof(
      { maxDepth: 3 },
      fc.tuple(field, tie('values')).map(([name, values]) => `${name}: ${values}`),
      fc
        .tuple(fc.constantFrom('s', 'n', 'o.s'), fc.constantFrom('<', '<=', '>', '>='), bound)
        .map((parts) => parts.join(' ')),
      joined(tie('query')),
      tie('query').map((inner) => `not (${inner})`),
      fc.tuple(fc.constantFrom('s', 'n'), tie('values')).map(([name, values]) => `o: { ${name}: ${values} }`),
      fc
        .tuple(fc.constantFrom('s', 'n'), tie('values'))
        .map(([name, values]) => `o: { not ${name}: ${values} }`),
    ),
    values: fc.oneof(
      { maxDepth: 2 },
      literal,
      joined(tie('values')),
      tie('values').map((inner) => `(not ${inner})`),
    ),
  };
});

test('a lowered query is true of exactly the rows that KQL matches, and never unknown', (t) => {
  let hits = 0;
  fc.assert(
    fc.property(query, fc.array(row, { minLength: 5, maxLength: 5 }), (text, rows) => {
      const source = createSource('rule.kql', text);
      const ast = parseKql(source);
      const lowered = lowerKql(ast, source);
      const compiled = compileKql(source).condition;
      for (const one of rows) {
        const want = matches(ast, one);
        if (want) hits += 1;
        t.is(truthOf(lowered, one), want, `${text}\n${printCondition(lowered)}\n${JSON.stringify(one)}`);
        t.is(truthOf(compiled, one), want, text);
      }
    }),
    { numRuns: 2000 },
  );
  t.true(hits > 1000);
});

test('a compiled query is for events of any category', (t) => {
  const { kind, category } = compileKql(createSource('rule.kql', 'a: 1'));
  t.deepEqual([kind, category], ['event', null]);
});

test('without a list of fields a wildcard in a field name is unsupported', (t) => {
  const error = t.throws(() => compileKql(createSource('rule.kql', 'process.*: x')), {
    instanceOf: RuleError,
  });
  t.is(
    error?.headline(),
    'rule.kql:1:1: KQL_UNSUPPORTED: Unsupported: a wildcard in a field name (process.*) needs a list of fields.',
  );
});

import fc from 'fast-check';
import type {
  Arithmetic,
  Comparison,
  EventFilter,
  Expression,
  FieldName,
  FunctionCall,
  JoinKey,
  Logical,
  Lookup,
  MaxSpan,
  Negation,
  Not,
  Pipe,
  Sample,
  Sequence,
  Statement,
  Term,
  TextMatch,
  Value,
} from '../../../src/lang/eql/index.ts';

/** Every tree has its place here, so that trees can be compared without theirs. */
export const NOWHERE = { start: 0, end: 0 };

/** Gives back a tree with every span replaced. */
export function withoutPlaces<T>(tree: T): T {
  return JSON.parse(
    JSON.stringify(tree, (key, value: unknown) => {
      if (key === 'span') return NOWHERE;
      if (typeof value === 'bigint') return `bigint ${value}`;
      return Object.is(value, -0) ? 'minus zero' : value;
    }),
  ) as T;
}

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.string({
    unit: fc.constantFrom('"', '\\', '`', "'", '\n', '\r', '\t', '\0', '*', '?', '\ud800', 'é'),
    maxLength: 6,
  }),
);
const plainName = fc.stringMatching(/^[a-z_@][a-zA-Z0-9_]{0,5}$/).filter((name) => name !== '');
const name = fc.oneof(
  { weight: 3, arbitrary: plainName },
  fc.constantFrom('and', 'sequence', 'in', 'where', 'null', 'not', 'of'),
  text.filter((one) => one !== ''),
);
const safe = fc.maxSafeNat();

const constant: fc.Arbitrary<Value> = fc
  .oneof(
    text.map((value) => ({ value, decimal: false })),
    fc.boolean().map((value) => ({ value, decimal: false })),
    fc.constant({ value: null, decimal: false }),
    safe.map((value) => ({ value, decimal: false })),
    fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n - 1n }).map((value) => ({ value, decimal: false })),
    fc.double({ noNaN: true, noDefaultInfinity: true, min: 0 }).map((value) => ({ value, decimal: true })),
    fc.integer({ min: 0, max: 9 }).map((value) => ({ value, decimal: true })),
  )
  .map((value): Value => ({ kind: 'value', ...value, span: NOWHERE }));

const negative: fc.Arbitrary<Value> = fc
  .oneof(
    fc.integer({ min: 1 }).map((value) => ({ value: -value, decimal: false })),
    fc.bigInt({ min: 2n ** 53n, max: 2n ** 63n }).map((value) => ({ value: -value, decimal: false })),
    fc
      .double({ noNaN: true, noDefaultInfinity: true, min: 0 })
      .map((value) => ({ value: -value, decimal: true })),
  )
  .map((value): Value => ({ kind: 'value', ...value, span: NOWHERE }));

const fieldName: fc.Arbitrary<FieldName> = fc.record({
  kind: fc.constant('field' as const),
  path: fc
    .tuple(name, fc.array(fc.oneof({ weight: 4, arbitrary: name }, safe), { maxLength: 3 }))
    .map(([first, rest]) => [first, ...rest]),
  optional: fc.boolean(),
  span: fc.constant(NOWHERE),
});

function isNumber(expression: Expression): boolean {
  return (
    expression.kind === 'value' &&
    (typeof expression.value === 'number' || typeof expression.value === 'bigint')
  );
}

const { expression } = fc.letrec<{ expression: Expression }>((tie) => {
  const inner = tie('expression');
  const span = fc.constant(NOWHERE);
  const some = fc.array(inner, { minLength: 1, maxLength: 3 });
  const logical: fc.Arbitrary<Logical> = fc.record({
    kind: fc.constantFrom('and', 'or'),
    args: fc.array(inner, { minLength: 2, maxLength: 4 }),
    span,
  });
  const not: fc.Arbitrary<Not> = fc.record({ kind: fc.constant('not'), arg: inner, span });
  const comparison: fc.Arbitrary<Comparison> = fc.record({
    kind: fc.constant('comparison'),
    op: fc.constantFrom('==', '!=', '<', '<=', '>', '>='),
    left: inner,
    right: inner,
    span,
  });
  const lookup: fc.Arbitrary<Lookup> = fc.record({
    kind: fc.constant('in'),
    operand: inner,
    values: some,
    negated: fc.boolean(),
    ignoreCase: fc.boolean(),
    span,
  });
  const textMatch: fc.Arbitrary<TextMatch> = fc
    .record({
      kind: fc.constant('textMatch' as const),
      op: fc.constantFrom(':' as const, 'like' as const, 'regex' as const),
      ignoreCase: fc.boolean(),
      operand: inner,
      values: fc.array(constant, { minLength: 1, maxLength: 3 }),
      span,
    })
    .map((match) => ({ ...match, ignoreCase: match.op === ':' || match.ignoreCase }));
  const arithmetic: fc.Arbitrary<Arithmetic> = fc.record({
    kind: fc.constant('arithmetic'),
    op: fc.constantFrom('+', '-', '*', '/', '%'),
    left: inner,
    right: inner,
    span,
  });
  const negation: fc.Arbitrary<Negation> = fc.record({
    kind: fc.constant('negation'),
    arg: inner.filter((arg) => !isNumber(arg)),
    span,
  });
  const call: fc.Arbitrary<FunctionCall> = fc.record({
    kind: fc.constant('call'),
    name: fc.constantFrom('length', 'startsWith', 'concat', 'f', 'descendant'),
    ignoreCase: fc.boolean(),
    args: fc.array(inner, { maxLength: 3 }),
    span,
  });
  const leaf = fc.oneof(fieldName, constant, negative);
  const deep = fc.oneof(logical, not, comparison, lookup, textMatch, arithmetic, negation, call);
  return { expression: fc.oneof({ maxDepth: 5, depthSize: 'small' }, leaf, deep) };
});

const filter: fc.Arbitrary<EventFilter> = fc.record({
  kind: fc.constant('eventFilter'),
  category: fc.option(name),
  condition: expression,
  span: fc.constant(NOWHERE),
});

function keys(length: number): fc.Arbitrary<readonly JoinKey[]> {
  const key = fc.record({ kind: fc.constant('joinKey' as const), expression, span: fc.constant(NOWHERE) });
  return fc.array(key, { minLength: length, maxLength: length });
}

function terms(count: number, keyCount: number): fc.Arbitrary<readonly Term[]> {
  const term: fc.Arbitrary<Term> = fc.record({
    kind: fc.constant('term'),
    missing: fc.boolean(),
    filter,
    by: keys(keyCount),
    runs: fc.option(fc.integer({ min: 1, max: 100 })),
    span: fc.constant(NOWHERE),
  });
  return fc.array(term, { minLength: count, maxLength: count });
}

const maxSpan: fc.Arbitrary<MaxSpan> = fc.record({
  kind: fc.constant('maxSpan'),
  value: fc.integer({ min: 1 }),
  unit: fc.constantFrom('ms', 's', 'm', 'h', 'd'),
  span: fc.constant(NOWHERE),
});

const counts = fc.record({
  globalKeys: fc.nat(2),
  ownKeys: fc.nat(2),
  steps: fc.integer({ min: 2, max: 4 }),
});

const sequence: fc.Arbitrary<Sequence> = counts.chain(({ globalKeys, ownKeys, steps }) =>
  fc
    .record({
      kind: fc.constant('sequence' as const),
      by: keys(globalKeys),
      maxSpan: fc.option(maxSpan),
      terms: terms(steps, ownKeys),
      until: fc.option(terms(1, ownKeys).map(([term]) => term!)),
      span: fc.constant(NOWHERE),
    })
    .map((one) => ({
      ...one,
      terms: one.terms.map((term, at) => ({
        ...term,
        missing: at > 0 && one.maxSpan !== null && term.missing,
      })),
      until: one.until === null ? null : { ...one.until, missing: false, runs: null },
    })),
);

const sample: fc.Arbitrary<Sample> = counts.chain(({ globalKeys, ownKeys, steps }) =>
  fc
    .record({
      kind: fc.constant('sample' as const),
      by: keys(globalKeys + 1),
      terms: terms(steps, ownKeys),
      span: fc.constant(NOWHERE),
    })
    .map((one) => ({ ...one, terms: one.terms.map((term) => ({ ...term, missing: false, runs: null })) })),
);

const pipe: fc.Arbitrary<Pipe> = fc.record({
  kind: fc.constant('pipe'),
  name: fc.constantFrom('head', 'tail'),
  count: safe,
  span: fc.constant(NOWHERE),
});

/** Any statement that the grammar has. */
export const statement: fc.Arbitrary<Statement> = fc.record({
  kind: fc.constant('statement'),
  query: fc.oneof(filter, sequence, sample),
  pipes: fc.array(pipe, { maxLength: 2 }),
  span: fc.constant(NOWHERE),
});

import fc from 'fast-check';
import { type Condition, literal, type Operand, type Pattern, type Scalar } from '../../src/rule/index.ts';

const REGEXES = [
  ...['.*ab.*', 'ab.*', '(a|b)b.*', 'a+b?', '.*a b.*', 'b.*ba', '[ab]+', 'ab{2}', ' a|b', 'a\\.b', '.*0'],
];

/** Tests of an operand: equality, lists, wildcards and regular expressions of some texts. */
export function leaves(
  operands: fc.Arbitrary<Operand>,
  texts: fc.Arbitrary<string>,
): fc.Arbitrary<Condition> {
  const scalars: fc.Arbitrary<Scalar> = fc.oneof(
    { weight: 4, arbitrary: texts },
    fc.constantFrom<Scalar>(1, true),
  );
  const part = fc.oneof(
    texts,
    fc.constantFrom(
      { wild: 'anything' as const },
      { wild: 'anyOne' as const },
      { wild: 'anything' as const },
    ),
  );
  const patterns: fc.Arbitrary<Pattern> = fc.array(part, { maxLength: 4 });
  return fc.oneof(
    fc
      .record({ left: operands, right: fc.option(scalars, { freq: 9 }), ignoreCase: fc.boolean() })
      .map(({ left, right, ignoreCase }): Condition => {
        return { kind: 'compare', op: 'eq', left, right: literal(right), ignoreCase };
      }),
    fc
      .record({ operand: operands, values: fc.array(scalars, { maxLength: 3 }), ignoreCase: fc.boolean() })
      .map((parts): Condition => ({ kind: 'oneOf', ...parts })),
    fc
      .record({
        operand: operands,
        patterns: fc.array(patterns, { minLength: 1, maxLength: 3 }),
        ignoreCase: fc.boolean(),
      })
      .map((parts): Condition => ({ kind: 'like', ...parts })),
    fc
      .record({
        operand: operands,
        patterns: fc.array(fc.constantFrom(...REGEXES), { minLength: 1, maxLength: 2 }),
        dialect: fc.constantFrom('lucene' as const, 're2' as const),
        ignoreCase: fc.boolean(),
      })
      .map((parts): Condition => ({ kind: 'regex', ...parts })),
    operands.map((operand): Condition => ({ kind: 'exists', operand })),
    fc.constantFrom(true, false, null).map((value): Condition => ({ kind: 'constant', value })),
  );
}

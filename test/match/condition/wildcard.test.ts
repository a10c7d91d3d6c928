import test from 'ava';
import fc from 'fast-check';
import { compilePatterns } from '../../../src/match/condition/wildcard.ts';
import { ANY_ONE, ANYTHING, foldCase, type Pattern } from '../../../src/rule/index.ts';

/** Reads `*` and `?` for a test. */
function pattern(text: string): Pattern {
  return [...text].map((character) =>
    character === '*' ? ANYTHING : character === '?' ? ANY_ONE : character,
  );
}

/** Tries every split: the definition. */
function fits(parts: readonly string[], points: readonly string[]): boolean {
  const [first, ...rest] = parts;
  if (first === undefined) return points.length === 0;
  if (first === '*') return fits(rest, points) || (points.length > 0 && fits(parts, points.slice(1)));
  return points.length > 0 && (first === '?' || first === points[0]) && fits(rest, points.slice(1));
}

const letters = fc.constantFrom('a', 'b', 'A', '😀', 'k', '\u212a');
const patternTexts = fc
  .array(fc.oneof(letters, fc.constantFrom('*', '?')), { maxLength: 8 })
  .map((parts) => parts.join(''));
const texts = fc
  .array(fc.oneof(letters, fc.constantFrom('\ud83d', '\ude00')), { maxLength: 10 })
  .map((parts) => parts.join(''));

test('compiled wildcards agree with a matcher that tries every split', (t) => {
  fc.assert(
    fc.property(
      fc.array(patternTexts, { minLength: 1, maxLength: 3 }),
      texts,
      fc.boolean(),
      (some, text, ignoreCase) => {
        const fold = ignoreCase ? foldCase : (same: string): string => same;
        const wanted = some.some((one) => fits([...fold(one)], [...fold(text)]));
        return compilePatterns(some.map(pattern), ignoreCase)(text) === wanted;
      },
    ),
    { numRuns: 20_000 },
  );
  t.pass();
});

const shapes: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ['abc', ['abc'], ['abcd', '']],
  ['', [''], ['a']],
  ['*', ['', 'x'], []],
  ['**', ['', 'x'], []],
  ['ab*', ['ab', 'abc'], ['a', 'xab']],
  ['*ab', ['ab', 'xab'], ['abx']],
  ['*ab*', ['ab', 'xaby'], ['a b']],
  ['a*a', ['aa', 'aba'], ['a']],
  ['?', ['a', '😀', '\ud83d'], ['', 'ab']],
  ['*/?', ['/a', '//', 'x/😀'], ['/', '/ab']],
  ['?*?', ['ab', 'abc'], ['a']],
  ['*a?c*e', ['abce', 'aacxxabce'], ['ace']],
];

for (const [text, yes, no] of shapes) {
  test(`the wildcard "${text}" fits whole texts`, (t) => {
    const compiled = compilePatterns([pattern(text)], false);
    for (const one of yes) t.true(compiled(one), one);
    for (const one of no) t.false(compiled(one), one);
  });
}

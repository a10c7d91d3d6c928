/**
 * Patterns built to be slow stay linear in the text. Nothing here looks at a clock: steps are counted for a text and
 * for one twice as long, and must not grow faster than the text. Wildcards ask a text through its methods, so they
 * are handed one that counts the characters each call may look at. Regular expressions run in a library, whose steps
 * V8 counts.
 */

import test from 'ava';
import fc from 'fast-check';
import { compilePatterns } from '../../../src/match/condition/wildcard.ts';
import { ANY_ONE, ANYTHING, compileRegex, type Pattern, type Regex } from '../../../src/rule/index.ts';
import { countSteps } from '../steps.ts';

/** Half of the longest text: 100 kB in all. */
const HALF = 50_000;
/** How much faster than the text steps may grow. */
const SLACK = 1.02;
/** No pattern here needs as many steps for a character; one that does is stopped. */
const MOST_STEPS = 1000;

/** A text of about `length` characters. */
type TextOf = (length: number) => string;

const repeated =
  (unit: string, end = ''): TextOf =>
  (length) =>
    unit.repeat(Math.ceil(length / unit.length)) + end;

/** Letters a and b without a pattern, the same each time. */
const mixed: TextOf = (length) => {
  let state = 1;
  return Array.from({ length }, () => {
    state = (state * 48_271) % 0x7fffffff;
    return state & 0x1000 ? 'a' : 'b';
  }).join('');
};

/** What a wildcard may ask of a text, and how many characters that looked at, at worst. A new method is an error. */
class CountedText {
  readonly #text: string;
  readonly length: number;
  looked = 0;

  constructor(text: string) {
    this.#text = text;
    this.length = text.length;
  }

  #look(characters: number): void {
    this.looked += characters;
    if (this.looked > MOST_STEPS * (this.length + 100)) throw new Error('Many more steps than characters.');
  }

  startsWith(part: string, at?: number): boolean {
    this.#look(part.length);
    return this.#text.startsWith(part, at);
  }

  endsWith(part: string): boolean {
    this.#look(part.length);
    return this.#text.endsWith(part);
  }

  includes(part: string): boolean {
    return this.indexOf(part) >= 0;
  }

  indexOf(part: string, from = 0): number {
    const at = this.#text.indexOf(part, from);
    this.#look(((at < 0 ? this.length : at + 1) - from) * part.length);
    return at;
  }

  codePointAt(at: number): number | undefined {
    this.#look(1);
    return this.#text.codePointAt(at);
  }
}

function pattern(text: string): Pattern {
  return [...text].map((character) =>
    character === '*' ? ANYTHING : character === '?' ? ANY_ONE : character,
  );
}

function tried(wildcard: string, text: string): { readonly found: boolean; readonly looked: number } {
  const counted = new CountedText(text);
  const found = compilePatterns([pattern(wildcard)], false)(counted as unknown as string);
  return { found, looked: counted.looked };
}

const wildcards: readonly (readonly [wildcard: string, text: TextOf, fits: boolean])[] = [
  ['*a*a*a*a*b', repeated('a'), false],
  ['*a*a*a*a*b', repeated('a', 'b'), true],
  ['*a*a*a*a*b*', repeated('a'), false],
  ['*a?a?a?a?b*', repeated('a'), false],
  ['?*a*?a*?a*b', repeated('a'), false],
  ['*?*?*?*?*b*', repeated('a'), false],
  ['*aaaaaaaaab*', repeated('a'), false],
  ['*ab*ab*ab*c*', repeated('ab'), false],
  ['*a???????b*aaaaaaaaaaaaaaaaaaaaaaaaab*', mixed, false],
  [`${'*a'.repeat(1000)}*b*`, repeated('a'), false],
];

for (const [wildcard, textOf, fits] of wildcards) {
  const name = wildcard.length > 50 ? `${wildcard.slice(0, 12)}… of ${wildcard.length}` : wildcard;
  test(`the wildcard ${name} looks twice as often at a text twice as long (${textOf(3)}…)`, (t) => {
    const [once, twice] = [tried(wildcard, textOf(HALF)), tried(wildcard, textOf(2 * HALF))];
    t.log(`${once.looked} and ${twice.looked} characters looked at`);
    t.is(twice.found, fits);
    t.true(once.looked > 0);
    t.true(twice.looked <= 2 * SLACK * once.looked + 100);
  });
}

test('any wildcard on any repeated text looks twice as often at one twice as long', (t) => {
  const letters = (most: number): fc.Arbitrary<string> =>
    fc.array(fc.constantFrom('a', 'b'), { minLength: 1, maxLength: most }).map((some) => some.join(''));
  const wildcard = fc
    .array(fc.oneof({ weight: 2, arbitrary: fc.constantFrom('*', '?') }, letters(3)), { maxLength: 14 })
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(wildcard, letters(4), letters(4), (one, unit, end) => {
      const [once, twice] = [2400, 4800].map((length) => tried(one, repeated(unit, end)(length)).looked);
      return twice! <= 2 * SLACK * once! + 1000;
    }),
    { numRuns: 1000 },
  );
  t.pass();
});

/** What making the states of an automaton may cost more for the longer text. */
const COMPILED = 30_000;

type Dialect = Regex['dialect'];

const regexes: readonly (readonly [regex: string, dialect: Dialect, text: TextOf, fits: boolean])[] = [
  ['(a+)+b', 'lucene', repeated('a'), false],
  ['(a+)+b', 'lucene', repeated('a', 'b'), true],
  ['(a|aa)*b', 'lucene', repeated('a'), false],
  ['(a|aa)*b', 'lucene', repeated('a', 'b'), true],
  ['(.*a){20}', 'lucene', repeated('a'.repeat(20)), true],
  ['(.*a){20}b', 'lucene', repeated('a', 'c'), false],
  ['.*a.{30}c', 'lucene', mixed, false],
  ['(a+)+$', 're2', repeated('a', 'b'), false],
  ['^(a|aa)*$', 're2', repeated('a', 'b'), false],
  ['(.*a){20}$', 're2', repeated('a', 'b'), false],
  ['(x+x+)+[yz]', 're2', repeated('x'), false],
  ['a.{30}[cd]', 're2', mixed, false],
];

for (const [regex, dialect, textOf, fits] of regexes) {
  test.serial(`${regex} (${dialect}) takes twice the steps for a text twice as long (${textOf(3)}…)`, (t) => {
    const stepsFor = (length: number): number => {
      const compiled = compileRegex(regex, { dialect, ignoreCase: false });
      if (typeof compiled !== 'function') return t.fail(compiled.message) as never;
      const text = textOf(length);
      let found = !fits;
      const steps = countSteps('/re2js/', () => {
        found = compiled(text);
      });
      t.is(found, fits);
      return steps;
    };
    // Short texts first: there an exponential engine is found out before it would run for ever.
    for (const length of [12, HALF]) {
      const once = stepsFor(length);
      t.true(once >= length, 'the steps are counted');
      const twice = stepsFor(2 * length);
      t.log(`${once} and ${twice} steps for ${length} and ${2 * length} characters`);
      t.true(twice <= 2 * SLACK * once + COMPILED);
    }
  });
}

import type { Pattern, PatternPart } from '../rule/index.ts';
import { type Expression, NO, YES } from './expression.ts';
import { LONGEST_PATTERN } from './limits.ts';

/**
 * Two truths around a third: whenever `under` holds, the test holds; whenever the test holds, `over` does. Both
 * are about rows that are not odd.
 */
export interface Approximation {
  readonly over: Expression;
  readonly under: Expression;
}

export const ANYTHING_GOES: Approximation = Object.freeze({ over: YES, under: NO });
export const NEVER: Approximation = Object.freeze({ over: NO, under: NO });

const REPLACEMENT = '\ufffd';
const NON_ASCII = /[^\x01-\x7f]+/;

/**
 * Whether a column's text fits a pattern. Comparisons of bytes (`=`, `instr`) are exact for any text; `GLOB` and
 * `LIKE` read characters, which stray bytes of invalid UTF-8 may join or change, so that what is not ASCII
 * becomes a wildcard there, and `?` one or more. U+FFFD in a rule stands for any bytes that are no UTF-8.
 */
export function matchColumn(column: string, pattern: Pattern, ignoreCase: boolean): Approximation {
  const parts = joinTexts(pattern);
  const texts = parts.filter((part) => typeof part === 'string');
  if (parts.length === 0 || texts.some((text) => !text.isWellFormed())) return NEVER;
  if (texts.some((text) => text.includes('\0'))) return ANYTHING_GOES;
  const [text] = texts;
  if (text === undefined && parts.every(isAnything)) return same({ kind: 'present', column });
  if (text === undefined || text.includes(REPLACEMENT)) return wildcard(column, parts, ignoreCase);
  if (parts.length === 1) return equalsText(column, text, ignoreCase);
  const inside = parts.length === 3 && isAnything(parts[0]) && isAnything(parts[2]);
  return inside && !ignoreCase
    ? same({ kind: 'contains', column, text })
    : wildcard(column, parts, ignoreCase);
}

function equalsText(column: string, text: string, ignoreCase: boolean): Approximation {
  if (!ignoreCase) return same({ kind: 'in', column, values: [text], noCase: false });
  if (!NON_ASCII.test(text)) return same({ kind: 'in', column, values: [text], noCase: true });
  const { over } = wildcard(column, [text], true);
  return { over, under: { kind: 'in', column, values: [text], noCase: false } };
}

function wildcard(column: string, parts: Pattern, ignoreCase: boolean): Approximation {
  const signs = ignoreCase ? LIKE_SIGNS : GLOB_SIGNS;
  let [printed, exact] = ['', true];
  for (const part of parts) {
    if (typeof part === 'string') {
      if (NON_ASCII.test(part)) exact = false;
      printed += part.split(NON_ASCII).map(signs.escape).join(signs.anything);
    } else if (part.wild === 'anything') {
      printed += signs.anything;
    } else {
      exact = false;
      printed += signs.anyOne + signs.anything;
    }
  }
  if (printed.length > LONGEST_PATTERN) {
    exact = false;
    printed = `${cutWhole(printed, signs)}${signs.anything}`;
  }
  const test: Expression = { kind: ignoreCase ? 'like' : 'glob', column, pattern: printed };
  return exact ? same(test) : { over: test, under: NO };
}

interface Signs {
  readonly anything: string;
  readonly anyOne: string;
  escape(text: string): string;
}

/** GLOB knows no escape: `[*]` is a star. */
const GLOB_SIGNS: Signs = {
  anything: '*',
  anyOne: '?',
  escape: (text) => text.replace(/[*?[]/g, '[$&]'),
};

const LIKE_SIGNS: Signs = {
  anything: '%',
  anyOne: '_',
  escape: (text) => text.replace(/[%_\\]/g, '\\$&'),
};

/** A beginning of a printed pattern that ends before no half escape. */
function cutWhole(printed: string, signs: Signs): string {
  const cut = printed.slice(0, LONGEST_PATTERN);
  return signs === GLOB_SIGNS ? cut.replace(/\[[^\]]?$/, '') : cut.replace(/\\+$/, '');
}

function same(test: Expression): Approximation {
  return { over: test, under: test };
}

/** The same pattern with neighbouring texts joined and none empty. */
export function joinTexts(pattern: Pattern): Pattern {
  const parts: PatternPart[] = [];
  for (const part of pattern) {
    const last = parts.at(-1);
    if (typeof part === 'string' && typeof last === 'string') parts[parts.length - 1] = last + part;
    else if (part !== '') parts.push(part);
  }
  return parts;
}

function isAnything(part: PatternPart | undefined): boolean {
  return typeof part === 'object' && part.wild === 'anything';
}

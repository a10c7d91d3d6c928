import type { Pattern, PatternPart } from '../rule/index.ts';
import { ANYTHING_GOES, type Approximation, NEVER, same } from './approximation.ts';
import { type Expression, NO } from './expression.ts';
import { LONGEST_PATTERN } from './limits.ts';

const REPLACEMENT = '\ufffd';
const NON_ASCII = /[^\x01-\x7f]+/;

/**
 * Whether a column's text fits a pattern. Comparisons of bytes (`=`, `instr`) are exact for any text; GLOB reads
 * characters, which stray bytes of invalid UTF-8 may join or change, so that what is not ASCII becomes a wildcard
 * there, and `?` one or more. U+FFFD in a rule stands for any bytes that are no UTF-8. A text inside of another is
 * looked for with GLOB, too, which finds it three times as fast as `instr`.
 *
 * Case is ignored by comparing small letters, as `lower` makes them once for all tests of a row: of ASCII alone, so
 * that other characters become wildcards. LIKE would do the same for each test anew, at three times the cost.
 */
export function matchColumn(column: string, pattern: Pattern, ignoreCase: boolean): Approximation {
  const parts = joinTexts(pattern);
  const texts = parts.filter((part) => typeof part === 'string');
  if (parts.length === 0) return NEVER;
  // No column has half a surrogate pair, but beside a wildcard it fits one half of a character.
  if (texts.some((text) => !text.isWellFormed())) return parts.length === 1 ? NEVER : ANYTHING_GOES;
  if (texts.some((text) => text.includes('\0'))) return ANYTHING_GOES;
  if (texts.length === 0 && parts.every(isAnything)) return same({ kind: 'present', column });
  if (!ignoreCase) return matchBytes(column, parts);
  const folded = parts.map((part) => (typeof part === 'string' ? lowerAscii(part) : part));
  if (!texts.some((text) => NON_ASCII.test(text))) return matchBytes(lowered(column), folded);
  const [text] = texts;
  const under: Expression = parts.length === 1 ? { kind: 'in', column, values: [text!] } : NO;
  return { over: glob(lowered(column), folded).over, under };
}

function lowered(column: string): string {
  return `lower_of_${column}`;
}

function lowerAscii(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

function matchBytes(column: string, parts: Pattern): Approximation {
  const [first, second, third] = parts;
  if (parts.some((part) => typeof part === 'string' && part.includes(REPLACEMENT)))
    return glob(column, parts);
  if (parts.length === 1 && typeof first === 'string') return same({ kind: 'in', column, values: [first] });
  const inside = parts.length === 3 && isAnything(first) && isAnything(third);
  return inside && typeof second === 'string' && NON_ASCII.test(second)
    ? same({ kind: 'contains', column, text: second })
    : glob(column, parts);
}

function glob(column: string, parts: Pattern): Approximation {
  let [printed, exact] = ['', true];
  for (const part of parts) {
    if (typeof part === 'string') {
      if (NON_ASCII.test(part)) exact = false;
      printed += part.split(NON_ASCII).map(escapeGlob).join('*');
    } else if (part.wild === 'anything') {
      printed += '*';
    } else {
      exact = false;
      printed += '?*';
    }
  }
  if (printed.length > LONGEST_PATTERN) {
    exact = false;
    printed = `${cutWhole(printed)}*`;
  }
  const test: Expression = { kind: 'glob', column, pattern: printed.replace(/\*{2,}/g, '*') };
  return exact ? same(test) : { over: test, under: NO };
}

/** GLOB knows no escape: `[*]` is a star. */
function escapeGlob(text: string): string {
  return text.replace(/[*?[]/g, '[$&]');
}

/** A beginning of a printed pattern that ends in no half of an escape. */
function cutWhole(printed: string): string {
  return printed.slice(0, LONGEST_PATTERN).replace(/\[[^\]]?$/, '');
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

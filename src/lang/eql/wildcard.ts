import { ANY_ONE, ANYTHING, type Pattern, type PatternPart } from '../../rule/index.ts';

/**
 * Parses a wildcard pattern: `*` is any run of characters, `?` one character, everything else is itself.
 *
 * Neither can be escaped; a backslash is a backslash. Source: `toLikePattern` in Elasticsearch's EQL plugin,
 * which turns every `*` and `?` into a wildcard.
 */
export function parseWildcards(text: string): Pattern {
  const parts: PatternPart[] = [];
  for (const part of text.split(/([*?])/)) {
    if (part === '*') {
      if (parts.at(-1) !== ANYTHING) parts.push(ANYTHING);
    } else if (part === '?') {
      parts.push(ANY_ONE);
    } else if (part !== '') {
      parts.push(part);
    }
  }
  return Object.freeze(parts);
}

export function hasWildcards(text: string): boolean {
  return /[*?]/.test(text);
}

/** Whether the pattern fits every text. */
export function fitsAll(pattern: Pattern): boolean {
  return pattern.length === 1 && pattern[0] === ANYTHING;
}

import { foldCase, type Pattern } from '../../rule/index.ts';
import { plainText } from './plain-text.ts';

/** Whether a text passes; linear in its length. */
export type TextTest = (text: string) => boolean;

/**
 * Compiles wildcard patterns to one test of a whole text. Patterns without wildcards become one lookup in a set;
 * `x*`, `*x` and `*x*` become prefixes, suffixes and substrings; the others are matched piece by piece, each
 * piece at its first place after the one before, so that no pattern backtracks. `?` is one code point.
 */
export function compilePatterns(patterns: readonly Pattern[], ignoreCase: boolean): TextTest {
  const exact = new Set<string>();
  const tests: TextTest[] = [];
  for (const pattern of patterns) {
    const pieces = split(pattern, ignoreCase);
    const only = pieces.length === 1 ? textOf(pieces[0]!) : null;
    if (only !== null) exact.add(only);
    else tests.push(compilePieces(pieces));
  }
  const test = anyOf(exact, tests);
  return ignoreCase ? (text) => test(foldCase(text)) : test;
}

function anyOf(exact: ReadonlySet<string>, tests: readonly TextTest[]): TextTest {
  if (tests.length === 0) {
    const [first] = exact;
    return exact.size === 1 ? (text) => text === first : (text) => exact.has(text);
  }
  if (tests.length === 1 && exact.size === 0) return tests[0]!;
  return (text) => {
    if (exact.has(text)) return true;
    for (let i = 0; i < tests.length; i += 1) if (tests[i]!(text)) return true;
    return false;
  };
}

const ANY = Symbol('any character');

/** What stands between two `*`: texts and single wildcards. */
type Piece = readonly (string | typeof ANY)[];

function split(pattern: Pattern, ignoreCase: boolean): Piece[] {
  const pieces: (string | typeof ANY)[][] = [[]];
  for (const part of pattern) {
    const piece = pieces.at(-1)!;
    if (typeof part !== 'string') {
      if (part.wild === 'anyOne') piece.push(ANY);
      else pieces.push([]);
    } else if (part !== '') {
      const text = plainText(ignoreCase ? foldCase(part) : part);
      const last = piece.at(-1);
      if (typeof last === 'string') piece[piece.length - 1] = plainText(last + text);
      else piece.push(text);
    }
  }
  return pieces;
}

/** The text of a piece without wildcards, else null. */
function textOf(piece: Piece): string | null {
  if (piece.length === 0) return '';
  return piece.length === 1 && piece[0] !== ANY ? piece[0]! : null;
}

function compilePieces(pieces: readonly Piece[]): TextTest {
  const [first, last] = [pieces[0]!, pieces.at(-1)!];
  if (pieces.length === 1) return (text) => matchAt(first, text, 0) === text.length;
  const between = pieces.slice(1, -1).filter((piece) => piece.length > 0);
  return shaped(first, between, last) ?? ((text) => matchPieces(text, first, between, last));
}

function shaped(first: Piece, between: readonly Piece[], last: Piece): TextTest | null {
  const [prefix, suffix] = [textOf(first), textOf(last)];
  if (prefix === null || suffix === null || between.length > 1) return null;
  if (between.length === 0) {
    if (suffix === '') return prefix === '' ? () => true : (text) => text.startsWith(prefix);
    if (prefix === '') return (text) => text.endsWith(suffix);
    const shortest = prefix.length + suffix.length;
    return (text) => text.length >= shortest && text.startsWith(prefix) && text.endsWith(suffix);
  }
  const middle = textOf(between[0]!);
  return middle !== null && prefix === '' && suffix === '' ? (text) => text.includes(middle) : null;
}

function matchPieces(text: string, first: Piece, between: readonly Piece[], last: Piece): boolean {
  let at = matchAt(first, text, 0);
  if (at < 0) return false;
  const end = matchBefore(last, text, text.length);
  if (end < at) return false;
  for (let i = 0; i < between.length; i += 1) {
    at = search(between[i]!, text, at, end);
    if (at < 0) return false;
  }
  return true;
}

/** The end of the first place between `from` and `end` where a piece fits, or -1. */
function search(piece: Piece, text: string, from: number, end: number): number {
  const head = piece[0]!;
  let start = from;
  for (;;) {
    if (head !== ANY) {
      start = text.indexOf(head, start);
      if (start < 0) return -1;
    }
    const after = piece.length === 1 && head !== ANY ? start + head.length : matchAt(piece, text, start);
    if (after > end || start > end) return -1;
    if (after >= 0) return after;
    start += 1;
  }
}

/** Where a piece that fits at `at` ends, or -1. */
function matchAt(piece: Piece, text: string, at: number): number {
  let position = at;
  for (const part of piece) {
    if (part === ANY) {
      if (position >= text.length) return -1;
      position += text.codePointAt(position)! > 0xffff ? 2 : 1;
    } else {
      if (!text.startsWith(part, position)) return -1;
      position += part.length;
    }
  }
  return position;
}

/** Where a piece that ends at `end` starts, or -1. */
function matchBefore(piece: Piece, text: string, end: number): number {
  let position = end;
  for (let i = piece.length - 1; i >= 0; i -= 1) {
    const part = piece[i]!;
    if (part === ANY) {
      if (position <= 0) return -1;
      position -= position > 1 && text.codePointAt(position - 2)! > 0xffff ? 2 : 1;
    } else {
      position -= part.length;
      if (position < 0 || !text.startsWith(part, position)) return -1;
    }
  }
  return position;
}

import { ANYTHING, type Pattern } from '../rule/index.ts';
import { type Approximation, NEVER } from './approximation.ts';
import { all, any, type Expression, NO } from './expression.ts';
import { joinTexts, matchColumn } from './pattern.ts';

const SCRAMBLED: Expression = Object.freeze({ kind: 'flag', column: 'scrambled' });

/**
 * Whether one of a command line's words fits a pattern; a word may also be an argument with spaces, or a script
 * that several words make. `over` asks for each word of the pattern's texts in the command line, bounded by spaces
 * where the pattern bounds it. `under` takes words for arguments, as one does who has only the row.
 */
export function matchWord(pattern: Pattern, ignoreCase: boolean): Approximation {
  const parts = joinTexts(pattern);
  if (parts.length === 0) return NEVER;
  const pieces = piecesOf(parts).map((piece) => held(piece, ignoreCase));
  const over = all(pieces.map((piece) => piece.over));
  const texts = parts.filter((part) => typeof part === 'string');
  const oneWord = texts.length === 1 && !texts[0]!.includes(' ') && !hasAnyOne(parts);
  return { over, under: oneWord ? all(pieces.map((piece) => piece.under)) : NO };
}

/**
 * Whether a command line fits a pattern, as it stands or put in order, which rules see too where it has more than
 * ten words: of such a line `over` asks for each word of the pattern's texts.
 */
export function matchLine(pattern: Pattern, ignoreCase: boolean): Approximation {
  const parts = joinTexts(pattern);
  const { over, under } = matchColumn('command_line', parts, ignoreCase);
  const [first, text, last] = parts;
  if (parts.length === 3 && first === ANYTHING && last === ANYTHING && !String(text).includes(' ')) {
    return { over, under };
  }
  const apart = all(piecesOf(parts).map((piece) => held(piece, ignoreCase).over));
  return { over: any([over, all([SCRAMBLED, apart])]), under };
}

/** The words of a pattern's texts, with a space where the word must begin or end there. */
function piecesOf(parts: Pattern): readonly string[] {
  return parts.flatMap((part, index) => {
    if (typeof part !== 'string') return [];
    const bounded = `${index === 0 ? ' ' : ''}${part}${index === parts.length - 1 ? ' ' : ''}`;
    const words = bounded.split(/ +/);
    if (words.every((word) => word === '')) return [' '];
    return words.flatMap((word, at) => {
      if (word === '') return [];
      return `${at > 0 ? ' ' : ''}${word}${at < words.length - 1 ? ' ' : ''}`;
    });
  });
}

/**
 * Whether pieces of a column's text make up a text that fits a pattern: quotes, backslashes and spaces may be there
 * that the text lacks, or the other way round. Asks for what lies between them. Only an `over`.
 */
export function matchPieces(column: string, pattern: Pattern, ignoreCase: boolean): Approximation {
  const pieces = joinTexts(pattern).flatMap((part) =>
    typeof part === 'string' ? part.split(/["'\\\s]+/) : [],
  );
  const tests = pieces
    .filter((piece) => piece !== '')
    .map((piece) => matchColumn(`${column}_unquoted`, [ANYTHING, piece, ANYTHING], ignoreCase).over);
  return { over: all(tests), under: NO };
}

function held(piece: string, ignoreCase: boolean): Approximation {
  return matchColumn('cmdline_padded', [ANYTHING, piece, ANYTHING], ignoreCase);
}

function hasAnyOne(parts: Pattern): boolean {
  return parts.some((part) => typeof part === 'object' && part.wild === 'anyOne');
}

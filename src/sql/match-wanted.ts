import { ANYTHING, type Pattern } from '../rule/index.ts';
import { ANYTHING_GOES, type Approximation, anyOf, same, widened } from './approximation.ts';
import { NO, YES } from './expression.ts';
import { joinTexts, matchColumn } from './pattern.ts';
import type { Reading } from './reading.ts';
import type { Wanted } from './wanted.ts';
import { matchLine, matchPieces, matchWord } from './words.ts';

/** Whether a row has what is wanted, as the field's reading has it. */
export function matchWanted({ patterns, ignoreCase, numbers }: Wanted, reading: Reading): Approximation {
  switch (reading.kind) {
    case 'texts':
      return anyOf(patterns.map((pattern) => matchTexts(reading, pattern, ignoreCase)));
    case 'words':
      return anyOf(patterns.map((pattern) => matchWord(pattern, ignoreCase)));
    case 'line':
      return anyOf(patterns.map((pattern) => matchLine(pattern, ignoreCase)));
    case 'digits':
      return anyOf(patterns.map((pattern) => matchDigits(reading.column, pattern)));
    case 'quoted':
      return anyOf(patterns.map((pattern) => matchQuoted(reading.column, pattern, ignoreCase)));
    case 'part':
      return anyOf(
        reading.columns.flatMap((column) =>
          patterns.map((pattern) =>
            widened(matchColumn(column, [...reading.before, ...pattern, ...reading.after], ignoreCase)),
          ),
        ),
      );
    case 'pieces':
      return anyOf(
        reading.columns.flatMap((column) =>
          patterns.map((pattern) => matchPieces(column, pattern, ignoreCase)),
        ),
      );
    case 'numbers':
      return widened(anyOf(reading.columns.map((column) => matchNumbers(column, numbers))));
    case 'count': {
      const least = Math.min(...numbers);
      return {
        over: numbers.length === 0 ? NO : { kind: 'order', column: 'spaces', op: '>=', value: least - 1 },
        under: NO,
      };
    }
    case 'number':
      return matchNumbers(reading.column, numbers);
    default:
      return ANYTHING_GOES;
  }
}

/** Beginnings, ends and insides of several columns' texts are looked for in all at once. */
function matchTexts(
  { columns, joined }: Extract<Reading, { kind: 'texts' }>,
  pattern: Pattern,
  ignoreCase: boolean,
): Approximation {
  const parts = joinTexts(pattern);
  const wild = parts.filter((part) => typeof part === 'object');
  const [text, ...more] = parts.filter((part) => typeof part === 'string');
  const isPlain =
    text !== undefined && more.length === 0 && wild.length > 0 && wild.every((part) => part === ANYTHING);
  if (joined === undefined || !isPlain || text.includes(joined.separator)) {
    return anyOf(columns.map((column) => matchColumn(column, pattern, ignoreCase)));
  }
  const before = parts[0] === ANYTHING ? '' : joined.separator;
  const after = parts.at(-1) === ANYTHING ? '' : joined.separator;
  return matchColumn(joined.column, [ANYTHING, `${before}${text}${after}`, ANYTHING], ignoreCase);
}

function matchNumbers(column: string, numbers: readonly number[]): Approximation {
  return same(numbers.length === 0 ? NO : { kind: 'in', column, values: numbers });
}

function matchQuoted(column: string, pattern: Pattern, ignoreCase: boolean): Approximation {
  return widened(
    anyOf([
      matchColumn(column, pattern, ignoreCase),
      matchColumn(column, ['"', ...pattern, '"'], ignoreCase),
    ]),
  );
}

/** A whole number that is seen as text: the text of no number has another spelling. */
function matchDigits(column: string, pattern: Pattern): Approximation {
  const [text] = pattern;
  if (pattern.length !== 1 || typeof text !== 'string') return { over: YES, under: NO };
  if (!/^(?:0|-?[1-9]\d{0,14})$/.test(text)) return { over: /^-?\d+$/.test(text) ? YES : NO, under: NO };
  return same({ kind: 'in', column, values: [Number(text)] });
}

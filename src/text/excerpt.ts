import { printable } from './printable.ts';
import type { Location } from './source.ts';

/** Longer lines are shown as a window of this many characters around the caret. */
const WINDOW = 100;

/**
 * Prints the line before a location, its own line and a caret below it.
 *
 *     13 | query = '''
 *     14 | process where (user.name == "root" where
 *        |                                    ^
 */
export function excerpt(location: Location): string {
  const { source, line, column } = location;
  const own = lineAt(source.text, location.offset);
  const previous = line > 1 ? lineAt(source.text, location.offset - column) : undefined;
  const gutter = String(line).length;
  const from = Math.max(0, Math.min(column - 1 - WINDOW / 2, own.length - WINDOW));
  const cut = from > 0 ? '…' : '';
  const rows: string[] = [];
  if (previous !== undefined) {
    rows.push(`${String(line - 1).padStart(gutter)} | ${printable(previous.slice(0, WINDOW))}`.trimEnd());
  }
  rows.push(`${line} | ${cut}${printable(own.slice(from, from + WINDOW))}`.trimEnd());
  rows.push(`${' '.repeat(gutter)} | ${' '.repeat(cut.length + column - 1 - from)}^`);
  return rows.join('\n');
}

function lineAt(text: string, offset: number): string {
  const start = offset === 0 ? 0 : text.lastIndexOf('\n', offset - 1) + 1;
  const end = text.indexOf('\n', offset);
  return text.slice(start, end < 0 ? text.length : end).replace(/\r$/, '');
}

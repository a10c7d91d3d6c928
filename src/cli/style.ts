import { printable } from '../text/index.ts';

/** How text is dressed for a terminal; without colours every function gives its text back. */
export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  yellow(text: string): string;
  green(text: string): string;
  cyan(text: string): string;
}

const CODES = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  yellow: [33, 39],
  green: [32, 39],
  cyan: [36, 39],
};

export function createStyle(colours: boolean): Style {
  const dress =
    ([on, off]: number[]) =>
    (text: string): string =>
      colours ? `\u001b[${on}m${text}\u001b[${off}m` : text;
  return {
    bold: dress(CODES.bold),
    dim: dress(CODES.dim),
    red: dress(CODES.red),
    yellow: dress(CODES.yellow),
    green: dress(CODES.green),
    cyan: dress(CODES.cyan),
  };
}

/** A table of plain texts: columns as wide as their widest cell, the last one free. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, i) => {
      widths[i] = Math.max(widths[i] ?? 0, cell.length);
    });
  }
  return rows
    .map((row) => row.map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i]!))).join('  '))
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
}

/** A text of the attacker's making on one line of at most `length` characters. */
export function oneLine(text: string, length: number): string {
  const safe = printable(text.slice(0, length + 1));
  return safe.length > length ? `${safe.slice(0, length - 1)}…` : safe;
}

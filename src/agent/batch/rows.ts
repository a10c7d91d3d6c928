export type RowValues = readonly unknown[];

/** Rows that are best read at once: what is read of them is looked at, and gone, while it is new. */
export const ROWS_AT_ONCE = 64;

/** Rows in the order in which a query gave them, read when they are asked for. */
export interface Rows {
  readonly length: number;
  /** The rows from one place to before another; they can be read again. */
  read(from: number, to: number): readonly RowValues[];
  /** What each row has in one column, as a number; NaN where it has none. */
  numbers(column: number): Float64Array;
}

/** Rows that are read already. */
export function listedRows(rows: readonly RowValues[]): Rows {
  return {
    length: rows.length,
    read: (from, to) => rows.slice(from, to),
    numbers: (column) => Float64Array.from(rows, (row) => Number(row[column])),
  };
}

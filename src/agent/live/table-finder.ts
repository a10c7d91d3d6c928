import type { Schema } from '../../schema/index.ts';

/** Tells an event table by the columns of a row of it; null when it is none of the schema's. */
export type FindTable = (columns: readonly string[]) => string | null;

/**
 * The share of columns in common, of all that row and table have, from which on a row is one of the table's. osquery
 * leaves columns out of some rows (a fork has no file) and writes fields that are no columns into others; but
 * no two of its event tables have so much in common.
 */
const LEAST_SHARE = 0.5;

export function createTableFinder(schema: Schema): FindTable {
  const tables = schema.tablesOf(null).map(({ name, columns }) => ({
    name,
    columns: new Set([...columns.map((column) => column.name), 'time', 'eid']),
  }));
  return (columns) => {
    const found = tables.find((table) => {
      const common = columns.filter((column) => table.columns.has(column)).length;
      return common / (columns.length + table.columns.size - common) >= LEAST_SHARE;
    });
    return found?.name ?? null;
  };
}

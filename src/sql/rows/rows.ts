import type { TableSpec } from '../../schema/index.ts';
import { identifier } from '../text.ts';
import { derived, isOwn, levelOf } from './columns.ts';
import { Steps } from './steps.ts';

export interface RowsOptions {
  /** Columns of the table that are wanted besides those that `wanted` is made from. */
  readonly keep: readonly string[];
  /** Columns, derived or not, that expressions on the rows use. */
  readonly wanted: ReadonlySet<string>;
  /** SQL on the table's own columns; rows for which it is not true are left out. */
  readonly among?: string | undefined;
  /** The same, of texts that are never NULL, decided before anything is derived; `1` is every row. */
  readonly gate?: string;
}

/**
 * Steps to the table's rows with the derived columns that are wanted, texts never NULL. Their LIMIT is none (-1); it
 * keeps SQLite from merging the steps, which would compute a derived column anew for every test.
 */
export function rowsOf(table: TableSpec, { keep, wanted, among, gate = '1' }: RowsOptions): Steps {
  const names = new Set(wanted);
  for (const name of names) for (const use of derived(name)?.uses ?? []) names.add(use);
  const own = table.columns.filter(({ name }) => keep.includes(name) || names.has(name));
  const base = own.map(({ name, type }) => {
    const column = identifier(name);
    return type === 'TEXT' && names.has(name) ? `ifnull(${column}, '') AS ${column}` : column;
  });
  const where = among === undefined ? '' : ` WHERE ${among}`;
  let steps = Steps.from(identifier(table.name));
  steps = steps.select(`SELECT ${base.join(', ')} FROM ${steps.last}${where}`);
  if (gate !== '1') steps = steps.select(`SELECT * FROM ${steps.last} WHERE ${gate}`);
  const levels = Map.groupBy(
    [...names].filter((name) => !isOwn(name)),
    levelOf,
  );
  for (const [, made] of [...levels].sort(([a], [b]) => a - b)) {
    const columns = made.sort().map((name) => `${derived(name)!.sql} AS ${identifier(name)}`);
    steps = steps.select(`SELECT *, ${columns.join(', ')} FROM ${steps.last} LIMIT -1`);
  }
  return steps;
}

import fc from 'fast-check';
import type { TableSpec } from '../../src/schema/index.ts';
import { type RecordedRow, recording } from '../events/recording.ts';
import { type Cell, fileRow, processRow, type Row, socketRow, userRow } from './arbitrary.ts';

const ARBITRARY: Readonly<Record<string, fc.Arbitrary<Row>>> = {
  process_events: processRow,
  file_events: fileRow,
  socket_events: socketRow,
  user_events: userRow,
};

export const RANDOM_TABLES = Object.keys(ARBITRARY);

export function randomRows(table: string, count: number, seed: number): readonly Row[] {
  return fc.sample(ARBITRARY[table]!, { seed, numRuns: count });
}

let recorded: readonly RecordedRow[] | undefined;

/** The rows of a table in all recordings that come with the tests. */
export function recordedRows(table: TableSpec): readonly Row[] {
  recorded ??= (['seed', 'attack', 'everyday'] as const).flatMap(recording);
  return recorded.filter((row) => row.table === table.name).map(({ columns }) => stored(columns, table));
}

/** A row of a result log as osquery's table had it. */
export function stored(columns: Readonly<Record<string, string>>, table: TableSpec): Row {
  const types = new Map(table.columns.map(({ name, type }) => [name, type]));
  const cells = Object.entries(columns).map(([name, text]): readonly [string, Cell] => [
    name,
    types.get(name) === 'TEXT' ? Buffer.from(text) : text === '' ? null : Number(text),
  ]);
  return Object.fromEntries(cells);
}

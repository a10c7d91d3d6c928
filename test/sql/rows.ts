import fc from 'fast-check';
import type { TableSpec } from '../../src/schema/index.ts';
import { type RecordedRow, recording } from '../events/recording.ts';
import { type Cell, fileRow, processFileRow, processRow, type Row, socketRow, userRow } from './arbitrary.ts';

const ARBITRARY: Readonly<Record<string, fc.Arbitrary<Row>>> = {
  process_events: processRow,
  file_events: fileRow,
  process_file_events: processFileRow,
  socket_events: socketRow,
  user_events: userRow,
};

export const RANDOM_TABLES = Object.keys(ARBITRARY);

/** Rows made at random; of tables that no one has written a model for, of words and small numbers. */
export function randomRows(table: TableSpec, count: number, seed: number): readonly Row[] {
  return fc.sample(ARBITRARY[table.name] ?? plainRow(table), { seed, numRuns: count });
}

function plainRow({ columns, reads }: TableSpec): fc.Arbitrary<Row> {
  const text = fc
    .constantFrom('', '/tmp/x', 'a b', '/etc/passwd', '../x', '1000', 'É', 'x\\y')
    .map((one) => Buffer.from(one));
  const number = fc.constantFrom<Cell>(0, 1, 2, 1000, null);
  const cells = columns
    .filter(({ name }) => reads.includes(name) && name !== 'eid' && name !== 'time')
    .map(({ name, type }): [string, fc.Arbitrary<Cell>] => [name, type === 'TEXT' ? text : number]);
  return fc.record(Object.fromEntries(cells));
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

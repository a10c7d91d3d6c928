import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Schema, TableSpec } from '../src/schema/index.ts';

const ROOT = join(import.meta.dirname, '..');
const SHARED = join(ROOT, '..', 'shared');
const RECORDINGS = ['everyday', 'attack', 'seed'];

/** One table's new rows, as a scan query hands them over, and as osquery would have logged them. */
export interface RecordedBatch {
  readonly table: TableSpec;
  readonly rows: readonly (readonly string[])[];
  readonly lastSecond: number;
  /** The JSON of `context` in the call of `generate`. */
  context(): Buffer;
  /** A result line for each row. */
  lines(): readonly string[];
}

interface Row {
  readonly table: string;
  readonly columns: Readonly<Record<string, string>>;
}

/** Where the corpus of Elastic's rules for Linux and for all platforms is; null when it is not at hand. */
export function corpusPaths(): readonly string[] | null {
  const paths = ['linux', 'cross-platform'].map((name) => join(SHARED, 'corpus', 'elastic', name));
  return paths.every(existsSync) ? paths : null;
}

/** The recordings played again and again: each pass goes on in time and in event numbers where the last ended. */
export class Recordings {
  /** Rows in one pass. */
  readonly size: number;
  readonly #schema: Schema;
  readonly #parts: readonly (readonly Row[])[];
  readonly #seconds: number;
  readonly #numbers: number;

  /** `batchSize` rows a scan at the most, the newest of a pass mixed from all recordings. */
  constructor(schema: Schema, batchSize: number) {
    this.#schema = schema;
    const rows = RECORDINGS.flatMap(recorded).filter(({ table }) => schema.tables.has(table));
    this.size = rows.length;
    const numbers = rows.map(({ columns }) => Number(columns['eid']));
    const times = rows.map(({ columns }) => Number(columns['time'])).filter((time) => time > 1_000_000_000);
    this.#numbers = numbers.reduce((most, one) => Math.max(most, one), 0) + 1;
    this.#seconds =
      times.reduce((most, one) => Math.max(most, one), 0) - Math.min(...times.slice(0, 1)) + 600;
    this.#parts = [...Map.groupBy(rows, ({ table }) => table).values()].flatMap((all) =>
      slices(all, batchSize),
    );
  }

  *pass(number: number): Generator<RecordedBatch> {
    for (const part of this.#parts) {
      const table = this.#schema.tables.get(part[0]!.table)!;
      const moved = part.map(({ columns }) => ({
        ...columns,
        eid: String(Number(columns['eid']) + number * this.#numbers).padStart(10, '0'),
        time: String(Number(columns['time']) + number * this.#seconds),
      }));
      yield batchOf(table, moved);
    }
  }
}

function batchOf(table: TableSpec, rows: readonly Readonly<Record<string, string>>[]): RecordedBatch {
  const values = rows.map((row) => table.reads.map((column) => row[column] ?? ''));
  return {
    table,
    rows: values,
    lastSecond: rows.reduce((last, { time }) => Math.max(last, Number(time)), 0),
    context: () => {
      const constraints = [
        { name: 'batch', affinity: 'BIGINT', list: [{ op: 16, expr: JSON.stringify(values) }] },
        { name: 'stream', affinity: 'TEXT', list: [{ op: 2, expr: table.name }] },
      ];
      return Buffer.from(JSON.stringify({ constraints, colsUsed: ['batch', 'stream'] }));
    },
    lines: () =>
      rows.map((columns) =>
        JSON.stringify({
          ...{ name: table.name, hostIdentifier: 'host', calendarTime: 'Tue Nov 24 2026', unixTime: 0 },
          ...{ epoch: 0, counter: 0, numerics: false, columns, action: 'added' },
        }),
      ),
  };
}

function recorded(name: string): readonly Row[] {
  const shared = join(SHARED, 'events', `${name}.results.log.gz`);
  const file = existsSync(shared) ? shared : join(ROOT, 'test', 'events', `${name}.results.log.gz`);
  return gunzipSync(readFileSync(file))
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line): { name: string; columns: Row['columns'] } => JSON.parse(line))
    .map(({ name: table, columns }) => ({ table, columns }));
}

function slices<T>(all: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.slice(i * size, (i + 1) * size));
}

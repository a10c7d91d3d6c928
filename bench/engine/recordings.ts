import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Schema, TableSpec } from '../../src/schema/index.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const SHARED = join(ROOT, '..', 'shared');
const RECORDINGS = ['everyday', 'attack', 'seed'];

/** One table's new rows, as a scan query hands them over, and as osquery would have logged them. */
export interface RecordedBatch {
  readonly table: TableSpec;
  readonly size: number;
  readonly lastSecond: number;
  /** Some rows in the order of `table.reads`, as JSON.parse makes them: every text its own. */
  rows(from?: number, to?: number): readonly (readonly string[])[];
  /** The JSON of `context` in the call of `generate`. */
  context(): Buffer;
  /** A result line for each row. */
  lines(): readonly string[];
}

type Columns = Readonly<Record<string, string>>;

/** Where the corpus of Elastic's rules for Linux and for all platforms is; null when it is not at hand. */
export function corpusPaths(): readonly string[] | null {
  const paths = ['linux', 'cross-platform'].map((name) => join(SHARED, 'corpus', 'elastic', name));
  return paths.every(existsSync) ? paths : null;
}

/** What ran before the recording began. */
export function recordedProcesses(): readonly Columns[] {
  return JSON.parse(readFileSync(join(ROOT, 'test', 'events', 'processes.json'), 'utf8'));
}

export interface RecordingsOptions {
  readonly schema: Schema;
  /** Rows a scan at the most. */
  readonly batchSize: number;
  /** Whether every pass changes the last word of each command line, so that no text comes twice. */
  readonly unlike?: boolean;
}

/**
 * The recordings played again and again, their rows mixed in the order of their event numbers: each pass goes on
 * in time and in event numbers where the last ended.
 */
export class Recordings {
  /** Rows in one pass. */
  readonly size: number;
  readonly #parts: readonly Part[];
  readonly #seconds: number;
  readonly #numbers: number;
  readonly #unlike: boolean;

  constructor({ schema, batchSize, unlike = false }: RecordingsOptions) {
    const rows = RECORDINGS.flatMap(recorded).filter(({ table }) => schema.tables.has(table));
    this.size = rows.length;
    const times = rows.map(({ columns }) => Number(columns['time'])).sort((a, b) => a - b);
    this.#numbers = rows.reduce((most, { columns }) => Math.max(most, Number(columns['eid'])), 0) + 1;
    this.#seconds = times.at(-1)! - times[0]! + 600;
    this.#unlike = unlike;
    const byTable = Map.groupBy(rows, ({ table }) => table);
    this.#parts = [...byTable].flatMap(([name, all]) => {
      const sorted = all.map(({ columns }) => columns).sort((a, b) => Number(a['eid']) - Number(b['eid']));
      return slices(sorted, batchSize).map((slice) => partOf(schema.tables.get(name)!, slice));
    });
  }

  *pass(number: number): Generator<RecordedBatch> {
    const moved = (columns: Columns): Columns => ({
      eid: String(Number(columns['eid']) + number * this.#numbers).padStart(10, '0'),
      time: String(Number(columns['time']) + number * this.#seconds),
      ...(this.#unlike && changed(columns, number)),
    });
    for (const part of this.#parts) yield batchOf(part, moved);
  }

  /** Batches of all passes until so many rows are given. */
  *rows(most: number): Generator<RecordedBatch> {
    let given = 0;
    for (let number = 0; given < most; number += 1) {
      for (const batch of this.pass(number)) {
        yield batch;
        given += batch.size;
        if (given >= most) return;
      }
    }
  }
}

function changed({ cmdline, eid }: Columns, pass: number): Columns {
  return cmdline === undefined || cmdline === '' ? {} : { cmdline: `${cmdline}-${eid}-${pass}` };
}

/** Recorded rows of one table, and their texts as JSON in the order of `table.reads`, made once for all passes. */
interface Part {
  readonly table: TableSpec;
  readonly rows: readonly Columns[];
  readonly texts: readonly (readonly string[])[];
}

function partOf(table: TableSpec, rows: readonly Columns[]): Part {
  const texts = rows.map((row) => table.reads.map((column) => JSON.stringify(row[column] ?? '')));
  return { table, rows, texts };
}

/** A part as it comes in one pass; nothing of it is made before it is asked for. */
function batchOf({ table, rows, texts }: Part, moved: (row: Columns) => Columns): RecordedBatch {
  const jsonOf = (from: number, to: number): string => {
    const some = texts.slice(from, to).map((row, i) => {
      const own = row.slice();
      for (const [column, text] of Object.entries(moved(rows[from + i]!))) {
        const place = table.reads.indexOf(column);
        if (place >= 0) own[place] = JSON.stringify(text);
      }
      return `[${own.join()}]`;
    });
    return `[${some.join()}]`;
  };
  return {
    table,
    size: rows.length,
    lastSecond: Number(moved(rows.at(-1)!)['time']),
    rows: (from = 0, to = rows.length) => JSON.parse(jsonOf(from, to)),
    context: () => {
      const constraints = [
        { name: 'batch', affinity: 'BIGINT', list: [{ op: 16, expr: jsonOf(0, rows.length) }] },
        { name: 'stream', affinity: 'TEXT', list: [{ op: 2, expr: table.name }] },
      ];
      return Buffer.from(JSON.stringify({ constraints, colsUsed: ['batch', 'stream'] }));
    },
    lines: () =>
      rows.map((row) =>
        JSON.stringify({
          ...{ name: table.name, hostIdentifier: 'host', calendarTime: 'Tue Nov 24 2026', unixTime: 0 },
          ...{ epoch: 0, counter: 0, numerics: false, columns: { ...row, ...moved(row) }, action: 'added' },
        }),
      ),
  };
}

function recorded(name: string): readonly { readonly table: string; readonly columns: Columns }[] {
  const shared = join(SHARED, 'events', `${name}.results.log.gz`);
  const file = existsSync(shared) ? shared : join(ROOT, 'test', 'events', `${name}.results.log.gz`);
  return gunzipSync(readFileSync(file))
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line): { name: string; columns: Columns } => JSON.parse(line))
    .map(({ name: table, columns }) => ({ table, columns }));
}

function slices<T>(all: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.slice(i * size, (i + 1) * size));
}

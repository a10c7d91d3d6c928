import type { Detector } from './detector.ts';

/** Rows of one table as a line of a result log has them. */
export interface LineRows {
  readonly table: string;
  readonly rank: number;
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  /** When the query ran, Unix milliseconds; 0 when the line does not say. */
  readonly ranMs: number;
}

/**
 * How long rows wait for those of other tables. Queries run one after the other, each at its own interval, so that
 * a connection may be logged long before the exec of the process that made it.
 */
const WAIT_MS = 300_000;

interface Waiting {
  readonly columns: readonly string[];
  readonly row: readonly unknown[];
  readonly timeMs: number;
}

/** The rows of one table that wait, oldest first. */
interface Stream {
  readonly table: string;
  readonly rank: number;
  rows: Waiting[];
  /** The rows before this have been handed over. */
  head: number;
  lastMs: number;
  /** The time of each of the last rows, by `eid`. */
  readonly seen: Map<number, unknown>;
}

/** Rows of a table that are known again when another query gives them too. */
const MOST_SEEN = 262_144;

/**
 * Hands the rows of one host's log to a detector in the order in which things happened: within a table by `eid`,
 * between tables by time, table rank and `eid`. Each table's rows come in order, so that a merge finds the next.
 */
export class HostReplay {
  readonly detector: Detector;
  /** Rows that came before, from another query or file, and were passed over. */
  repeated = 0;
  readonly #streams = new Map<string, Stream>();
  /** Row readers are kept by list of columns, so the same names must be the same list. */
  readonly #columns = new Map<string, readonly string[]>();
  #newestMs = 0;

  constructor(detector: Detector) {
    this.detector = detector;
  }

  take({ table, rank, rows, ranMs }: LineRows): void {
    const stream = this.#stream(table, rank);
    const placed = rows.map((row) => ({ row, serial: serialOf(row) }));
    if (placed.length > 1) placed.sort((a, b) => a.serial - b.serial);
    for (const { row, serial } of placed) {
      if (this.#isRepeated(stream, serial, row['time'])) continue;
      // A clock that was set does not reorder a table, and a time that lies after the query ran is none.
      const timeMs = Math.max(timeOf(row, ranMs), stream.lastMs);
      stream.lastMs = timeMs;
      this.#newestMs = Math.max(this.#newestMs, ranMs, timeMs);
      stream.rows.push({ columns: this.#columnsOf(row), row: Object.values(row), timeMs });
    }
    this.#release(this.#newestMs - WAIT_MS);
  }

  /** Nothing more comes: hands over what waits, and says that the stream has ended. */
  end(): void {
    this.#release(Number.POSITIVE_INFINITY);
    this.detector.advance(Number.MAX_SAFE_INTEGER);
  }

  #stream(table: string, rank: number): Stream {
    let stream = this.#streams.get(table);
    if (stream === undefined) {
      stream = { table, rank, rows: [], head: 0, lastMs: 0, seen: new Map() };
      this.#streams.set(table, stream);
    }
    return stream;
  }

  /** Two rows of one table with the same `eid` and time are one: several queries over it give each its rows. */
  #isRepeated({ seen }: Stream, serial: number, time: unknown): boolean {
    if (serial === 0 || time === undefined) return false;
    if (seen.get(serial) === time) {
      this.repeated++;
      return true;
    }
    seen.set(serial, time);
    if (seen.size > MOST_SEEN) seen.delete(seen.keys().next().value!);
    return false;
  }

  #release(beforeMs: number): void {
    for (;;) {
      const stream = this.#next();
      const first = stream?.rows[stream.head];
      if (stream === null || first === undefined || first.timeMs >= beforeMs) return;
      stream.head++;
      const { table } = stream;
      this.detector.take({ table, columns: first.columns, rows: [first.row] });
      if (stream.head < 1_024 || stream.head * 2 < stream.rows.length) continue;
      stream.rows = stream.rows.slice(stream.head);
      stream.head = 0;
    }
  }

  /** The stream whose first row comes before those of the others. */
  #next(): Stream | null {
    let next: Stream | null = null;
    for (const stream of this.#streams.values()) {
      if (stream.head < stream.rows.length && (next === null || isBefore(stream, next))) next = stream;
    }
    return next;
  }

  #columnsOf(row: Readonly<Record<string, unknown>>): readonly string[] {
    const names = Object.keys(row);
    const key = names.join();
    const known = this.#columns.get(key);
    if (known !== undefined) return known;
    this.#columns.set(key, names);
    return names;
  }
}

function isBefore(a: Stream, b: Stream): boolean {
  const [one, other] = [a.rows[a.head]!, b.rows[b.head]!];
  return one.timeMs - other.timeMs < 0 || (one.timeMs === other.timeMs && a.rank < b.rank);
}

/** 0 for a row that has no place: of a table of state. */
function serialOf(row: Readonly<Record<string, unknown>>): number {
  const serial = Number(row['eid']);
  return Number.isSafeInteger(serial) ? serial : 0;
}

function timeOf(row: Readonly<Record<string, unknown>>, ranMs: number): number {
  const timeMs = Number(row['time']) * 1000;
  if (!(timeMs > 0)) return ranMs;
  return ranMs > 0 ? Math.min(timeMs, ranMs) : timeMs;
}

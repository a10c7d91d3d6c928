import type { Row } from '../../osquery/index.ts';
import type { Ask } from './core.ts';
import type { PlacedRow } from './placed-rows.ts';
import { type Cursor, type Search, SLICE_ROWS } from './search.ts';
import type { Stream } from './stream.ts';

/** Time, as the background needs it. */
export interface Clock {
  nowMs(): number;
  sleep(ms: number): Promise<void>;
}

export const SYSTEM_CLOCK: Clock = {
  nowMs: Date.now,
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms).unref()),
};

export interface FillerOptions {
  readonly ask: Ask;
  readonly clock: Clock;
  /** The columns that a table's rows are read with. */
  columnsOf(table: string): readonly string[];
  /** Takes rows that were looked for; resolves when there is room for more. */
  onFound(stream: Stream, search: Search, rows: readonly PlacedRow[]): Promise<void>;
  /** All that a search is for was looked for; the last question was asked at `askedMs`. */
  onDone(stream: Stream, search: Search, askedMs: number): void;
}

export interface FillerHealth {
  /** The table whose rows are looked for now; null when none are. */
  readonly table: string | null;
  /** Questions asked, rows that came back, and those of them that were missing. */
  readonly asked: number;
  readonly read: number;
  readonly found: number;
  /** Questions that got no answer, and why the last one did not. */
  readonly failed: number;
  readonly lastFailure: string | null;
}

/**
 * The share of the time that osquery works for us: its worker is ended when it uses more than a tenth of the
 * processors' time for 12 s. After a question that took a second, 19 s pass before the next.
 */
const SHARE = 0.05;
const LEAST_PAUSE_MS = 50;
/**
 * An answer that was longer in coming had to wait for a scheduled query, which is no work for us. After fewer rows than
 * a slice it is as much less: those rows are all the work there was, and others may wait for what is looked for next.
 */
const MOST_PAUSE_MS = 15_000;
const AFTER_FAILURE_MS = 5_000;

/**
 * Looks for missing rows in osquery's event tables, in the background: one question, a pause, and the next, which is
 * that of the most urgent search. A question that fails is asked again.
 *
 * A table's rows lie by time and then by eid, and `time >= T` goes to T at once and leaves the pointers of
 * scheduled queries alone (`EventSubscriberPlugin::genTable`); an upper bound would not end the reading, LIMIT does. So
 * a slice begins where the last one ended.
 */
export class Filler {
  readonly #options: FillerOptions;
  readonly #wanted = new Set<Stream>();
  #isRunning = false;
  #asked = 0;
  #read = 0;
  #found = 0;
  #failed = 0;
  #lastFailure: string | null = null;

  constructor(options: FillerOptions) {
    this.#options = options;
  }

  /** Looks for what a stream misses, when its turn comes. */
  want(stream: Stream): void {
    this.#wanted.add(stream);
    if (!this.#isRunning) void this.#run();
  }

  get health(): FillerHealth {
    const [asked, read, found, failed] = [this.#asked, this.#read, this.#found, this.#failed];
    return { table: this.#next()?.table ?? null, asked, read, found, failed, lastFailure: this.#lastFailure };
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    for (let stream = this.#next(); stream !== undefined; stream = this.#next()) {
      // The others have their turn before it is asked for again.
      this.#wanted.delete(stream);
      this.#wanted.add(stream);
      await this.#options.clock.sleep(await this.#look(stream, stream.search!));
    }
    this.#isRunning = false;
  }

  /** Streams whose rows wait go first; the others in turn. */
  #next(): Stream | undefined {
    for (const stream of this.#wanted) if (stream.search === null) this.#wanted.delete(stream);
    const streams = [...this.#wanted];
    return streams.find(({ waitsFor }) => waitsFor !== null) ?? streams[0];
  }

  /**
   * Asks for a search's next slice; gives how long to wait before the next question, milliseconds. Whatever fails, the
   * answer or what is done with it, costs this question alone.
   */
  async #look(stream: Stream, search: Search): Promise<number> {
    const { ask, columnsOf, clock, onFound, onDone } = this.#options;
    const columns = columnsOf(stream.table);
    const askedMs = clock.nowMs();
    this.#asked++;
    try {
      const rows = await ask(sliceOf(stream.table, columns, search.cursor));
      const mostMs = (MOST_PAUSE_MS * rows.length) / SLICE_ROWS;
      const pauseMs = Math.max(Math.min(restAfter(clock.nowMs() - askedMs), mostMs), LEAST_PAUSE_MS);
      this.#read += rows.length;
      const found = search.take(rows.map((row) => toPlaced(row, columns)));
      if (!search.isOpen) this.#found += found.length;
      if (found.length > 0) await onFound(stream, search, found);
      if (search.isDone) onDone(stream, search, askedMs);
      return pauseMs;
    } catch (error) {
      this.#failed++;
      this.#lastFailure = error instanceof Error ? error.message : String(error);
      return Math.min(Math.max(restAfter(clock.nowMs() - askedMs), AFTER_FAILURE_MS), MOST_PAUSE_MS);
    }
  }
}

/** The rest of the time of which a question took its share. */
function restAfter(tookMs: number): number {
  return tookMs / SHARE - tookMs;
}

function toPlaced(row: Row, columns: readonly string[]): PlacedRow {
  return {
    row: columns.map((name) => row[name] ?? ''),
    serial: Number(row['eid']),
    timeMs: Number(row['time']) * 1000,
  };
}

/** Names are the schema's own; what comes from a row is a number or checked to be digits. */
function sliceOf(table: string, columns: readonly string[], { second, eid }: Cursor): string {
  const start = Math.max(Math.trunc(second) || 1, 1);
  const after = /^\d+$/.test(eid) ? ` AND (time > ${start} OR eid > '${eid}')` : '';
  return `SELECT ${columns.join(', ')} FROM ${table} WHERE time >= ${start}${after} LIMIT ${SLICE_ROWS}`;
}

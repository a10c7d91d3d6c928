import type { Row } from '../../osquery/index.ts';
import type { Ask } from './core.ts';
import type { Missing, PlacedRow, Stream } from './stream.ts';

/** Time, as the background needs it. */
export interface Clock {
  nowMs(): number;
  sleep(ms: number): Promise<void>;
}

export interface FillerOptions {
  readonly ask: Ask;
  readonly clock: Clock;
  /** The columns that a table's rows are read with. */
  columnsOf(table: string): readonly string[];
  /** Takes rows that were missing; resolves when there is room for more. */
  onFound(stream: Stream, rows: readonly PlacedRow[]): Promise<void>;
  /** Takes rows that come after all that were read. They may have to wait for us, so they are not waited for. */
  onNewer(stream: Stream, rows: readonly PlacedRow[]): void;
  /** The stream is not to wait any longer: all was looked for. */
  onDone(stream: Stream): void;
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

/** Rows that one question brings at the most. */
const SLICE_ROWS = 2_000;
/**
 * The share of the time that osquery works for us: its worker is ended when it uses more than a tenth of the
 * processors' time for 12 s. After a question that took a second, 19 s pass before the next.
 */
const SHARE = 0.05;
const LEAST_PAUSE_MS = 50;
/** An answer that was longer in coming had to wait for a scheduled query, which is no work for us. */
const MOST_PAUSE_MS = 15_000;
const AFTER_FAILURE_MS = 30_000;
/** Slices that are read of what is newer than all that was read: what is left comes with a scan, and shows as a gap. */
const MOST_NEWER = 10;

/**
 * Looks for missing rows in osquery's event tables, in the background, one slice after the other.
 *
 * A table's rows lie by time and then by eid, and `time >= T` goes to T at once and leaves the pointers of
 * scheduled queries alone (`EventSubscriberPlugin::genTable`); an upper bound would not end the reading, LIMIT does. So
 * a slice begins where the last one ended. Rows that are not found from the time of the row before the gap on can
 * still lie before it, when the clock was set back; then the table is read from its beginning up to there.
 */
export class Filler {
  readonly #options: FillerOptions;
  readonly #wanted = new Set<Stream>();
  readonly #behind = new Set<Stream>();
  #table: string | null = null;
  #notBeforeMs = 0;
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
    if (this.#table === null) void this.#run();
  }

  /**
   * Looks for rows after all that were read: those of a scan that was lost on its way to us, if nothing has
   * happened since that would show as a gap.
   */
  catchUp(stream: Stream): void {
    this.#behind.add(stream);
    this.want(stream);
  }

  get health(): FillerHealth {
    const [table, asked, read, found] = [this.#table, this.#asked, this.#read, this.#found];
    return { table, asked, read, found, failed: this.#failed, lastFailure: this.#lastFailure };
  }

  async #run(): Promise<void> {
    for (let stream = this.#next(); stream !== undefined; stream = this.#next()) {
      this.#wanted.delete(stream);
      const isBehind = this.#behind.delete(stream);
      if (stream.missing.length === 0 && !isBehind) continue;
      this.#table = stream.table;
      try {
        if (stream.missing.length === 0) {
          await this.#readNewer(stream);
          continue;
        }
        await this.#search(stream);
        if (!stream.isWaiting) this.#options.onDone(stream);
      } catch (error) {
        this.#failed++;
        this.#lastFailure = error instanceof Error ? error.message : String(error);
        this.#notBeforeMs = this.#options.clock.nowMs() + AFTER_FAILURE_MS;
        this.#options.onDone(stream);
      }
    }
    this.#table = null;
  }

  /** Streams whose rows wait go first. */
  #next(): Stream | undefined {
    const streams = [...this.#wanted];
    const leftMs = this.#notBeforeMs - this.#options.clock.nowMs();
    if (leftMs > 0 && leftMs <= AFTER_FAILURE_MS) {
      this.#wanted.clear();
      for (const stream of streams) this.#options.onDone(stream);
      return undefined;
    }
    return streams.find(({ waitsFor }) => waitsFor !== null) ?? streams[0];
  }

  async #search(stream: Stream): Promise<void> {
    const search = new Search(stream.missing);
    const startSecond = Math.max(Math.floor(search.afterMs / 1000) - 1, 1);
    await this.#pass(stream, search, { from: startSecond, to: Number.POSITIVE_INFINITY });
    if (search.left > 0) await this.#pass(stream, search, { from: 1, to: startSecond });
    stream.searched(search.to);
  }

  async #readNewer(stream: Stream): Promise<void> {
    const { columnsOf, onNewer } = this.#options;
    const columns = columnsOf(stream.table);
    const { position, positionMs } = stream.order;
    let cursor = { second: Math.floor(positionMs / 1000), eid: String(position).padStart(EID_DIGITS, '0') };
    for (let slice = 0; slice < MOST_NEWER; slice++) {
      const { rows, tookMs } = await this.#ask(sliceOf(stream.table, columns, cursor));
      const newer = rows.map((row) => toPlaced(row, columns)).filter(({ serial }) => serial > position);
      if (newer.length > 0) onNewer(stream, newer);
      const last = rows.at(-1);
      if (last === undefined || rows.length < SLICE_ROWS) return;
      cursor = { second: Number(last['time']), eid: String(last['eid']) };
      await this.#pause(tookMs);
      // What it waits for is looked for next, and that is nearly the same.
      if (stream.isWaiting) return;
    }
  }

  /** Goes through the rows of a span of time until nothing is missing. */
  async #pass(
    stream: Stream,
    search: Search,
    span: { readonly from: number; readonly to: number },
  ): Promise<void> {
    const { columnsOf, onFound } = this.#options;
    const columns = columnsOf(stream.table);
    let [second, eid] = [span.from, ''];
    while (search.left > 0) {
      const { rows, tookMs } = await this.#ask(sliceOf(stream.table, columns, { second, eid }));
      const last = rows.at(-1);
      const found = search.take(rows, columns, span.to);
      this.#found += found.length;
      if (found.length > 0) await onFound(stream, found);
      if (last === undefined || rows.length < SLICE_ROWS || search.isPast(rows, span.to)) return;
      [second, eid] = [Number(last['time']), String(last['eid'])];
      await this.#pause(tookMs);
    }
  }

  async #ask(sql: string): Promise<{ readonly rows: readonly Row[]; readonly tookMs: number }> {
    this.#asked++;
    const askedMs = performance.now();
    const rows = await this.#options.ask(sql);
    this.#read += rows.length;
    return { rows, tookMs: performance.now() - askedMs };
  }

  async #pause(tookMs: number): Promise<void> {
    const pauseMs = Math.min(Math.max(tookMs / SHARE - tookMs, LEAST_PAUSE_MS), MOST_PAUSE_MS);
    await this.#options.clock.sleep(pauseMs);
  }
}

/** What is looked for, and how much of it is left. */
class Search {
  readonly afterMs: number;
  readonly to: number;
  left: number;
  readonly #runs: readonly Missing[];

  constructor(runs: readonly Missing[]) {
    this.#runs = [...runs].sort((a, b) => a.from - b.from);
    this.afterMs = Math.min(...runs.map(({ afterMs }) => afterMs));
    this.to = Math.max(...runs.map(({ to }) => to));
    this.left = runs.reduce((sum, { from, to }) => sum + to - from + 1, 0);
  }

  /** The rows that are looked for, oldest first. */
  take(rows: readonly Row[], columns: readonly string[], toSecond: number): readonly PlacedRow[] {
    const found: PlacedRow[] = [];
    for (const row of rows) {
      const serial = Number(row['eid']);
      const second = Number(row['time']);
      if (second >= toSecond || !this.#isSought(serial)) continue;
      found.push(toPlaced(row, columns));
    }
    this.left -= found.length;
    return found.sort((a, b) => a.serial - b.serial);
  }

  #isSought(serial: number): boolean {
    let [low, high] = [0, this.#runs.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#runs[middle]!.to < serial) low = middle + 1;
      else high = middle;
    }
    return low < this.#runs.length && this.#runs[low]!.from <= serial;
  }

  /** Whether nothing that comes after these rows can be looked for. */
  isPast(rows: readonly Row[], toSecond: number): boolean {
    if (Number(rows.at(-1)!['time']) >= toSecond) return true;
    return rows.every((row) => Number(row['eid']) > this.to);
  }
}

function toPlaced(row: Row, columns: readonly string[]): PlacedRow {
  return {
    row: columns.map((name) => row[name] ?? ''),
    serial: Number(row['eid']),
    timeMs: Number(row['time']) * 1000,
  };
}

/** `eid` is a text of ten digits, zeros before the number. */
const EID_DIGITS = 10;

interface Cursor {
  readonly second: number;
  /** Rows of that second up to this eid were read; empty: none. */
  readonly eid: string;
}

/** Names are the schema's own; what comes from a row is a number or checked to be digits. */
function sliceOf(table: string, columns: readonly string[], { second, eid }: Cursor): string {
  const start = Math.max(Math.trunc(second) || 1, 1);
  const after = /^\d+$/.test(eid) ? ` AND (time > ${start} OR eid > '${eid}')` : '';
  return `SELECT ${columns.join(', ')} FROM ${table} WHERE time >= ${start}${after} LIMIT ${SLICE_ROWS}`;
}

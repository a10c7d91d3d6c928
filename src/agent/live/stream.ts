import { createStreamOrder, type StreamOrder, type StreamOrderHealth } from '../../schema/index.ts';
import type { PlacedRows } from './placed-rows.ts';
import { type Missing, Search } from './search.ts';

export type Scan = 'next' | 'foreign' | 'unclear';

export interface StreamHealth extends StreamOrderHealth {
  readonly table: string;
  /** The greatest eid read, and the time of its row. */
  readonly position: number;
  readonly positionMs: number;
  /** How far the newest row was behind the clock when the last scan brought it, milliseconds. */
  readonly lagMs: number;
  /** When the last scan came. */
  readonly scannedMs: number;
  readonly scans: number;
  /** Scans that were no next one of the schedule: someone ran the query by hand. */
  readonly foreign: number;
  /** Runs of eids that are missing now. */
  readonly gaps: number;
  /** Its scans leave rows out on purpose, so that a gap cannot be seen. */
  readonly sparse: boolean;
  /** Rows that wait for the rows before them, or for their turn. */
  readonly queued: number;
  /** Rows given up because too many waited; they show as gaps. */
  readonly refused: number;
}

/** Gaps that are longer, or more, are filled while the rows after it go on. */
const MOST_WAITED_FOR = 20_000;
const MOST_RUNS = 256;

/** For how long osquery keeps rows, at the least: an hour unless it was told otherwise. */
const BUFFERED_MS = 600_000;

/** How far one table's feed has come. */
export class Stream {
  readonly table: string;
  readonly order: StreamOrder = createStreamOrder();
  /** When the last scan came whose rows are all read; 0 before the first. */
  heardMs = 0;
  queued = 0;
  refused = 0;
  /** What the next rows wait for. */
  waitsFor: Search | null = null;
  waitsSinceMs = 0;
  /** Whether missing rows can be looked for. */
  readonly #fillable: boolean;
  #sparse = false;
  #lagMs = 0;
  #scannedMs = 0;
  /** When a scan of the schedule last brought rows. */
  #rowsMs = 0;
  #scans = 0;
  #foreign = 0;
  /** The greatest eid that the schedule's scans brought; 0 before the first. */
  #scannedTo = 0;
  /** The greatest eid of the last scan, when that was foreign; else 0. */
  #foreignTo = 0;
  /** The last scan was the first. */
  #isFirst = false;
  /** What is looked for while rows go on. */
  #gapSearch: Search | null = null;
  /** Rows may lie after all that were read: those of a scan that was lost on its way to us. */
  #isBehind = false;
  #newerSearch: Search | null = null;
  /** What was looked for before the rows after it are read: what of it is missing then is lost. */
  #searched: readonly Missing[] = [];
  /** Since when rows are looked for; 0 while none are. */
  #awaitsSinceMs = 0;

  constructor(table: string, fillable: boolean) {
    this.table = table;
    this.#fillable = fillable;
  }

  /**
   * What a scan is: the schedule's `next` one, or `foreign`, of someone who runs the pack's query by hand. osquery
   * gives a scheduled query each row once, so a row from before the last scan's end is never in the next. A
   * foreign scan right after the very first is `unclear`: either of the two can be the schedule's. Two foreign scans
   * of which the second goes on where the first ended are the schedule's: what it was thought to be was made up.
   */
  judge(rows: PlacedRows, { nowMs, sparse }: { nowMs: number; sparse: boolean }): Scan {
    const last = rows.length - 1;
    const [oldest, newest] = last < 0 ? [0, 0] : [rows.serial(0), rows.serial(last)];
    if (oldest > 0) {
      const isOld = oldest <= this.#scannedTo && !this.order.isReset(oldest, rows.timeMs(0));
      const isSecond = this.#foreignTo > 0 && oldest > this.#foreignTo;
      if (isOld && !isSecond) {
        this.#foreignTo = newest;
        this.#foreign++;
        const isUnclear = this.#isFirst;
        this.#isFirst = false;
        return isUnclear ? 'unclear' : 'foreign';
      }
      this.#isFirst = this.#scannedTo === 0;
      this.#scannedTo = newest;
      this.#foreignTo = 0;
    }
    if (last >= 0) {
      this.#lagMs = Math.max(nowMs - rows.timeMs(last), 0);
      this.#rowsMs = nowMs;
    }
    this.#sparse = sparse;
    this.#scannedMs = nowMs;
    this.#scans++;
    return 'next';
  }

  /** Whether rows came that osquery has still: a scan that is run by hand would bring them again. */
  hadRows(nowMs: number): boolean {
    return this.#rowsMs > 0 && Math.abs(nowMs - this.#rowsMs) < BUFFERED_MS;
  }

  /** Before the first rows: says that the stream begins with them. False when it had begun. */
  beginWith(rows: PlacedRows): boolean {
    if (this.order.begun || rows.length === 0 || !(rows.serial(0) > 0)) return false;
    this.order.begin(rows.serial(0) - 1, rows.timeMs(0));
    return this.order.begun;
  }

  /** Whether the row is to be read. */
  isNew(serial: number, timeMs: number, sought: boolean): boolean {
    const placement = this.order.place(serial, timeMs, { sparse: this.#sparse, sought });
    if (placement === 'reset') {
      this.#gapSearch = null;
      this.#newerSearch = null;
      this.#searched = [];
    }
    return placement !== 'duplicate';
  }

  /** Whether no row is missing before the newest that was read. */
  get isComplete(): boolean {
    return this.order.gaps.length === 0;
  }

  /** Whether rows are to wait for those that are missing before and between them: few, and not yet looked for. */
  mustWait(rows: PlacedRows): boolean {
    if (!this.#fillable || this.#sparse || !this.order.begun) return false;
    const missing: Missing[] = [];
    let [last, lastMs, count] = [this.order.position, this.order.positionMs, 0];
    for (let at = 0; at < rows.length; at++) {
      const serial = rows.serial(at);
      if (!(serial > last)) continue;
      if (serial > last + 1) {
        missing.push({ from: last + 1, to: serial - 1, afterMs: lastMs });
        count += serial - last - 1;
      }
      [last, lastMs] = [serial, rows.timeMs(at)];
    }
    if (count === 0 || count > MOST_WAITED_FOR || missing.length > MOST_RUNS) return false;
    this.waitsFor = new Search(missing);
    return true;
  }

  /** The next rows wait no longer; what they waited for is looked for all the same. */
  goOn(): void {
    if (this.waitsFor?.isDone === false) this.#gapSearch ??= this.waitsFor;
    this.waitsFor = null;
  }

  /** Says that rows may lie after all that were read. */
  fallBehind(): void {
    this.#isBehind = this.#fillable && this.order.begun;
    this.#newerSearch = null;
  }

  /** What is to be looked for next: what rows wait for, then what else is missing, then what is newer. */
  get search(): Search | null {
    const { gaps, position, positionMs: afterMs } = this.order;
    if (this.#fillable && gaps.length > 0) this.#gapSearch ??= new Search(gaps);
    const missing = this.waitsFor ?? this.#gapSearch;
    if (missing !== null || !this.#isBehind) {
      // When what is missing was found, what is newer begins elsewhere.
      this.#newerSearch = null;
      return missing;
    }
    this.#newerSearch ??= new Search([{ from: position + 1, to: Number.POSITIVE_INFINITY, afterMs }]);
    return this.#newerSearch;
  }

  /** A search has come to its end: what it did not find is lost. One that another took the place of says nothing. */
  searched(search: Search): void {
    if (search === this.#newerSearch) {
      this.#newerSearch = null;
      this.#isBehind = false;
    } else if (search === this.#gapSearch || search === this.waitsFor) {
      this.#gapSearch = search === this.#gapSearch ? null : this.#gapSearch;
      this.#searched = search.runs;
      this.giveUp();
    }
  }

  /** Counts as lost what was looked for and not found. */
  giveUp(): void {
    for (const { from, to } of this.#searched) if (this.order.gaps.length > 0) this.order.abandon(from, to);
    if (this.order.position > (this.#searched.at(-1)?.to ?? 0)) this.#searched = [];
  }

  /** From which moment on rows that are looked for may still come; infinite when none are, or for longer than so long. */
  awaitedMs(nowMs: number, mostMs: number): number {
    const runs = this.#fillable ? [...this.order.gaps, ...(this.waitsFor?.runs ?? [])] : [];
    const fromMs = runs.map(({ afterMs }) => afterMs);
    if (this.#isBehind) fromMs.push(this.order.positionMs);
    if (fromMs.length === 0) this.#awaitsSinceMs = 0;
    else if (this.#awaitsSinceMs === 0 || this.#awaitsSinceMs > nowMs) this.#awaitsSinceMs = nowMs;
    const isTooLong = nowMs - this.#awaitsSinceMs > mostMs;
    return isTooLong ? Number.POSITIVE_INFINITY : Math.min(...fromMs);
  }

  save(): unknown {
    return { order: this.order.save(), scannedTo: this.#scannedTo };
  }

  load(state: unknown): boolean {
    const { order, scannedTo } = Object(state) as Readonly<Record<string, unknown>>;
    if (typeof scannedTo !== 'number' || !this.order.load(order)) return false;
    // A scan may have come already, and waits.
    if (this.#scannedTo === 0) this.#scannedTo = scannedTo;
    this.#isFirst = false;
    this.fallBehind();
    return true;
  }

  get health(): StreamHealth {
    const { table, order, queued, refused } = this;
    return {
      ...order.health,
      ...{ table, position: order.position, positionMs: order.positionMs, queued, refused },
      lagMs: this.#lagMs,
      scannedMs: this.#scannedMs,
      scans: this.#scans,
      foreign: this.#foreign,
      gaps: order.gaps.length,
      sparse: this.#sparse,
    };
  }
}

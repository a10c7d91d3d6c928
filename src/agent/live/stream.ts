import { createStreamOrder, type StreamOrder, type StreamOrderHealth } from '../../schema/index.ts';
import type { Batch } from '../batch.ts';

/** A row with what places it. */
export interface PlacedRow {
  readonly row: readonly unknown[];
  readonly serial: number;
  readonly timeMs: number;
}

export type Scan = 'next' | 'foreign' | 'unclear';

/** A run of eids to look for, both ends included. */
export interface Missing {
  readonly from: number;
  readonly to: number;
  /** Time of the last row before it. */
  readonly afterMs: number;
}

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

/** How far one table's feed has come. */
export class Stream {
  readonly table: string;
  readonly order: StreamOrder = createStreamOrder();
  /** When the last scan came whose rows are all read; 0 before the first. */
  heardMs = 0;
  queued = 0;
  refused = 0;
  /** What the next rows wait for. */
  waitsFor: readonly Missing[] | null = null;
  waitsSinceMs = 0;
  /** Whether missing rows can be looked for. */
  readonly #fillable: boolean;
  #sparse = false;
  #lagMs = 0;
  #scannedMs = 0;
  #scans = 0;
  #foreign = 0;
  /** The greatest eid that the schedule's scans brought; 0 before the first. */
  #scannedTo = 0;
  /** The greatest eid of the last scan, when that was foreign; else 0. */
  #foreignTo = 0;
  /** The last scan was the first. */
  #isFirst = false;
  /** What is missing up to this eid was looked for. */
  #searchedTo = 0;

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
  judge(rows: readonly PlacedRow[], { nowMs, sparse }: { nowMs: number; sparse: boolean }): Scan {
    const [oldest] = rows;
    const newest = rows.at(-1);
    if (oldest !== undefined && newest !== undefined && oldest.serial > 0) {
      const isOld = oldest.serial <= this.#scannedTo && !this.order.isReset(oldest.serial, oldest.timeMs);
      const isSecond = this.#foreignTo > 0 && oldest.serial > this.#foreignTo;
      if (isOld && !isSecond) {
        this.#foreignTo = newest.serial;
        this.#foreign++;
        const isUnclear = this.#isFirst;
        this.#isFirst = false;
        return isUnclear ? 'unclear' : 'foreign';
      }
      this.#isFirst = this.#scannedTo === 0;
      this.#scannedTo = newest.serial;
      this.#foreignTo = 0;
    }
    if (newest !== undefined) this.#lagMs = Math.max(nowMs - newest.timeMs, 0);
    this.#sparse = sparse;
    this.#scannedMs = nowMs;
    this.#scans++;
    return 'next';
  }

  /** Before the first rows: says that the stream begins with them. False when it had begun. */
  beginWith([oldest]: readonly PlacedRow[]): boolean {
    if (this.order.begun || oldest === undefined || !(oldest.serial > 0)) return false;
    this.order.begin(oldest.serial - 1, oldest.timeMs);
    return this.order.begun;
  }

  /** Whether the row is to be read. */
  isNew({ serial, timeMs }: PlacedRow, sought: boolean): boolean {
    const placement = this.order.place(serial, timeMs, { sparse: this.#sparse, sought });
    if (placement === 'reset') this.#searchedTo = 0;
    return placement !== 'duplicate';
  }

  /** Whether rows are to wait for those that are missing before and between them: few, and not yet looked for. */
  mustWait(rows: readonly PlacedRow[]): boolean {
    if (!this.#fillable || this.#sparse || !this.order.begun) return false;
    const missing: Missing[] = [];
    let [last, lastMs, count] = [this.order.position, this.order.positionMs, 0];
    for (const { serial, timeMs } of rows) {
      if (!(serial > last)) continue;
      if (serial > last + 1 && serial - 1 > this.#searchedTo) {
        missing.push({ from: Math.max(last, this.#searchedTo) + 1, to: serial - 1, afterMs: lastMs });
        count += serial - last - 1;
      }
      [last, lastMs] = [serial, timeMs];
    }
    if (count === 0 || count > MOST_WAITED_FOR || missing.length > MOST_RUNS) return false;
    this.waitsFor = missing;
    return true;
  }

  /** Whether its next rows wait for others that were not looked for yet. */
  get isWaiting(): boolean {
    return (this.waitsFor?.at(-1)?.to ?? 0) > this.#searchedTo;
  }

  /** Whether rows are missing that were not looked for. */
  get isMissing(): boolean {
    return this.#fillable && (this.order.gaps.at(-1)?.to ?? 0) > this.#searchedTo;
  }

  /** What is to be looked for: what the next rows wait for, else all that is missing. */
  get missing(): readonly Missing[] {
    return this.waitsFor ?? this.order.gaps;
  }

  /** What is missing up to there was looked for: what was not found is lost. */
  searched(to: number): void {
    this.#searchedTo = Math.max(this.#searchedTo, to);
    this.giveUp();
  }

  /** Counts as lost what was looked for and not found. */
  giveUp(): void {
    const { gaps } = this.order;
    if (gaps.length > 0 && gaps[0]!.from <= this.#searchedTo) this.order.abandon(0, this.#searchedTo);
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

/** The rows oldest first; a bounded scan query gives the newest first. Rows without an eid stay as they come. */
export function placeRows({ columns, rows }: Batch): readonly PlacedRow[] {
  const [eid, time] = [columns.indexOf('eid'), columns.indexOf('time')];
  const placed = rows.map((row) => ({
    row,
    serial: eid < 0 ? 0 : Number(row[eid]),
    timeMs: time < 0 ? 0 : Number(row[time]) * 1000,
  }));
  return eid < 0 ? placed : placed.sort((a, b) => a.serial - b.serial);
}

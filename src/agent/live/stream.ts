import { createStreamOrder, type StreamOrder, type StreamOrderHealth } from '../../schema/index.ts';
import type { Batch } from '../batch.ts';

/** A row with what places it. */
export interface PlacedRow {
  readonly row: readonly unknown[];
  readonly serial: number;
  readonly timeMs: number;
}

export interface StreamHealth extends StreamOrderHealth {
  readonly table: string;
  /** The greatest eid read, and the time of its row. */
  readonly position: number;
  readonly newestMs: number;
  /** How far the newest row was behind the clock when the last scan brought it, milliseconds. */
  readonly lagMs: number;
  /** When the last scan came. */
  readonly scannedMs: number;
  readonly scans: number;
  /** Scans that were no next one of the schedule: someone ran the query by hand. */
  readonly foreign: number;
  /** Runs of eids that are missing now. */
  readonly gaps: number;
  /** Rows that wait for the rows before them, or for their turn. */
  readonly queued: number;
  /** Rows given up because too many waited; they show as gaps. */
  readonly refused: number;
}

/** How far one table's feed has come. */
export class Stream {
  readonly table: string;
  readonly order: StreamOrder = createStreamOrder();
  /** When the last scan came whose rows are all read. */
  heardMs = 0;
  newestMs = 0;
  queued = 0;
  refused = 0;
  #lagMs = 0;
  #scannedMs = 0;
  #scans = 0;
  #foreign = 0;
  /** The greatest eid that the schedule's scans brought in this registration. */
  #scannedTo = 0;

  constructor(table: string) {
    this.table = table;
  }

  /** Begins a registration: what its first scan brings is taken for the schedule's. */
  begin(): void {
    this.#scannedTo = 0;
  }

  /**
   * Whether a scan is the schedule's next, rather than someone's who runs the pack's query by hand. osquery gives
   * a scheduled query each row once, so a row from before the last scan's end is never in the next.
   */
  accepts(rows: readonly PlacedRow[], nowMs: number): boolean {
    const [oldest] = rows;
    const newest = rows.at(-1);
    if (oldest !== undefined && newest !== undefined && oldest.serial > 0) {
      if (oldest.serial <= this.#scannedTo && !this.order.isReset(oldest.serial, oldest.timeMs)) {
        this.#foreign++;
        return false;
      }
      this.#scannedTo = newest.serial;
    }
    if (newest !== undefined) this.#lagMs = Math.max(nowMs - newest.timeMs, 0);
    this.#scannedMs = nowMs;
    this.#scans++;
    return true;
  }

  get health(): StreamHealth {
    const { table, order, newestMs, queued, refused } = this;
    return {
      ...order.health,
      ...{ table, position: order.position, newestMs, queued, refused },
      lagMs: this.#lagMs,
      scannedMs: this.#scannedMs,
      scans: this.#scans,
      foreign: this.#foreign,
      gaps: order.gaps.length,
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

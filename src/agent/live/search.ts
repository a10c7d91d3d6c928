import type { PlacedRow } from './placed-rows.ts';

/** A run of eids to look for, both ends included; without an end where `to` is infinite. */
export interface Missing {
  readonly from: number;
  readonly to: number;
  /** Time of the last row before it. */
  readonly afterMs: number;
}

/** Where a slice of a table begins: its rows lie by time and then by eid. */
export interface Cursor {
  readonly second: number;
  /** Rows of that second up to this eid were read; empty: none. */
  readonly eid: string;
}

/** Rows that one question brings at the most. */
export const SLICE_ROWS = 2_000;
/** `eid` is a text of ten digits, zeros before the number. */
const EID_DIGITS = 10;

/**
 * What is looked for in a table, and how far that has come: it can be left and gone on with.
 *
 * The table is read from the time of the row before the first run on. What is not found there can still lie before
 * it, when the clock was set back; then it is read from its beginning up to there. A run without an end is of rows
 * newer than all that were read: for these the table is read once, to its end.
 */
export class Search {
  /** Oldest first. */
  readonly runs: readonly Missing[];
  cursor: Cursor;
  isDone = false;
  readonly #startSecond: number;
  readonly #to: number;
  #left: number;
  /** Rows from this second on were read in the first pass; null while that lasts. */
  #untilSecond: number | null = null;

  constructor(runs: readonly Missing[]) {
    this.runs = [...runs].sort((a, b) => a.from - b.from);
    const afterMs = Math.min(...runs.map((run) => run.afterMs));
    this.cursor = { second: Math.max(Math.floor(afterMs / 1000) - 1, 1), eid: '' };
    this.#startSecond = this.cursor.second;
    this.#to = Math.max(...runs.map(({ to }) => to));
    this.#left = runs.reduce((sum, { from, to }) => sum + to - from + 1, 0);
  }

  /** Takes the slice at the cursor and moves it on; gives the rows that are looked for, in the order of eids. */
  take(rows: readonly PlacedRow[]): readonly PlacedRow[] {
    const until = this.#untilSecond ?? Number.POSITIVE_INFINITY;
    const found = rows.filter(({ serial, timeMs }) => timeMs < until * 1000 && this.#isSought(serial));
    this.#left -= found.length;
    this.#moveOn(rows, until);
    return found.sort((a, b) => a.serial - b.serial);
  }

  /** Whether it is for all that is newer than what was read. */
  get isOpen(): boolean {
    return this.#to === Number.POSITIVE_INFINITY;
  }

  #moveOn(rows: readonly PlacedRow[], until: number): void {
    const next = cursorAfter(rows, this.cursor);
    const isPast = next === null || next.second >= until || rows.every(({ serial }) => serial > this.#to);
    if (this.#left <= 0 || (isPast && (this.isOpen || this.#untilSecond !== null))) this.isDone = true;
    else if (!isPast) this.cursor = next;
    else {
      this.#untilSecond = this.#startSecond;
      this.cursor = { second: 1, eid: '' };
    }
  }

  #isSought(serial: number): boolean {
    let [low, high] = [0, this.runs.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.runs[middle]!.to < serial) low = middle + 1;
      else high = middle;
    }
    return low < this.runs.length && this.runs[low]!.from <= serial;
  }
}

/** Where the next slice begins; null when this was the last. */
function cursorAfter(rows: readonly PlacedRow[], { second, eid }: Cursor): Cursor | null {
  const last = rows.at(-1);
  if (last === undefined || rows.length < SLICE_ROWS) return null;
  const next = { second: last.timeMs / 1000, eid: String(last.serial).padStart(EID_DIGITS, '0') };
  return next.second === second && next.eid === eid ? null : next;
}

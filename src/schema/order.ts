/** Where a row stands in its stream. `late` fills a gap; `reset` is the first after osquery's database began anew. */
export type Placement = 'next' | 'gap' | 'late' | 'duplicate' | 'reset';

/** A run of eids that never came, both ends included. */
export interface Gap {
  readonly from: number;
  readonly to: number;
  /** Time of the last row before it; its rows are no older, as far as the clock goes forward. */
  readonly afterMs: number;
}

/**
 * Follows one table's rows by `eid`, which osquery raises by one for each row of the table. A row that is placed
 * as `duplicate` was placed before and must not be read again; every other is new.
 */
export interface StreamOrder {
  place(serial: number, timeMs: number, options?: PlaceOptions): Placement;
  /** Says before its first row where the stream begins: rows up to that eid are not missing. */
  begin(position: number, timeMs: number): void;
  /** Whether it was said, or shown by a first row, where the stream begins. */
  readonly begun: boolean;
  /** Whether a row can only be from after osquery's database began anew: `place` would say `reset`. Changes nothing. */
  isReset(serial: number, timeMs: number): boolean;
  /** Oldest first; the oldest of too many are given up. */
  readonly gaps: readonly Gap[];
  /** Gives up what is missing between two eids: it is lost, and counted. What comes of it all the same is new. */
  abandon(from: number, to: number): void;
  /** The greatest eid seen since the last reset; 0 before the first row. */
  readonly position: number;
  /** The time of its row. */
  readonly positionMs: number;
  readonly health: StreamOrderHealth;
  /** The state as a JSON value, and back. False, and nothing changes, for a state it did not write. */
  save(): unknown;
  load(state: unknown): boolean;
}

export interface PlaceOptions {
  /** The row's feed leaves rows out on purpose: what lies between its rows is not missing. */
  readonly sparse?: boolean;
  /** The row was looked for by its eid, because it was missing: whatever its time, it is no sign of a new beginning. */
  readonly sought?: boolean;
}

export interface StreamOrderHealth {
  readonly rows: number;
  /** Rows that did not come when they should have, and what became of them since. */
  readonly missing: number;
  readonly filled: number;
  readonly lost: number;
  readonly duplicates: number;
  readonly resets: number;
  /** Rows whose time was before that of the row before. */
  readonly timeBackwards: number;
}

const MOST_GAPS = 256;
const MOST_MARKS = 64;
/** How far a known row's time may be from the marks around it. */
const TOLERANCE_MS = 60_000;

export function createStreamOrder(): StreamOrder {
  return new Order();
}

type Counts = { -readonly [Key in keyof StreamOrderHealth]: number };

interface Mark {
  readonly serial: number;
  readonly timeMs: number;
}

/**
 * An old eid is either one that comes again, with the time it had, or one that osquery gave anew after its
 * database was reset, with a later time; or with any other time, when the clock was set as well. So a few eids
 * are remembered with their times, ever farther apart, and an old eid whose time does not lie where they say
 * begins the stream anew.
 */
class Order implements StreamOrder {
  #position = 0;
  #lastMs = 0;
  #gaps: Gap[] = [];
  /** What was given up. A row that someone made up, far ahead, makes a gap of rows that are still to come. */
  #lost: Gap[] = [];
  #marks: Mark[] = [];
  #stride = 1;
  #counts: Counts = { rows: 0, missing: 0, filled: 0, lost: 0, duplicates: 0, resets: 0, timeBackwards: 0 };

  get position(): number {
    return this.#position;
  }

  get positionMs(): number {
    return this.#lastMs;
  }

  get begun(): boolean {
    return this.#position > 0 || this.#lastMs > 0;
  }

  begin(position: number, timeMs: number): void {
    if (this.begun || !isPlace(position) || !isPlace(timeMs)) return;
    this.#position = position;
    this.#lastMs = timeMs;
  }

  get gaps(): readonly Gap[] {
    return this.#gaps;
  }

  get health(): StreamOrderHealth {
    return { ...this.#counts };
  }

  place(serial: number, timeMs: number, { sparse = false, sought = false }: PlaceOptions = {}): Placement {
    this.#counts.rows++;
    if (!Number.isSafeInteger(serial) || serial <= 0) return 'next';
    const first = !this.begun;
    if (serial <= this.#position) return this.#placeOld(serial, sought ? null : timeMs);
    if (timeMs < this.#lastMs) this.#counts.timeBackwards++;
    const skipped = first || sparse ? 0 : serial - this.#position - 1;
    if (skipped > 0) this.#addGap({ from: this.#position + 1, to: serial - 1, afterMs: this.#lastMs });
    this.#moveTo(serial, timeMs);
    return skipped > 0 ? 'gap' : 'next';
  }

  isReset(serial: number, timeMs: number): boolean {
    return serial > 0 && serial <= this.#position && this.#isRenewed(serial, timeMs);
  }

  abandon(from: number, to: number): void {
    const kept: Gap[] = [];
    for (const gap of this.#gaps) {
      const [low, high] = [Math.max(gap.from, from), Math.min(gap.to, to)];
      if (low > high) {
        kept.push(gap);
        continue;
      }
      this.#lose({ ...gap, from: low, to: high });
      if (gap.from < low) kept.push({ ...gap, to: low - 1 });
      if (gap.to > high) kept.push({ ...gap, from: high + 1 });
    }
    this.#gaps = kept;
  }

  save(): unknown {
    const [position, lastMs, stride] = [this.#position, this.#lastMs, this.#stride];
    const [gaps, lost, marks] = [this.#gaps, this.#lost, this.#marks];
    return { version: 2, position, lastMs, gaps, lost, marks, stride, counts: this.#counts };
  }

  load(state: unknown): boolean {
    if (typeof state !== 'object' || state === null) return false;
    const { version, position, lastMs, gaps, lost, marks, stride, counts } = state as Record<string, unknown>;
    if (version !== 2 || !isCount(position) || !isCount(lastMs) || !isCount(stride) || stride === 0)
      return false;
    if (!isList(gaps, GAP_KEYS) || !isList(lost, GAP_KEYS)) return false;
    if (!isList(marks, ['serial', 'timeMs'])) return false;
    if (!isList([counts], Object.keys(this.#counts))) return false;
    this.#position = position;
    this.#lastMs = lastMs;
    this.#gaps = [...(gaps as unknown as Gap[])];
    this.#lost = [...(lost as unknown as Gap[])];
    this.#marks = [...(marks as unknown as Mark[])];
    this.#stride = stride;
    this.#counts = { ...(counts as unknown as Counts) };
    return true;
  }

  /** `timeMs` is null where the time tells nothing. */
  #placeOld(serial: number, timeMs: number | null): Placement {
    if (timeMs !== null && this.#isRenewed(serial, timeMs)) {
      this.abandon(0, Number.MAX_SAFE_INTEGER);
      this.#counts.resets++;
      this.#lost = [];
      this.#marks = [];
      this.#moveTo(serial, timeMs);
      return 'reset';
    }
    const wasLost = cut(this.#lost, serial);
    if (!wasLost && !cut(this.#gaps, serial)) {
      this.#counts.duplicates++;
      return 'duplicate';
    }
    if (wasLost) this.#counts.lost--;
    this.#counts.filled++;
    return 'late';
  }

  /** Whether an old eid has a time that it cannot have had. */
  #isRenewed(serial: number, timeMs: number): boolean {
    if (timeMs > this.#lastMs + 1_000) return true;
    let below = 0;
    let above = this.#lastMs;
    for (const mark of this.#marks) {
      if (mark.serial <= serial) below = Math.max(below, mark.timeMs);
      else above = Math.min(above, mark.timeMs);
    }
    const known = (this.#marks[0]?.serial ?? 0) <= serial;
    return (
      timeMs > Math.max(above, below) + TOLERANCE_MS ||
      (known && timeMs < Math.min(below, above) - TOLERANCE_MS)
    );
  }

  #moveTo(serial: number, timeMs: number): void {
    this.#position = serial;
    this.#lastMs = timeMs;
    const last = this.#marks.at(-1);
    if (last !== undefined && serial - last.serial < this.#stride) return;
    this.#marks.push({ serial, timeMs });
    if (this.#marks.length <= MOST_MARKS) return;
    this.#marks = this.#marks.filter((_, index) => index % 2 === 0);
    this.#stride *= 2;
  }

  #addGap(gap: Gap): void {
    this.#counts.missing += gap.to - gap.from + 1;
    this.#gaps.push(gap);
    if (this.#gaps.length <= MOST_GAPS) return;
    const [oldest, ...others] = this.#gaps;
    this.#gaps = others;
    this.#lose(oldest!);
  }

  #lose(gap: Gap): void {
    this.#counts.lost += gap.to - gap.from + 1;
    this.#lost.push(gap);
    if (this.#lost.length > MOST_GAPS) this.#lost.shift();
  }
}

/** Takes an eid out of the run that it is in. False: it is in none. */
function cut(runs: Gap[], serial: number): boolean {
  const at = runs.findLastIndex(({ from, to }) => from <= serial && serial <= to);
  const run = runs[at];
  if (run === undefined) return false;
  const parts = [
    { ...run, to: serial - 1 },
    { ...run, from: serial + 1 },
  ];
  runs.splice(at, 1, ...parts.filter(({ from, to }) => from <= to));
  return true;
}

const GAP_KEYS = ['from', 'to', 'afterMs'];

function isPlace(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0;
}

function isList(
  value: unknown,
  keys: readonly string[],
): value is readonly Readonly<Record<string, number>>[] {
  return (
    Array.isArray(value) &&
    value.every(
      (one) => typeof one === 'object' && one !== null && keys.every((key) => typeof one[key] === 'number'),
    )
  );
}

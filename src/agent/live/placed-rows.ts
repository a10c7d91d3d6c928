import { type Batch, listedRows, type Rows, type RowValues } from '../batch/index.ts';

/** A row with what places it. */
export interface PlacedRow {
  readonly row: RowValues;
  readonly serial: number;
  readonly timeMs: number;
}

/** Rows of one stream, oldest first, with what places each; the rows themselves are read when they are asked for. */
export class PlacedRows {
  readonly length: number;
  readonly #rows: Pick<Rows, 'read'>;
  /** The place in `#rows` of the first of these. */
  readonly #first: number;
  readonly #serials: Float64Array;
  readonly #timesMs: Float64Array;

  private constructor(rows: Pick<Rows, 'read'>, serials: Float64Array, timesMs: Float64Array, first = 0) {
    this.length = serials.length;
    this.#rows = rows;
    this.#first = first;
    this.#serials = serials;
    this.#timesMs = timesMs;
  }

  /** A bounded scan query gives the newest first. Rows without an eid stay as they come. */
  static ofBatch({ columns, rows }: Batch): PlacedRows {
    const [eid, time] = [columns.indexOf('eid'), columns.indexOf('time')];
    const serials = eid < 0 ? new Float64Array(rows.length) : rows.numbers(eid);
    const timesMs =
      time < 0 ? new Float64Array(rows.length) : rows.numbers(time).map((second) => second * 1000);
    if (areNewestFirst(serials)) return new PlacedRows(reversed(rows), serials.reverse(), timesMs.reverse());
    const placed = new PlacedRows(rows, serials, timesMs);
    return areOldestFirst(serials) ? placed : PlacedRows.of(placed.#list());
  }

  /** Rows that lie in any order. */
  static of(rows: readonly PlacedRow[]): PlacedRows {
    const sorted = rows.toSorted((a, b) => a.serial - b.serial);
    return new PlacedRows(
      listedRows(sorted.map(({ row }) => row)),
      Float64Array.from(sorted, ({ serial }) => serial),
      Float64Array.from(sorted, ({ timeMs }) => timeMs),
    );
  }

  serial(at: number): number {
    return this.#serials[at]!;
  }

  timeMs(at: number): number {
    return this.#timesMs[at]!;
  }

  /** The rows from one place to before another. */
  read(from: number, to: number): readonly RowValues[] {
    return this.#rows.read(this.#first + from, this.#first + to);
  }

  part(from: number, to = this.length): PlacedRows {
    const [serials, timesMs] = [this.#serials.subarray(from, to), this.#timesMs.subarray(from, to)];
    return new PlacedRows(this.#rows, serials, timesMs, this.#first + from);
  }

  #list(): readonly PlacedRow[] {
    return this.read(0, this.length).map((row, at) => ({
      row,
      serial: this.serial(at),
      timeMs: this.timeMs(at),
    }));
  }
}

function reversed(rows: Rows): Pick<Rows, 'read'> {
  return { read: (from, to) => rows.read(rows.length - to, rows.length - from).toReversed() };
}

function areOldestFirst(serials: Float64Array): boolean {
  return serials.every((serial, at) => at === 0 || serial >= serials[at - 1]!);
}

/** Each eid once: rows without one have no order that could be turned. */
function areNewestFirst(serials: Float64Array): boolean {
  return serials.length > 1 && serials.every((serial, at) => at === 0 || serial < serials[at - 1]!);
}

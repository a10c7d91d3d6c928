import { ROWS_AT_ONCE } from '../batch/index.ts';
import type { Detector } from '../detector.ts';
import { type PlacedRow, PlacedRows } from './placed-rows.ts';
import type { Stream } from './stream.ts';

/** Rows of a stream on their way to the detector. */
export interface Piece {
  readonly stream: Stream;
  readonly columns: readonly string[];
  readonly rows: PlacedRows;
  /** When the scan that brought them came; null for rows that were looked for, which say nothing of the present. */
  readonly arrivedMs: number | null;
  /** Rows that were missing and come after later ones: they go before all others. */
  readonly late: boolean;
}

export interface LineOptions {
  readonly detector: Detector;
  /** The first rows of a stream are about to be read. */
  onBegin(): void;
  /** A slice of rows was read: alerts may have been made. */
  onRead(): void;
  /** A piece was read to its end. */
  onEnd(piece: Piece): void;
  /** A stream's next rows wait for others, until `release`. */
  onWait(stream: Stream): void;
  /** All that can be read was read. */
  onIdle(): void;
  /** Something failed, whatever it was; the reading goes on behind it. */
  onFailure(error: unknown): void;
}

/** How long rows are read before others have their turn. The clock is looked at after each `ROWS_AT_ONCE`. */
const SLICE_MS = 25;
/** Rows of one stream that may wait. */
const MOST_QUEUED = 60_000;

interface Queued extends Piece {
  /** The rows before this are read. */
  at: number;
  /** It is not to wait any more. */
  waited: boolean;
  done(): void;
}

/**
 * Rows in line for one detector: read in the order in which they came, a few milliseconds at a time, so that
 * calls and pings are answered in between. A stream whose next rows wait for others does not hold up the other
 * streams; when it goes on, what was found in the meantime stands in its place among them.
 */
export class Line {
  readonly #options: LineOptions;
  readonly #line: Queued[] = [];
  readonly #held = new Map<Stream, PlacedRow[]>();
  #running = false;
  #paused = false;

  constructor(options: LineOptions) {
    this.#options = options;
  }

  /** Resolves when the piece is read. False, and it is given up, when too many rows of its stream wait. */
  put(piece: Piece): Promise<void> | false {
    const { stream, rows, late } = piece;
    if (!late && stream.queued > 0 && stream.queued + rows.length > MOST_QUEUED) {
      stream.refused += rows.length;
      return false;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    stream.queued += rows.length;
    const queued = { ...piece, at: 0, waited: false, done: resolve };
    if (late) this.#line.unshift(queued);
    else this.#line.push(queued);
    this.#resume();
    return promise;
  }

  /** Reads nothing until `go`. */
  pause(): void {
    this.#paused = true;
  }

  get isPaused(): boolean {
    return this.#paused;
  }

  go(): void {
    this.#paused = false;
    this.#resume();
  }

  /** Keeps rows that a stream's next ones wait for. */
  hold(stream: Stream, rows: readonly PlacedRow[]): void {
    const held = this.#held.get(stream) ?? [];
    this.#held.set(stream, held);
    for (const row of rows) held.push(row);
    stream.queued += rows.length;
  }

  /** Lets a stream go on with what was found; `columns` are those of the rows held. */
  release(stream: Stream, columns: readonly string[]): void {
    const held = this.#held.get(stream) ?? [];
    this.#held.delete(stream);
    stream.goOn();
    const at = this.#line.findIndex((piece) => piece.stream === stream && !piece.late);
    const piece = this.#line[at];
    if (piece !== undefined) this.#line.splice(at, 1, ...interleave(piece, held, columns));
    else stream.queued -= held.length;
    this.#resume();
  }

  #resume(): void {
    if (!this.#running && !this.#paused) void this.#run();
  }

  async #run(): Promise<void> {
    this.#running = true;
    let sinceMs = performance.now();
    for (let piece = this.#next(); piece !== undefined; piece = this.#next()) {
      this.#readSome(piece);
      if (performance.now() - sinceMs < SLICE_MS) continue;
      await new Promise(setImmediate);
      sinceMs = performance.now();
    }
    this.#running = false;
    this.#guard(() => this.#options.onIdle());
  }

  #next(): Queued | undefined {
    return this.#line.find(({ late, stream }) => late || stream.waitsFor === null);
  }

  #readSome(piece: Queued): void {
    const { stream, columns, rows, late } = piece;
    const { detector, onBegin, onRead, onEnd, onWait } = this.#options;
    if (!late && stream.beginWith(rows)) this.#guard(onBegin);
    if (!late && !piece.waited && piece.at === 0 && stream.mustWait(rows)) {
      piece.waited = true;
      onWait(stream);
      return;
    }
    const end = Math.min(piece.at + ROWS_AT_ONCE, rows.length);
    const from = piece.at;
    const isFresh: boolean[] = [];
    for (; piece.at < end; piece.at++) {
      stream.queued--;
      isFresh.push(stream.isNew(rows.serial(piece.at), rows.timeMs(piece.at), late));
    }
    this.#guard(() => {
      if (!isFresh.includes(true)) return;
      const fresh = rows.read(from, end).filter((_, at) => isFresh[at]);
      detector.take(
        { table: stream.table, columns, rows: fresh },
        { late, complete: !late && stream.isComplete },
      );
    });
    this.#guard(onRead);
    if (piece.at < rows.length) return;
    this.#line.splice(this.#line.indexOf(piece), 1);
    this.#guard(() => onEnd(piece));
    piece.done();
  }

  #guard(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#options.onFailure(error);
    }
  }
}

/** A piece with the rows held for it in their places: pieces in turn of the one and the other. */
function interleave(
  piece: Queued,
  held: readonly PlacedRow[],
  columns: readonly string[],
): readonly Queued[] {
  if (held.length === 0) return [piece];
  const others = PlacedRows.of(held);
  const pieces: Queued[] = [];
  const add = (rows: PlacedRows, from: Pick<Piece, 'columns'>): void => {
    if (rows.length === 0) return;
    const { stream } = piece;
    pieces.push({ ...from, stream, rows, arrivedMs: null, late: false, at: 0, waited: true, done() {} });
  };
  let [own, other] = [0, 0];
  while (other < others.length) {
    const ownFrom = own;
    while (own < piece.rows.length && piece.rows.serial(own) <= others.serial(other)) own++;
    add(piece.rows.part(ownFrom, own), piece);
    const otherFrom = other;
    const before = own < piece.rows.length ? piece.rows.serial(own) : Number.POSITIVE_INFINITY;
    while (other < others.length && others.serial(other) < before) other++;
    add(others.part(otherFrom, other), { columns });
  }
  const { stream, columns: ownColumns, arrivedMs, done } = piece;
  const rest = piece.rows.part(own);
  pieces.push({ stream, columns: ownColumns, rows: rest, arrivedMs, late: false, at: 0, waited: true, done });
  return pieces;
}

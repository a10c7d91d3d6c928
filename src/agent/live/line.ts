import type { Detector } from '../detector.ts';
import type { PlacedRow, Stream } from './stream.ts';

/** Rows of a stream on their way to the detector. */
export interface Piece {
  readonly stream: Stream;
  readonly columns: readonly string[];
  readonly rows: readonly PlacedRow[];
  /** When the scan that brought them came; null for rows that were looked for, which say nothing of the present. */
  readonly arrivedMs: number | null;
  /** Looked for: they go before all others, and are read as late when they are. */
  readonly found: boolean;
}

export interface LineOptions {
  readonly detector: Detector;
  /** A slice of rows was read: alerts may have been made. */
  onRead(): void;
  /** A piece was read to its end. */
  onEnd(piece: Piece): void;
  /** A stream's next row waits for rows before it. */
  onWait(stream: Stream): void;
  /** All that can be read was read. */
  onIdle(): void;
  /** Something failed, whatever it was; the reading goes on behind it. */
  onFailure(error: unknown): void;
}

/** Rows that are read between two looks at the clock, and how long rows are read before others have their turn. */
const SLICE_ROWS = 64;
const SLICE_MS = 25;
/** Rows of one stream that may wait. */
const MOST_QUEUED = 60_000;

interface Queued extends Piece {
  /** The rows before this are read. */
  at: number;
  done(): void;
}

/**
 * Rows in line for one detector: read in the order in which they came, a few milliseconds at a time, so that
 * calls and pings are answered in between. A stream whose next row waits for rows before it does not hold up the
 * others.
 */
export class Line {
  readonly #options: LineOptions;
  readonly #line: Queued[] = [];
  #running = false;

  constructor(options: LineOptions) {
    this.#options = options;
  }

  /** Resolves when the piece is read. False, and it is given up, when too many rows of its stream wait. */
  put(piece: Piece): Promise<void> | false {
    const { stream, rows, found } = piece;
    if (!found && stream.queued > 0 && stream.queued + rows.length > MOST_QUEUED) {
      stream.refused += rows.length;
      return false;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    stream.queued += rows.length;
    const queued = { ...piece, at: 0, done: resolve };
    if (found) this.#line.unshift(queued);
    else this.#line.push(queued);
    this.resume();
    return promise;
  }

  /** Goes on with streams that waited. */
  resume(): void {
    if (!this.#running) void this.#run();
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
    this.#options.onIdle();
  }

  #next(): Queued | undefined {
    return this.#line.find(({ found, stream }) => found || stream.waitsFor === null);
  }

  #readSome(piece: Queued): void {
    const { stream, columns, rows, found } = piece;
    const { detector, onRead, onEnd, onWait } = this.#options;
    const isLate = found && stream.waitsFor === null;
    const end = Math.min(piece.at + SLICE_ROWS, rows.length);
    const fresh: (readonly unknown[])[] = [];
    for (; piece.at < end; piece.at++) {
      const row = rows[piece.at]!;
      if (!found && stream.mustWait(row)) {
        onWait(stream);
        break;
      }
      stream.queued--;
      if (stream.isNew(row)) fresh.push(row.row);
    }
    this.#guard(() => detector.take({ table: stream.table, columns, rows: fresh }, isLate));
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

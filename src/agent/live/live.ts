import type { RuleFault } from '../../match/index.ts';
import type { Rule } from '../../rule/index.ts';
import type { Host, ReaderHealth, Schema } from '../../schema/index.ts';
import type { Store, StoreHealth } from '../../store/index.ts';
import type { Alert } from '../alert.ts';
import type { AlertRow } from '../alert-row.ts';
import type { Batch } from '../batch.ts';
import { Detector } from '../detector.ts';
import { Delivery, type DeliveryHealth } from './delivery.ts';
import { type PlacedRow, placeRows, Stream, type StreamHealth } from './stream.ts';
import type { Piece } from './work.ts';

export interface LiveOptions {
  readonly rules: readonly Rule[];
  readonly schema: Schema;
  readonly host: Host;
  readonly store: Store;
  /** Names the alerts of these rules in the store; empty for the installed ones. */
  readonly feed: string;
  readonly nowMs?: () => number;
  /** How long an answer may take, milliseconds; 2,000 unless given. */
  readonly budgetMs?: number;
}

/** What the live engine knows of itself. */
export interface LiveHealth {
  readonly streams: readonly StreamHealth[];
  readonly delivery: DeliveryHealth;
  readonly reader: ReaderHealth;
  readonly store: StoreHealth;
  /** Alerts of events that were old when they were read. */
  readonly lateAlerts: number;
  /** Failures of our own while rows were read; the rest went on. */
  readonly failed: number;
  readonly lastFailure: unknown;
}

const BUDGET_MS = 2_000;
/** An alert whose last event is older is marked `late`. */
const LATE_MS = 600_000;
/** A stream that was not heard of for so long holds nobody back. */
const FORGET_STREAM_MS = 300_000;
/** Rows that are read between two looks at the clock, and how long rows are read before others have their turn. */
const SLICE_ROWS = 64;
const SLICE_MS = 25;
/** Rows of one stream that may wait. */
const MOST_QUEUED = 60_000;

/**
 * The live engine: rows of all streams go in their order to one detector, and its alerts through the store to
 * osquery.
 *
 * A call puts its rows in line and waits for them, but no longer than the budget; then it answers with what is
 * complete, and the reading goes on between other calls and pings. A call that is not the schedule's next adds
 * its new rows and gets nothing, so that whoever runs the pack's query by hand takes no alert from the log.
 */
export class Live {
  readonly detector: Detector;
  readonly delivery: Delivery;
  readonly #store: Store;
  readonly #nowMs: () => number;
  readonly #budgetMs: number;
  readonly #streams = new Map<string, Stream>();
  readonly #line: Piece[] = [];
  #alerts: Alert[] = [];
  #running = false;
  #lateAlerts = 0;
  #failed = 0;
  #lastFailure: unknown;

  constructor({ store, feed, nowMs = Date.now, budgetMs = BUDGET_MS, ...rest }: LiveOptions) {
    this.detector = new Detector({ ...rest, onAlert: (alert) => this.#alerts.push(alert) });
    this.delivery = new Delivery(store, feed);
    this.#store = store;
    this.#nowMs = nowMs;
    this.#budgetMs = budgetMs;
  }

  /** Takes what is new of a batch, and gives the alerts that osquery shall log. */
  async answer(batch: Batch): Promise<readonly AlertRow[]> {
    const stream = this.#stream(batch.table);
    const arrivedMs = this.#nowMs();
    const rows = placeRows(batch);
    const next = stream.accepts(rows, arrivedMs);
    if (next) this.delivery.acknowledge(batch.table);
    await this.#read(stream, batch.columns, rows, next ? arrivedMs : null);
    return next ? this.delivery.answer(batch.table) : [];
  }

  /** Registered with osquery anew: what was returned may not have arrived. */
  registered(): void {
    for (const stream of this.#streams.values()) stream.begin();
    this.delivery.again();
  }

  get faults(): readonly RuleFault[] {
    return this.detector.faults;
  }

  get health(): LiveHealth {
    return {
      streams: [...this.#streams.values()].map(({ health }) => health),
      delivery: this.delivery.health,
      reader: this.detector.reader.health,
      store: this.#store.health,
      lateAlerts: this.#lateAlerts,
      failed: this.#failed,
      lastFailure: this.#lastFailure,
    };
  }

  #stream(table: string): Stream {
    const stream = this.#streams.get(table) ?? new Stream(table);
    this.#streams.set(table, stream);
    return stream;
  }

  /** Resolves when the rows are read, or when the budget is spent. */
  #read(
    stream: Stream,
    columns: readonly string[],
    rows: readonly PlacedRow[],
    arrivedMs: number | null,
  ): Promise<void> {
    if (stream.queued > 0 && stream.queued + rows.length > MOST_QUEUED) {
      stream.refused += rows.length;
      return Promise.resolve();
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, this.#budgetMs);
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    stream.queued += rows.length;
    this.#line.push({ stream, columns, rows, arrivedMs, at: 0, done });
    void this.#run();
    return promise;
  }

  /** Reads what stands in line; one at a time, giving way to other work every few milliseconds. */
  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    let sinceMs = performance.now();
    for (let piece = this.#line[0]; piece !== undefined; piece = this.#line[0]) {
      this.#readSome(piece);
      if (piece.at >= piece.rows.length) {
        this.#line.shift();
        this.#finish(piece);
      }
      if (performance.now() - sinceMs < SLICE_MS) continue;
      await new Promise(setImmediate);
      sinceMs = performance.now();
    }
    this.#running = false;
  }

  #readSome(piece: Piece): void {
    const { stream, columns, rows } = piece;
    const end = Math.min(piece.at + SLICE_ROWS, rows.length);
    const fresh: (readonly unknown[])[] = [];
    for (; piece.at < end; piece.at++) {
      const { row, serial, timeMs } = rows[piece.at]!;
      stream.queued--;
      if (stream.order.place(serial, timeMs) === 'duplicate') continue;
      stream.newestMs = timeMs;
      fresh.push(row);
    }
    this.#guard(() => this.detector.take({ table: stream.table, columns, rows: fresh }));
    this.#tell();
  }

  #finish({ stream, arrivedMs, done }: Piece): void {
    if (arrivedMs !== null) stream.heardMs = arrivedMs;
    this.#guard(() => this.detector.advance(this.#settledMs()));
    this.#tell();
    done();
  }

  /** Stores the alerts made. */
  #tell(): void {
    if (this.#alerts.length === 0) return;
    const alerts = this.#alerts;
    this.#alerts = [];
    const lateMs = this.#nowMs() - LATE_MS;
    this.delivery.tell(
      alerts.map((alert) => {
        if (alert.timeMs >= lateMs) return alert;
        this.#lateAlerts++;
        return markLate(alert);
      }),
    );
  }

  /**
   * The moment before which nothing new can come: osquery stamps a row when it stores it, so a scan brings all
   * that was stored before it ran. The stream that was scanned longest ago decides.
   */
  #settledMs(): number {
    const nowMs = this.#nowMs();
    let settled = nowMs;
    for (const { heardMs } of this.#streams.values()) {
      if (heardMs > 0 && nowMs - heardMs <= FORGET_STREAM_MS) settled = Math.min(settled, heardMs);
    }
    return settled - 1000;
  }

  /** Nothing that goes wrong with some rows stops the others. */
  #guard(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#failed++;
      this.#lastFailure = error;
    }
  }
}

function markLate(alert: Alert): Alert {
  const own = alert.document['osquery_detect'] as object;
  return { ...alert, document: { ...alert.document, osquery_detect: { ...own, late: true } } };
}

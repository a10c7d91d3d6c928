import type { Rule } from '../../rule/index.ts';
import type { Store } from '../../store/index.ts';
import { type Alert, markLate } from '../alert.ts';
import { type AlertRow, type ToldAlert, toldAlert } from '../alert-row.ts';
import type { Batch } from '../batch.ts';
import { Detector, type DetectorState } from '../detector.ts';
import { stoppedRuleAlert } from '../stopped-rule.ts';
import type { Ask } from './core.ts';
import { Delivery } from './delivery.ts';
import { type Clock, Filler } from './filler.ts';
import { Line, type Piece } from './line.ts';
import type { LiveHealth, LiveOptions } from './live-options.ts';
import { type ArgsReader, createArgsReader } from './proc.ts';
import { Snapshots, type State } from './snapshots.ts';
import { placeRows, Stream } from './stream.ts';

/** How long an answer may take unless something else is said. */
export const BUDGET_MS = 2_000;
/** How many times within the budget it is looked whether rows still wait for others. */
const LOOKS = 8;
/** How long rows may wait for those before them. */
const MOST_WAIT_MS = 30_000;
const MOST_TIMER_MS = 2 ** 31 - 1;
const LATE_MS = 600_000;
/** A stream that was not heard of for so long holds nobody back. */
const FORGET_STREAM_MS = 300_000;

const SYSTEM_CLOCK: Clock = {
  nowMs: Date.now,
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms).unref()),
};

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
  readonly #clock: Clock;
  readonly #budgetMs: number;
  readonly #lateMs: number;
  readonly #onAlerts: (() => void) | undefined;
  readonly #streams = new Map<string, Stream>();
  readonly #line: Line;
  readonly #filler: Filler | null;
  readonly #args: ArgsReader | null;
  readonly #snapshots: Snapshots | null;
  readonly #columnsOf: (table: string) => readonly string[];
  #alerts: Alert[] = [];
  /** Alerts that tell of ourselves. */
  #own: ToldAlert[] = [];
  #lateAlerts = 0;
  #failures: LiveHealth['failures'] = { count: 0, last: null };

  constructor(options: LiveOptions) {
    const { rules, schema, host, store, feed, proc, bounds = {} } = options;
    const {
      ask = null,
      keepsState = false,
      clock = SYSTEM_CLOCK,
      budgetMs = BUDGET_MS,
      lateMs = LATE_MS,
    } = options;
    this.detector = new Detector({
      ...{ rules, schema, host, bounds },
      onAlert: (alert) => this.#alerts.push(alert),
      onFailure: (error) => this.#fail(error),
      onProcess: (process) => this.#args?.want(process),
      onStop: (rule, stopped) => {
        this.#own.push(stoppedRuleAlert(rule, stopped, host.id));
        options.onStop?.(rule, stopped);
      },
    });
    this.#args = proc === undefined ? null : createArgsReader(this.detector.tree, proc);
    this.delivery = new Delivery(store, feed);
    this.#columnsOf = (table) => schema.tables.get(table)?.reads ?? [];
    this.#store = store;
    this.#clock = clock;
    this.#lateMs = lateMs;
    this.#onAlerts = options.onAlerts;
    this.#budgetMs = Math.min(budgetMs, MOST_TIMER_MS);
    this.#line = new Line({
      detector: this.detector,
      // From here on a crash leaves a position behind, from which on rows are read again.
      onBegin: () => this.#snapshots?.saveFirst(),
      onRead: () => this.#tell(),
      onEnd: (piece) => this.#end(piece),
      onWait: (stream) => {
        stream.waitsSinceMs = clock.nowMs();
        this.#filler?.want(stream);
      },
      onIdle: () => {
        this.#args?.run();
        this.#snapshots?.saveWhenDue();
      },
      onFailure: (error) => this.#fail(error),
    });
    this.#filler = ask === null ? null : this.#createFiller(ask);
    this.#snapshots = keepsState
      ? new Snapshots({ store, nowMs: clock.nowMs, save: () => this.#save() })
      : null;
  }

  /**
   * Takes what is new of a batch, and gives the alerts that osquery shall log. `sent` tells whether they went out;
   * without it they did.
   */
  async answer(batch: Batch, sent?: Promise<boolean>): Promise<readonly AlertRow[]> {
    const stream = this.#stream(batch.table);
    const nowMs = this.#clock.nowMs();
    const rows = placeRows(batch);
    const scan = stream.judge(rows, { nowMs, sparse: batch.sparse === true });
    if (scan === 'next') this.delivery.acknowledge(batch.table);
    if (scan === 'unclear') this.delivery.again(batch.table);
    if (stream.waitsFor !== null && nowMs - stream.waitsSinceMs > MOST_WAIT_MS) this.#release(stream);
    const arrivedMs = scan === 'next' ? nowMs : null;
    const read = this.#line.put({ stream, columns: batch.columns, rows, arrivedMs, late: false });
    if (read !== false) await this.#withinBudget(stream, read);
    return scan === 'next' ? this.delivery.answer(batch.table, sent) : [];
  }

  /** Reads nothing of a batch; where its stream begins with it, its rows are looked for when reading begins. */
  pass(batch: Batch): void {
    this.#stream(batch.table).beginWith(placeRows(batch));
  }

  /**
   * Takes rows as they happen, outside of any scan. What they make waits for nobody's call: `onAlerts` is told, and
   * the next scan returns what was not delivered by then. Never rejects.
   */
  async feed(batch: Batch): Promise<void> {
    const { table, columns } = batch;
    const piece = { stream: this.#stream(table), columns, rows: placeRows(batch), late: false };
    await this.#line.put({ ...piece, arrivedMs: this.#clock.nowMs() });
  }

  /** Registered with osquery anew: what was returned may not have arrived. */
  registered(): void {
    this.delivery.again();
    this.catchUp();
  }

  /** Looks, in the background, for rows whose scan did not reach us and that nothing has come after. */
  catchUp(): void {
    for (const stream of this.#streams.values()) {
      if (stream.order.begun) this.#filler?.catchUp(stream);
    }
  }

  /** Takes other rules; the state of those that stay the same lives on. */
  async replaceRules(rules: readonly Rule[]): Promise<void> {
    await this.detector.replaceRules(rules);
    this.#tell();
  }

  /** Answers calls, but reads no rows until `go`: they wait. */
  pause(): void {
    this.#line.pause();
  }

  get isPaused(): boolean {
    return this.#line.isPaused;
  }

  go(): void {
    this.#line.go();
    this.catchUp();
  }

  /** Goes on from the state that the process before saved, if there is one; between `pause` and `go`. */
  async restore(): Promise<void> {
    await this.#snapshots?.restore((state) => this.#load(state));
  }

  /** Saves the state, as at the end. */
  async save(): Promise<void> {
    await this.#snapshots?.save();
  }

  get health(): LiveHealth {
    return {
      streams: [...this.#streams.values()].map(({ health }) => health),
      delivery: this.delivery.health,
      reader: this.detector.reader.health,
      store: this.#store.health,
      filler: this.#filler?.health ?? null,
      snapshot: this.#snapshots?.health ?? null,
      args: this.#args?.health ?? null,
      lateAlerts: this.#lateAlerts,
      failures: this.#failures,
    };
  }

  #stream(table: string): Stream {
    const stream = this.#streams.get(table) ?? new Stream(table, this.#filler !== null);
    this.#streams.set(table, stream);
    return stream;
  }

  #createFiller(ask: Ask): Filler {
    const columnsOf = this.#columnsOf;
    return new Filler({
      ...{ ask, clock: this.#clock, columnsOf },
      onFound: async (stream, rows) => {
        const columns = columnsOf(stream.table);
        if (stream.waitsFor !== null) this.#line.hold(stream, rows);
        else await this.#line.put({ stream, columns, rows, arrivedMs: null, late: true });
      },
      onNewer: (stream, rows) => {
        const columns = columnsOf(stream.table);
        const placed = [...rows].sort((a, b) => a.serial - b.serial);
        if (stream.waitsFor !== null) this.#line.hold(stream, placed);
        else void this.#line.put({ stream, columns, rows: placed, arrivedMs: null, late: false });
      },
      onDone: (stream) => this.#release(stream),
    });
  }

  #release(stream: Stream): void {
    this.#line.release(stream, this.#columnsOf(stream.table));
  }

  /** Rows that wait for others are not waited for: osquery may have no time to tell us of those before we answer. */
  async #withinBudget(stream: Stream, read: Promise<void>): Promise<void> {
    const isRead = read.then(() => true);
    const untilMs = performance.now() + this.#budgetMs;
    do {
      const { promise, resolve } = Promise.withResolvers<boolean>();
      const timer = setTimeout(() => resolve(false), this.#budgetMs / LOOKS);
      const done = await Promise.race([isRead, promise]);
      clearTimeout(timer);
      if (done || stream.waitsFor !== null) return;
    } while (performance.now() < untilMs);
  }

  #end({ stream, rows, arrivedMs, late }: Piece): void {
    if (arrivedMs !== null) stream.heardMs = arrivedMs;
    this.detector.advance(this.#settledMs());
    this.#tell();
    stream.giveUp();
    this.#snapshots?.count(rows.length);
    if (!late && stream.isMissing) this.#filler?.want(stream);
  }

  /** Stores the alerts made. */
  #tell(): void {
    if (this.#alerts.length === 0 && this.#own.length === 0) return;
    const [alerts, own] = [this.#alerts, this.#own];
    this.#alerts = [];
    this.#own = [];
    const lateMs = this.#clock.nowMs() - this.#lateMs;
    const told = alerts.map((alert) => {
      if (alert.timeMs >= lateMs) return toldAlert(alert);
      this.#lateAlerts++;
      return toldAlert(markLate(alert));
    });
    this.delivery.tell([...told, ...own]);
    this.#onAlerts?.();
  }

  /**
   * The moment before which nothing new can come: osquery stamps a row when it stores it, so a scan brings all
   * that was stored before it ran. The stream that was scanned longest ago decides.
   */
  #settledMs(): number {
    const nowMs = this.#clock.nowMs();
    let settled = nowMs;
    for (const { heardMs } of this.#streams.values()) {
      if (heardMs > 0 && nowMs - heardMs <= FORGET_STREAM_MS) settled = Math.min(settled, heardMs);
    }
    return settled - 1000;
  }

  #save(): State {
    const streams = [...this.#streams].map(([table, stream]) => [table, stream.save()] as const);
    return { ...this.detector.save(), streams: Object.fromEntries(streams) };
  }

  /** Positions first: without them the rest would count rows twice. */
  #load(state: State): readonly string[] {
    const { tree, engine, outputs, streams } = state as State & Partial<DetectorState>;
    for (const [table, saved] of Object.entries(Object(streams) as State)) {
      if (!this.#stream(table).load(saved)) throw new Error(`the state of ${table} cannot be used`);
    }
    return this.detector.load({ tree, engine, outputs: outputs ?? {} });
  }

  #fail(error: unknown): void {
    this.#failures = { count: this.#failures.count + 1, last: error };
  }
}

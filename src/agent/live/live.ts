import type { Rule } from '../../rule/index.ts';
import type { Store } from '../../store/index.ts';
import { type Alert, markLate } from '../alert.ts';
import { type AlertRow, type ToldAlert, toldAlert } from '../alert-row.ts';
import { type Batch, listedRows } from '../batch/index.ts';
import { Detector, type DetectorState, type RowBlock, SLACK_MS } from '../detector.ts';
import { stoppedRuleAlert } from '../stopped-rule.ts';
import type { Ask } from './core.ts';
import { Delivery } from './delivery.ts';
import { type Clock, Filler, SYSTEM_CLOCK } from './filler.ts';
import { Line, type Piece } from './line.ts';
import type { LiveHealth, LiveOptions } from './live-options.ts';
import { type PlacedRow, PlacedRows } from './placed-rows.ts';
import { type ArgsReader, createArgsReader } from './proc.ts';
import type { Search } from './search.ts';
import { settledMs } from './settled.ts';
import { Snapshots, type State } from './snapshots.ts';
import { Stream } from './stream.ts';
import { withinBudget } from './within-budget.ts';

/** How long an answer may take unless something else is said. */
export const BUDGET_MS = 2_000;
/** How long rows may wait for those before them. */
const MOST_WAIT_MS = 30_000;
const MOST_TIMER_MS = 2 ** 31 - 1;
const LATE_MS = 600_000;

/**
 * The live engine: rows of all streams go in their order to one detector, and its alerts through the store to
 * osquery.
 *
 * A call puts its rows in line and waits for them, but no longer than the budget; then it answers with what is
 * complete, and the reading goes on between other calls and pings. A call that is not the schedule's next adds
 * its new rows and gets nothing, so that whoever runs the pack's query by hand takes no alert from the log. One
 * without rows is the schedule's where by hand there would have been some, or where no other stream has any.
 */
export class Live {
  readonly detector: Detector;
  readonly delivery: Delivery;
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #budgetMs: number;
  readonly #lateMs: number;
  readonly #slackMs: number;
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
    this.#slackMs = bounds.slackMs ?? SLACK_MS;
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
    // In memory alone, state ends with us.
    this.#snapshots =
      keepsState && store.health.path !== null
        ? new Snapshots({
            ...{ store, nowMs: clock.nowMs },
            save: () => this.#save(),
            waiting: () => this.detector.waiting,
          })
        : null;
  }

  /**
   * Takes what is new of a batch, and gives the alerts that osquery shall log. `sent` tells whether they went out;
   * without it they did.
   */
  async answer(batch: Batch, sent?: Promise<boolean>): Promise<readonly AlertRow[]> {
    const stream = this.#stream(batch.table);
    const nowMs = this.#clock.nowMs();
    const rows = PlacedRows.ofBatch(batch);
    const scan = stream.judge(rows, { nowMs, sparse: batch.sparse === true });
    if (scan === 'next') this.delivery.acknowledge(batch.table);
    if (scan === 'unclear') this.delivery.again(batch.table);
    if (stream.waitsFor !== null && nowMs - stream.waitsSinceMs > MOST_WAIT_MS) this.#release(stream);
    const arrivedMs = scan === 'next' ? nowMs : null;
    const read = this.#line.put({ stream, columns: batch.columns, rows, arrivedMs, late: false });
    const isWaiting = (): boolean => stream.waitsFor !== null;
    if (read !== false) await withinBudget(read, { budgetMs: this.#budgetMs, isWaiting });
    const isScheduled = rows.length > 0 || stream.hadRows(nowMs) || !this.#hadRows(nowMs);
    return scan === 'next' && isScheduled ? this.delivery.answer(batch.table, sent) : [];
  }

  /** Reads nothing of a batch; where its stream begins with it, its rows are looked for when reading begins. */
  pass(batch: Batch): void {
    this.#stream(batch.table).beginWith(PlacedRows.ofBatch(batch));
  }

  /**
   * Takes rows as they happen, outside of any scan. What they make waits for nobody's call: `onAlerts` is told, and
   * the next scan returns what was not delivered by then. Never rejects.
   */
  async feed({ table, columns, rows }: RowBlock): Promise<void> {
    const placed = PlacedRows.ofBatch({ table, columns, rows: listedRows(rows) });
    const piece = { stream: this.#stream(table), columns, rows: placed, late: false };
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
      stream.fallBehind();
      this.#filler?.want(stream);
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
    return new Filler({
      ...{ ask, clock: this.#clock, columnsOf: this.#columnsOf },
      onFound: (stream, search, rows) => this.#found(stream, search, rows),
      onDone: (stream, search, askedMs) => {
        if (search.isOpen) stream.heardMs = Math.max(stream.heardMs, askedMs);
        const isWaitedFor = stream.waitsFor === search;
        stream.searched(search);
        if (isWaitedFor) this.#release(stream);
        // No rows: their end tells the rules that waited how far it is now.
        const columns = this.#columnsOf(stream.table);
        void this.#line.put({ stream, columns, rows: PlacedRows.of([]), arrivedMs: null, late: true });
      },
    });
  }

  /** Rows that come after all that were read are held while others wait for them; what lies before is late. */
  async #found(stream: Stream, search: Search, rows: readonly PlacedRow[]): Promise<void> {
    const { position } = stream.order;
    const piece = { stream, columns: this.#columnsOf(stream.table), arrivedMs: null };
    const newer = rows.filter(({ serial }) => serial > position);
    let older = search.isOpen ? [] : rows;
    if (stream.waitsFor !== null) {
      this.#line.hold(stream, newer);
      older = older.filter(({ serial }) => serial <= position);
    } else if (search.isOpen) {
      void this.#line.put({ ...piece, rows: PlacedRows.of(newer), late: false });
    }
    if (older.length > 0) await this.#line.put({ ...piece, rows: PlacedRows.of(older), late: true });
  }

  #release(stream: Stream): void {
    this.#line.release(stream, this.#columnsOf(stream.table));
  }

  #end({ stream, rows, arrivedMs }: Piece): void {
    if (arrivedMs !== null) stream.heardMs = arrivedMs;
    stream.giveUp();
    this.detector.advance(settledMs(this.#streams.values(), this.#clock.nowMs(), this.#slackMs));
    this.#tell();
    this.#snapshots?.count(rows.length);
    if (stream.search !== null) this.#filler?.want(stream);
  }

  #hadRows(nowMs: number): boolean {
    return [...this.#streams.values()].some((stream) => stream.hadRows(nowMs));
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

  #save(): State {
    const streams = [...this.#streams].map(([table, stream]) => [table, stream.save()] as const);
    return { ...this.detector.save(), streams: Object.fromEntries(streams) };
  }

  /** Positions first: without them the rest would count rows twice. */
  #load(state: State): readonly string[] {
    const { tree, layouts, engine, outputs, streams } = state as State & Partial<DetectorState>;
    for (const [table, saved] of Object.entries(Object(streams) as State)) {
      if (!this.#stream(table).load(saved)) throw new Error(`the state of ${table} cannot be used`);
    }
    return this.detector.load({ tree, layouts, engine, outputs: outputs ?? {} });
  }

  #fail(error: unknown): void {
    this.#failures = { count: this.#failures.count + 1, last: error };
  }
}

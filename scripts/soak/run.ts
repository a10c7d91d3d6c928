import { setTimeout as sleep } from 'node:timers/promises';
import type { FedBatch, Feed } from './feed.ts';
import { type Beside, growth, type Measured, type Minute, TOLD } from './report.ts';
import type { Subject, Usage } from './subject.ts';

export interface Subjects {
  readonly whole: Subject;
  readonly noRules: Subject;
  readonly decode: Subject;
}

type Floor = Exclude<keyof Subjects, 'whole'>;

export interface SoakOptions {
  readonly subjects: Subjects;
  readonly feed: Feed;
  readonly minutes: number;
  readonly eventsPerSecond: number;
  readonly intervalSeconds: number;
  /** The id of the rule whose alerts are the canaries'. */
  readonly canaryId: string;
  onMinute(minute: Minute): void;
}

type Usages = Readonly<Record<keyof Subjects, Usage>>;

/** What is compiled and learned in the first while is not measured. */
const WARM_UP_SECONDS = 30;
/**
 * The floors are fed beside, one after the other: what else is at work on the processor makes everything dearer, and a
 * host has one extension. That without rules is first, for it keeps a tree and must not miss rows.
 */
const FLOORS: readonly Floor[] = ['noRules', 'decode'];
const FLOOR_MINUTES = 5;
const MORE_SCANS = 5;

/** Hands the same rows to all subjects, scan after scan at the pace given, and measures. */
export class Soak {
  readonly #options: SoakOptions;
  readonly #alerts = new Set<string>();
  readonly #canaries = new Set<string>();
  readonly #memory: Usage[] = [];
  #events = 0;
  #minutes = 0;
  #mostLagMs = 0;
  #mostAnswerMs = 0;
  /** Those that are fed the same rows; both until the measuring begins. */
  #floors = FLOORS;
  #scans = 0;

  constructor(options: SoakOptions) {
    this.#options = options;
  }

  async run(): Promise<Measured> {
    const { minutes, intervalSeconds } = this.#options;
    const startedMs = Date.now();
    const pause = (scan: number): Promise<void> =>
      sleep(Math.max(0, startedMs + scan * intervalSeconds * 1000 - Date.now()));
    const warmUp = Math.ceil(WARM_UP_SECONDS / intervalSeconds);
    for (let scan = 1; scan <= warmUp; scan += 1) {
      await pause(scan);
      await this.#scan();
    }
    const scans = Math.ceil((minutes * 60) / intervalSeconds);
    const floorScans = Math.min(
      FLOOR_MINUTES * Math.ceil(60 / intervalSeconds),
      Math.ceil(scans / FLOORS.length),
    );
    const beside: Partial<Record<Floor, Beside>> = {};
    const first = this.#begin();
    let floorsBegun = first;
    let begun = { usage: first, scan: 0 };
    for (let scan = 1; scan <= scans; scan += 1) {
      const floor = FLOORS[Math.floor((scan - 1) / floorScans)];
      this.#floors = floor === undefined ? [] : [floor];
      await pause(warmUp + scan);
      await this.#scan();
      this.#memory.push(this.#options.subjects.whole.usage());
      if (floor !== undefined && (scan % floorScans === 0 || scan === scans)) {
        beside[floor] = this.#beside(floor, floorsBegun, floorScans * intervalSeconds);
        floorsBegun = this.#usages();
      }
      const seconds = (scan - begun.scan) * intervalSeconds;
      if (seconds < 60 && scan < scans) continue;
      this.#endMinute(seconds, begun.usage);
      begun = { usage: this.#begin(), scan };
    }
    const percent = this.#percent('whole', first, scans * intervalSeconds);
    await this.#finish();
    return { percent, beside: beside as Measured['beside'], ...(await this.#told()) };
  }

  /** What is measured from here on. */
  #begin(): Usages {
    this.#options.subjects.whole.takePings();
    this.#mostAnswerMs = 0;
    return this.#usages();
  }

  #usages(): Usages {
    const { whole, noRules, decode } = this.#options.subjects;
    return { whole: whole.usage(), noRules: noRules.usage(), decode: decode.usage() };
  }

  #endMinute(seconds: number, before: Usages): void {
    const { whole } = this.#options.subjects;
    const pings = whole.takePings();
    const mostLagMs = pings.at(-1) ?? 0;
    this.#mostLagMs = Math.max(this.#mostLagMs, mostLagMs);
    this.#minutes += 1;
    this.#options.onMinute({
      minute: this.#minutes,
      events: this.#events,
      alerts: this.#alerts.size,
      percent: this.#percent('whole', before, seconds),
      noRulesPercent: this.#floorPercent('noRules', before, seconds),
      decodePercent: this.#floorPercent('decode', before, seconds),
      rssMegabytes: whole.usage().rssMegabytes,
      lagMs: pings[pings.length >> 1] ?? 0,
      mostLagMs,
      mostAnswerMs: this.#mostAnswerMs,
      lost: this.#lost,
    });
  }

  async #scan(): Promise<void> {
    const { feed, eventsPerSecond, intervalSeconds, subjects } = this.#options;
    const fromSecond = Math.floor(Date.now() / 1000) - intervalSeconds;
    const count = eventsPerSecond * intervalSeconds;
    for (const { table, rows } of feed.next(count, fromSecond, intervalSeconds)) {
      const context = contextOf(table.name, rows);
      this.#events += rows.length;
      const calls = [() => this.#give(context)];
      for (const floor of this.#floors) {
        calls.push(async () => void (await subjects[floor].generate('detections', context)));
      }
      // Whoever is called first finds the processor asleep and its caches cold.
      const first = this.#scans % calls.length;
      for (const call of [...calls.slice(first), ...calls.slice(0, first)]) await call();
    }
    this.#scans += 1;
  }

  /** What waited for later rows, or for its turn, comes with the next scans. */
  async #finish(): Promise<void> {
    for (let more = 0; more < MORE_SCANS && this.#lost > 0; more += 1) {
      await this.#give(contextOf('process_events', []));
    }
  }

  async #give(context: Uint8Array): Promise<void> {
    const { subjects, canaryId } = this.#options;
    const { rows, milliseconds } = await subjects.whole.generate('detections', context);
    this.#mostAnswerMs = Math.max(this.#mostAnswerMs, milliseconds);
    for (const { alert_id: id, rule_id: rule } of rows) {
      this.#alerts.add(id!);
      if (rule === canaryId) this.#canaries.add(id!);
    }
  }

  get #lost(): number {
    return this.#options.feed.canaries - this.#canaries.size;
  }

  #beside(floor: Floor, before: Usages, seconds: number): Beside {
    const [percent, floorPercent] = [
      this.#percent('whole', before, seconds),
      this.#percent(floor, before, seconds),
    ];
    return { percent, floorPercent };
  }

  /** Null when it is not fed. */
  #floorPercent(floor: Floor, before: Usages, seconds: number): number | null {
    return this.#floors.includes(floor) ? this.#percent(floor, before, seconds) : null;
  }

  #percent(name: keyof Subjects, before: Usages, seconds: number): number {
    const now = this.#options.subjects[name].usage();
    return (100 * (now.cpuSeconds - before[name].cpuSeconds)) / seconds;
  }

  async #told(): Promise<Omit<Measured, 'percent' | 'beside'>> {
    const { whole } = this.#options.subjects;
    const health = await whole.health();
    return {
      events: this.#events,
      alerts: this.#alerts.size,
      rss: growth(this.#memory),
      registeredMs: whole.registeredMs,
      registeredCpuMs: whole.registeredCpuSeconds * 1000,
      runningCpuMs: whole.runningCpuSeconds * 1000,
      told: Object.fromEntries(TOLD.map((name) => [name, Number(health[name])])),
      mostLagMs: this.#mostLagMs,
      lost: this.#lost,
      errors: whole.errors,
    };
  }
}

/** The JSON of `context` in core's call; the pack's query gives the newest row first. */
function contextOf(table: string, rows: FedBatch['rows']): Uint8Array {
  const constraints = [
    { name: 'batch', affinity: 'BIGINT', list: [{ op: 16, expr: JSON.stringify(rows.toReversed()) }] },
    { name: 'stream', affinity: 'TEXT', list: [{ op: 2, expr: table }] },
  ];
  return Buffer.from(JSON.stringify({ constraints, colsUsed: ['batch', 'stream'] }));
}

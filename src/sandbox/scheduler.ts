import { DifferentialStore } from './differential.ts';
import type { LogItem } from './result-log.ts';
import { escapeRow } from './result-log.ts';
import type { Schedule, ScheduledQuery } from './schedule.ts';
import type { FedRow, Scan } from './sql/messages.ts';

export interface SchedulerOptions {
  readonly schedule: Schedule;
  readonly hostIdentifier: string;
  readonly decorations: Readonly<Record<string, string>>;
  /** `pack_refresh_interval`, in seconds. */
  readonly packRefreshSeconds: number;
  query(sql: string, name?: string): Promise<Scan>;
  log(item: LogItem): Promise<void>;
  status(severity: 0 | 1 | 2, message: string): void;
}

interface Performance {
  executions: number;
  lastExecuted: number;
  wallTimeMs: number;
  lastWallTimeMs: number;
}

interface Discovery {
  /** Unix seconds of the last answer. */
  at: number;
  active: boolean;
  executions: number;
  hits: number;
}

/** Runs scheduled queries and logs what they give. Source: osquery/dispatcher/scheduler.cpp, osquery/config/packs.cpp. */
export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #store = new DifferentialStore();
  readonly #performance = new Map<string, Performance>();
  readonly #discovery = new Map<string, Discovery>();

  constructor(options: SchedulerOptions) {
    this.#options = options;
  }

  /** The step of one second: what is due then, one after the other. A query is due when its interval divides the time. */
  async step(unixTime: number): Promise<void> {
    for (const query of this.#options.schedule.queries) {
      if (unixTime % query.intervalSeconds !== 0) continue;
      if (await this.#isActive(query.pack, unixTime)) await this.#launch(query, unixTime);
    }
  }

  /** Runs the queries of that name now, due or not; all of them without a name. */
  async runNow(name: string | undefined, unixTime: number): Promise<void> {
    const chosen = this.#options.schedule.queries.filter(
      (query) => name === undefined || query.name === name,
    );
    if (chosen.length === 0) throw new Error(`no scheduled query: ${name}`);
    for (const query of chosen) {
      if (await this.#isActive(query.pack, unixTime)) await this.#launch(query, unixTime);
    }
  }

  /** Whether every discovery query of the pack gave rows; kept for an hour, right or wrong. */
  async #isActive(pack: string | undefined, unixTime: number): Promise<boolean> {
    const queries = pack === undefined ? [] : (this.#options.schedule.packs.get(pack) ?? []);
    if (pack === undefined || queries.length === 0) return true;
    const known = this.#discovery.get(pack);
    if (known !== undefined && unixTime - known.at < this.#options.packRefreshSeconds) {
      known.hits++;
      return known.active;
    }
    const active = await this.#discover(queries);
    this.#discovery.set(pack, {
      at: unixTime,
      active,
      executions: (known?.executions ?? 0) + 1,
      hits: known?.hits ?? 0,
    });
    return active;
  }

  async #discover(queries: readonly string[]): Promise<boolean> {
    for (const query of queries) {
      try {
        if ((await this.#options.query(query)).rows.length === 0) return false;
      } catch (error) {
        this.#options.status(1, `Discovery query failed (${query}): ${messageOf(error)}`);
        return false;
      }
    }
    return true;
  }

  async #launch(query: ScheduledQuery, unixTime: number): Promise<void> {
    const started = performance.now();
    let scan: Scan;
    try {
      scan = await this.#options.query(query.query, query.name);
    } catch (error) {
      this.#options.status(2, `Error executing scheduled query ${query.name}: ${messageOf(error)}`);
      return;
    } finally {
      this.#record(query.name, unixTime, performance.now() - started);
    }
    const item = this.#itemFrom(query, scan, unixTime);
    if (item === undefined) return;
    try {
      await this.#options.log(item);
    } catch (error) {
      // Here osqueryd ends, worker and watcher, with exit code 78; the sandbox says so and goes on.
      this.#options.status(2, `Error logging the results of query: ${query.name}: ${messageOf(error)}`);
    }
  }

  #itemFrom(query: ScheduledQuery, scan: Scan, unixTime: number): LogItem | undefined {
    const { name, snapshot, removed: wantsRemoved } = query;
    const { hostIdentifier, decorations } = this.#options;
    const base = { name, hostIdentifier, decorations, unixTime, epoch: 0 };
    if (snapshot) return { ...base, counter: 0, results: { kind: 'snapshot', rows: scan.rows } };
    const rows = scan.rows.map(escapeRow);
    // A query that read an event-based table anywhere is not compared with its last results.
    const { added, removed, counter } = scan.eventBased
      ? this.#store.addEvents(name, query.query, rows)
      : this.#store.addResults(name, query.query, rows);
    const told = wantsRemoved ? removed : [];
    if (added.length === 0 && told.length === 0) return undefined;
    return { ...base, counter, results: { kind: 'differential', added, removed: told } };
  }

  #record(name: string, unixTime: number, ms: number): void {
    const known = this.#performance.get(name) ?? {
      executions: 0,
      lastExecuted: 0,
      wallTimeMs: 0,
      lastWallTimeMs: 0,
    };
    const lastWallTimeMs = Math.round(ms);
    this.#performance.set(name, {
      ...known,
      executions: known.executions + 1,
      lastExecuted: unixTime,
      wallTimeMs: known.wallTimeMs + lastWallTimeMs,
      lastWallTimeMs,
    });
  }

  /** Rows of `osquery_schedule`. */
  scheduleRows(): readonly FedRow[] {
    return this.#options.schedule.queries.map(({ name, query, intervalSeconds }) => {
      const measured = this.#performance.get(name);
      return {
        name,
        query,
        interval: intervalSeconds,
        executions: measured?.executions ?? 0,
        last_executed: measured?.lastExecuted ?? 0,
        denylisted: 0,
        wall_time: Math.round((measured?.wallTimeMs ?? 0) / 1000),
        wall_time_ms: measured?.wallTimeMs ?? 0,
        last_wall_time_ms: measured?.lastWallTimeMs ?? 0,
      };
    });
  }

  /** Rows of `osquery_packs`. */
  packRows(): readonly FedRow[] {
    return [...this.#options.schedule.packs].map(([name, queries]) => {
      const known = this.#discovery.get(name);
      return {
        name,
        platform: '',
        version: '',
        shard: 0,
        discovery_cache_hits: known?.hits ?? 0,
        discovery_executions: known?.executions ?? 0,
        active: (known?.active ?? queries.length === 0) ? 1 : 0,
      };
    });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

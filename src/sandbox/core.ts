import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ExtensionInfo, failure, type Reply } from '../osquery/index.ts';
import { CORE_ROWS } from './core-rows.ts';
import { type DefinedTable, tablesFrom } from './core-tables.ts';
import { EventNumbers } from './event-numbers.ts';
import { ExtensionProcess } from './extension-process.ts';
import { DEFAULT_FLAGS, optionsFrom } from './flags.ts';
import { type BuiltInLogger, createFilesystemLogger, LogRouter } from './log-router.ts';
import { ExtensionManager, replyWith, rowsOf } from './manager.ts';
import { type LogItem, printLogItem, printRow } from './result-log.ts';
import type { Sandbox, SandboxOptions } from './sandbox.ts';
import { readSchedule, type ScheduledQuery } from './schedule.ts';
import { ScheduleTime, Turns } from './schedule-time.ts';
import { Scheduler } from './scheduler.ts';
import { SandboxDatabase } from './sql/database.ts';
import type { CellRow, FedRow, Scan } from './sql/messages.ts';
import { calendarTime } from './status-line.ts';

/** Starts a stand-in for osqueryd: it listens, and the extension's process is started. Rejects when osqueryd would not start. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const core = new Core(options);
  try {
    await core.start();
  } catch (error) {
    await core.stop();
    throw error;
  }
  return core;
}

/** osqueryd's parts, put together as osqueryd has them. */
class Core implements Sandbox {
  readonly socketPath: string;
  readonly #options: SandboxOptions;
  readonly #flags: Readonly<Record<string, string>>;
  readonly #ownFolder: string | undefined;
  readonly #tables: readonly DefinedTable[];
  readonly #database: SandboxDatabase;
  readonly #manager: ExtensionManager;
  readonly #logs: LogRouter;
  readonly #scheduler: Scheduler;
  readonly #process: ExtensionProcess | undefined;
  readonly #numbers = new EventNumbers();
  readonly #time: ScheduleTime;
  readonly #feeding = new Turns();
  readonly schedule: readonly ScheduledQuery[];
  #watching: NodeJS.Timeout | undefined;
  #stopping = false;

  constructor(options: SandboxOptions) {
    this.#options = options;
    this.#time = new ScheduleTime(options.startTime, (second) => this.#scheduler.step(second));
    this.#flags = { ...DEFAULT_FLAGS, ...options.flags };
    this.#ownFolder = options.socketPath === undefined ? mkdtempSync(join(tmpdir(), 'osq-')) : undefined;
    this.socketPath = options.socketPath ?? join(this.#ownFolder!, 'em');
    this.#tables = tablesFrom(options.schema);
    this.#database = new SandboxDatabase(
      async (table, context) =>
        rowsOf(await this.#manager.callPlugin('table', table, { action: 'generate', context })),
      options.databasePath,
    );
    this.#manager = this.#createManager();
    this.#logs = this.#createLogs();
    const schedule = readSchedule(options.config ?? {}, options.platform ?? 'linux');
    this.schedule = schedule.queries;
    this.#scheduler = new Scheduler({
      schedule,
      hostIdentifier: this.#hostIdentifier,
      decorations: options.decorations ?? {},
      packRefreshSeconds: this.#flag('pack_refresh_interval'),
      query: (sql, name) => this.#query(sql, name),
      log: (item) => this.#log(item),
      status: (severity, message) => this.#status(severity, 'scheduler.cpp', message),
    });
    for (const warning of schedule.warnings) this.#status(1, 'packs.cpp', warning);
    this.#process = this.#createProcess();
  }

  async start(): Promise<void> {
    for (const { name, columns, events } of this.#tables) {
      this.#numbers.resume(name, await this.#database.define(name, columns, events));
    }
    for (const [table, rows] of Object.entries(this.#options.rows ?? {})) await this.setRows(table, rows);
    await this.#manager.listen();
    this.#process?.watch();
    await this.#awaitLoggers();
    await this.#logs.start();
    const { watchIntervalMs = 3000 } = this.#options;
    if (watchIntervalMs > 0) this.#watching = setInterval(() => void this.watch(), watchIntervalMs);
    this.#time.start();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#watching);
    await this.#time.stop();
    await this.#manager.close();
    await this.#process?.stop();
    await this.#database.close();
    if (this.#ownFolder !== undefined) rmSync(this.#ownFolder, { recursive: true, force: true });
  }

  get extensions(): ReadonlyMap<number, ExtensionInfo> {
    return this.#manager.extensions;
  }

  get extensionPid(): number | undefined {
    return this.#process?.pid;
  }

  registered(name?: string): Promise<number> {
    return this.#manager.registered(name);
  }

  feed(table: string, rows: readonly FedRow[]): Promise<void> {
    const numbered = this.#numbers.number(table, rows, this.#time.now);
    return this.#feeding.run(async () => {
      if (this.#logs.forwardsEvents) {
        for (const row of numbered) await this.#logs.event(printRow(textsOf(row)));
      }
      await this.#database.insert(table, numbered);
    });
  }

  async setRows(table: string, rows: readonly FedRow[]): Promise<void> {
    await this.#database.replace(table, rows);
  }

  async query(sql: string): Promise<readonly CellRow[]> {
    return (await this.#query(sql)).rows;
  }

  advance(seconds: number): Promise<void> {
    return this.#time.advance(seconds);
  }

  runNow(name?: string): Promise<void> {
    return this.#time.run((now) => this.#scheduler.runNow(name, now));
  }

  async watch(): Promise<void> {
    this.#process?.watch();
    await this.#manager.ping();
  }

  killExtension(signal: NodeJS.Signals): void {
    this.#process?.kill(signal);
  }

  get #hostIdentifier(): string {
    return this.#options.hostIdentifier ?? 'sandbox';
  }

  #flag(name: string): number {
    return Number(this.#flags[name]) || 0;
  }

  async #query(sql: string, name?: string): Promise<Scan> {
    const facts = {
      socketPath: this.socketPath,
      flags: this.#flags,
      extensions: this.extensions,
      events: this.#tables
        .filter(({ events }) => events)
        .map(({ name }) => ({ name, count: this.#numbers.countOf(name) })),
      schedule: this.#scheduler.scheduleRows(),
      packs: this.#scheduler.packRows(),
    };
    for (const [table, rows] of Object.entries(CORE_ROWS)) {
      if (sql.includes(table)) await this.#database.replace(table, rows(facts));
    }
    return this.#database.query(sql, name);
  }

  async #log(item: LogItem): Promise<void> {
    const isSnapshot = item.results.kind === 'snapshot';
    const asEvents = this.#flags[isSnapshot ? 'logger_snapshot_event_type' : 'logger_event_type'] === 'true';
    for (const line of printLogItem(item, asEvents)) {
      if (isSnapshot) await this.#logs.snapshot(line);
      else await this.#logs.string(line, 'event');
    }
  }

  #status(severity: 0 | 1 | 2, filename: string, message: string): void {
    const unixTime = this.#time.now;
    const line = { severity, filename, line: 1, message, hostIdentifier: this.#hostIdentifier };
    void this.#logs.status({ ...line, unixTime, calendarTime: calendarTime(unixTime) });
  }

  /** osqueryd ends with exit code 78 when a logger that the flags name is not there in time. */
  async #awaitLoggers(): Promise<void> {
    const deadline = performance.now() + this.#flag('extensions_timeout') * 1000;
    const missing = () => this.#logs.external.filter((name) => !this.#manager.hasPlugin('logger', name));
    while (missing().length > 0) {
      if (performance.now() > deadline) {
        throw new Error(`osqueryd would end with exit code 78: no logger plugin ${missing().join(', ')}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    if (this.#logs.external.length > 0) await this.#manager.registered();
  }

  #createManager(): ExtensionManager {
    const timeoutMs = this.#flag('thrift_timeout') * 1000;
    return new ExtensionManager(
      {
        attach: (table, columns, eventBased) => this.#database.attach(table, columns, eventBased),
        // After the end there is nothing to detach from.
        detach: (table) => this.#database.detach(table).catch(() => {}),
        isTaken: (registry, name) =>
          registry === 'table'
            ? this.#tables.some((table) => table.name === name)
            : registry === 'logger' && name === 'filesystem',
        query: async (sql) => replyWith((await this.#query(sql)).rows),
        columns: async (sql) =>
          replyWith((await this.#database.columns(sql)).map(({ name, type }) => ({ [name]: type }))),
        options: () => optionsFrom(this.#flags),
        callLogger: (item, request) => this.#callLogger(item, request),
        status: (severity, message) => this.#status(severity, 'interface.cpp', message),
      },
      this.socketPath,
      timeoutMs,
    );
  }

  async #callLogger(item: string, request: Parameters<LogRouter['forward']>[0]): Promise<Reply> {
    const names = this.#flags['logger_plugin']!.split(',');
    if (item !== '' && !names.includes(item)) {
      // Here a live worker crashes: core does not look whether the named logger is active.
      return failure(`osqueryd's worker would crash: logger ${item} is not active`);
    }
    await this.#logs.forward(request);
    return replyWith([]);
  }

  #createLogs(): LogRouter {
    const { logDirectory, onResult, onStatus } = this.#options;
    const nothing: BuiltInLogger = { string() {}, snapshot() {}, status() {} };
    const filesystem = logDirectory === undefined ? nothing : createFilesystemLogger(logDirectory);
    return new LogRouter({
      names: this.#flags['logger_plugin']!.split(',').filter((name) => name !== ''),
      builtIn: new Map([['filesystem', filesystem]]),
      call: async (name, request) => (await this.#manager.callPlugin('logger', name, request)).status.code,
      observer: {
        string: (line) => onResult?.(line.toString()),
        snapshot: (line) => onResult?.(line.toString()),
        status: (status) => onStatus?.(status),
      },
    });
  }

  #createProcess(): ExtensionProcess | undefined {
    const { extension, onExtensionOutput } = this.#options;
    if (extension === undefined) return undefined;
    return new ExtensionProcess({
      ...extension,
      socketPath: this.socketPath,
      timeoutSeconds: this.#flag('extensions_timeout'),
      intervalSeconds: this.#flag('extensions_interval'),
      onOutput: onExtensionOutput,
      onExit: (how) => this.#status(this.#stopping ? 0 : 1, 'watcher.cpp', `Extension process ended: ${how}`),
    });
  }
}

function textsOf(row: FedRow): CellRow {
  const cells = Object.entries(row).filter(([, value]) => value !== null);
  return Object.fromEntries(
    cells.map(([name, value]) => [name, value instanceof Uint8Array ? value : String(value)]),
  );
}

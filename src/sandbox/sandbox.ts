import type { ExtensionInfo } from '../osquery/index.ts';
import type { TableSchema } from './core-tables.ts';
import type { ExtensionCommand } from './extension-process.ts';
import type { Config, ScheduledQuery } from './schedule.ts';
import type { CellRow, FedRow } from './sql/messages.ts';
import type { StatusLine } from './status-line.ts';

export interface SandboxOptions {
  /** Tables with their columns: every event table that is fed, and others that queries name. Core's usual ones are there. */
  readonly schema: readonly TableSchema[];
  /** Rows of tables that are no event tables, by table. */
  readonly rows?: Readonly<Record<string, readonly FedRow[]>>;
  readonly config?: Config;
  /**
   * osqueryd's flags, texts. Those that do something here: `logger_plugin` (`filesystem`), `logger_event_type`
   * (`true`), `logger_snapshot_event_type` (`false`), `extensions_timeout` (3), `extensions_interval` (3),
   * `pack_refresh_interval` (3600), `thrift_timeout` (seconds; 30 here, 300 there). All others are only told.
   */
  readonly flags?: Readonly<Record<string, string>>;
  readonly extension?: ExtensionCommand;
  /** Each line the extension's process writes; without it the process writes where we do. */
  onExtensionOutput?(line: string): void;
  /** Where the `filesystem` logger writes; it writes nothing without one. */
  readonly logDirectory?: string;
  /** Each result or snapshot line as logged, and with `call("logger", …)` those of extensions; bytes that are no UTF-8 replaced. */
  onResult?(line: string): void;
  onStatus?(status: StatusLine): void;
  /** `linux` when absent. */
  readonly platform?: string;
  readonly hostIdentifier?: string;
  readonly decorations?: Readonly<Record<string, string>>;
  /** Unix seconds from which time goes on by `advance()` alone. Without it, time is the clock's and the schedule runs by itself. */
  readonly startTime?: number;
  /**
   * A file that keeps events and each query's pointer, as osqueryd's database does: a sandbox that is started with it
   * again, after whatever end, goes on there as a new worker does, and knows no extension. In memory when absent.
   */
  readonly databasePath?: string;
  /** Where the manager listens; in a new folder of the system's temporary one when absent (a socket's path has at most 107 bytes). */
  readonly socketPath?: string;
  /** How often extensions are pinged and a dead process is started anew; 0 leaves that to `watch()`. 3,000 when absent. */
  readonly watchIntervalMs?: number;
}

/** A running stand-in for osqueryd. */
export interface Sandbox {
  readonly socketPath: string;
  readonly schedule: readonly ScheduledQuery[];
  readonly extensions: ReadonlyMap<number, ExtensionInfo>;
  /** The extension's process, while there is one. */
  readonly extensionPid: number | undefined;
  /** Settles with its UUID when an extension of that name (any, without one) is registered and has answered a ping. */
  registered(name?: string): Promise<number>;
  /** Stores events of a table, in order, and forwards them to the loggers that want them. Rows without `eid` and `time` get them. */
  feed(table: string, rows: readonly FedRow[]): Promise<void>;
  /** Gives a table that is no event table other rows. */
  setRows(table: string, rows: readonly FedRow[]): Promise<void>;
  /** An ad-hoc query, as over the manager socket. Rejects with SQLite's message. */
  query(sql: string): Promise<readonly CellRow[]>;
  /** Lets so many seconds pass, running what is due in each. Only with `startTime`. */
  advance(seconds: number): Promise<void>;
  /** Runs a scheduled query now, or all of them, due or not. */
  runNow(name?: string): Promise<void>;
  /** One round of what core does every few seconds: ping extensions, start a dead process anew. */
  watch(): Promise<void>;
  killExtension(signal: NodeJS.Signals): void;
  stop(): Promise<void>;
}

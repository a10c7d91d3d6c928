import type { Sqlite } from './database.ts';
import { FileReader } from './file-reader.ts';
import { FileStore } from './file-store.ts';
import type { Store, StoreLog, StoreReader } from './store.ts';

export interface StoreOptions {
  /** The file; null keeps all in memory. */
  readonly path: string | null;
  readonly log?: StoreLog;
  readonly nowMs?: () => number;
  /** How large the file may grow; 128 MiB unless given. */
  readonly mostBytes?: number;
  /** How many alerts are kept; 20,000 unless given. */
  readonly mostAlerts?: number;
  /** How long delivered alerts are kept; 30 days unless given. */
  readonly keepMs?: number;
  /** Replaced in tests; better-sqlite3, loaded when it is needed, unless given. */
  readonly sqlite?: Sqlite;
}

const NO_LOG: StoreLog = { info() {}, warn() {} };

/** Opens the store. Never rejects: while the file is not to be had, all is kept in memory and `health` says why. */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { path, log = NO_LOG, nowMs = Date.now } = options;
  const { mostBytes = 128 << 20, mostAlerts = 20_000, keepMs = 30 * 86_400_000 } = options;
  const sqlite = path === null ? null : (options.sqlite ?? (await loadSqlite()));
  return new FileStore({ path, sqlite, log, nowMs, mostBytes, mostAlerts, keepMs });
}

/** Opens a store that another process writes, to read what is in it. Never rejects. */
export async function readStore(path: string): Promise<StoreReader> {
  return new FileReader(path, await loadSqlite());
}

/** The one native part: a build without it still runs, in memory. The error is told when the file is opened. */
async function loadSqlite(): Promise<Sqlite | Error> {
  try {
    return (await import('better-sqlite3')).default;
  } catch (error) {
    return new Error('loading better-sqlite3', { cause: error });
  }
}

import type { AlertFilter, NewAlert, StoredAlert } from './alert.ts';
import type { Sqlite, StoreDatabase } from './database.ts';
import { explain, failureOf } from './failure.ts';
import { Owned, type OwnedFile, openFile, putAside } from './file.ts';
import { MemoryAlerts } from './memory-alerts.ts';
import type { Ids, Snapshot, Store, StoreHealth, StoreLog } from './store.ts';

export interface FileStoreOptions {
  readonly path: string | null;
  /** Null when there is no path; an error when it could not be loaded. */
  readonly sqlite: Sqlite | Error | null;
  readonly log: StoreLog;
  readonly nowMs: () => number;
  readonly mostBytes: number;
  readonly mostAlerts: number;
  readonly keepMs: number;
}

/** How long after a failure the file is tried again. */
const RETRY_MS = 30_000;
const OWN_RETRY_MS = 50;
const MOST_IN_MEMORY = 10_000;
/** The share of the file's bound that alerts may fill: the rest is for the snapshot. */
const ALERTS_SHARE = 0.75;
/** One part in so many of a bound may be passed before alerts are removed: each time costs as much as storing some. */
const SHARE_UNPRUNED = 100;

/**
 * The store over its file, and over memory while the file fails.
 *
 * A file that fails to be written is still read. What came meanwhile is in memory and goes to the file, in one
 * transaction, at the first call after it takes writes again; nothing here runs by itself.
 */
export class FileStore implements Store {
  readonly #options: FileStoreOptions;
  readonly #memory = new MemoryAlerts(MOST_IN_MEMORY);
  /** Delivered while the file could not be written. */
  readonly #delivered = new Map<string, number>();
  #file: OwnedFile | null = null;
  #trouble: string | null = null;
  #retryMs = 0;
  #dropped = 0;
  #putAside: string | null = null;
  #closed = false;
  /** Another process writes to the file. */
  #isOwned = false;
  /** What came since alerts were last removed, and when that was. */
  #unpruned = { alerts: 0, bytes: 0, sinceMs: 0 };
  #snapshotMs = 0;
  #snapshotBytes = 0;

  constructor(options: FileStoreOptions) {
    this.#options = options;
    this.#write(() => {});
  }

  async own(patienceMs: number): Promise<void> {
    const untilMs = performance.now() + patienceMs;
    while (this.#isOwned && !this.#closed && performance.now() < untilMs) {
      await new Promise((resolve) => setTimeout(resolve, OWN_RETRY_MS));
      this.#retryMs = 0;
      this.#settle();
    }
  }

  add(alerts: readonly NewAlert[]): readonly NewAlert[] {
    if (alerts.length === 0) return alerts;
    const now = this.#options.nowMs();
    const written = this.#write((database) => database.add(alerts, now));
    if (written !== undefined) {
      for (const { row, document } of written) this.#unpruned.bytes += row.length + document.length;
      this.#unpruned.alerts += written.length;
      this.#prune(now);
      return written;
    }
    const known = this.#read((database) => database.known(alerts.map(({ id }) => id))) ?? new Set();
    return alerts.filter((alert) => !known.has(alert.id) && this.#memory.add(alert, now));
  }

  /** Keeps to the bounds, once so much came that they may be passed by a hundredth. */
  #prune(nowMs: number): void {
    const { mostAlerts, mostBytes, keepMs } = this.#options;
    const { alerts, bytes, sinceMs } = this.#unpruned;
    const passed = Math.max(alerts / mostAlerts, bytes / mostBytes, Math.abs(nowMs - sinceMs) / keepMs);
    if (passed * SHARE_UNPRUNED < 1) return;
    const bounds = {
      most: mostAlerts,
      mostBytes: mostBytes * ALERTS_SHARE,
      deliveredBeforeMs: nowMs - keepMs,
    };
    const dropped = this.#write((database) => database.prune(bounds));
    if (dropped === undefined) return;
    this.#dropped += dropped;
    this.#unpruned = { alerts: 0, bytes: 0, sinceMs: nowMs };
  }

  waiting(feed: string, most: number, except: Ids): readonly StoredAlert[] {
    this.#settle();
    const skipped = (id: string): boolean => except.has(id) || this.#delivered.has(id);
    const asked = most + except.size + this.#delivered.size;
    const inFile = this.#read((database) => database.waiting(feed, asked)) ?? [];
    const found = inFile.filter(({ id }) => !skipped(id)).slice(0, most);
    return [...found, ...this.#memory.waiting(feed, most - found.length, except)];
  }

  deliver(ids: Iterable<string>): void {
    const now = this.#options.nowMs();
    const inFile = [...ids].filter((id) => !this.#memory.deliver(id, now));
    if (inFile.length === 0) return;
    if (this.#write((database) => database.deliver(inFile, now) ?? true) !== undefined) return;
    if (this.#options.path !== null) for (const id of inFile) this.#delivered.set(id, now);
  }

  list(filter: AlertFilter = {}): readonly StoredAlert[] {
    const most = filter.most ?? 10_000;
    const inMemory = this.#memory.list(filter).slice(0, most);
    const inFile = this.#read((database) => database.list({ ...filter, most: most - inMemory.length })) ?? [];
    return [...inMemory, ...inFile];
  }

  saveSnapshot(parts: ReadonlyMap<string, Uint8Array>): boolean {
    const now = this.#options.nowMs();
    if (this.#write((database) => database.saveSnapshot(parts, now) ?? true) === undefined) return false;
    this.#snapshotMs = now;
    this.#snapshotBytes = [...parts.values()].reduce((sum, { length }) => sum + length, 0);
    return true;
  }

  loadSnapshot(): Snapshot | null {
    return this.#read((database) => database.loadSnapshot()) ?? null;
  }

  get health(): StoreHealth {
    const inFile = this.#read((database) => ({ ...database.counts(), bytes: database.bytes }));
    return {
      path: this.#options.path,
      state: this.#file !== null && this.#trouble === null ? 'file' : 'memory',
      trouble: this.#trouble,
      bytes: inFile?.bytes ?? 0,
      alerts: (inFile?.alerts ?? 0) + this.#memory.size,
      waiting: (inFile?.waiting ?? 0) - this.#delivered.size + this.#memory.waitingCount,
      unwritten: this.#memory.size,
      dropped: this.#dropped + this.#memory.dropped,
      putAside: this.#putAside,
      snapshotMs: this.#snapshotMs,
      snapshotBytes: this.#snapshotBytes,
    };
  }

  close(): void {
    this.#retryMs = 0;
    this.#settle();
    this.#closeFile();
    this.#closed = true;
  }

  /** Writes what memory holds, when it is time to try. */
  #settle(): void {
    if (this.#trouble !== null) this.#write(() => {});
  }

  /** Undefined when it cannot be written now. */
  #write<T>(act: (database: StoreDatabase, path: string) => T): T | undefined {
    const { path, nowMs } = this.#options;
    if (path === null || this.#isWaiting(nowMs())) return undefined;
    try {
      const done = this.#attempt(path, act);
      if (this.#trouble !== null) this.#options.log.info({ path }, 'the store is written again');
      this.#trouble = null;
      this.#isOwned = false;
      this.#retryMs = 0;
      return done;
    } catch (error) {
      this.#fail(error);
      return undefined;
    }
  }

  /** Whether the file failed a moment ago. A clock that was set back is no reason to wait longer. */
  #isWaiting(nowMs: number): boolean {
    return this.#closed || (this.#retryMs > 0 && nowMs < this.#retryMs && nowMs >= this.#retryMs - RETRY_MS);
  }

  /** Once; again with a new file for a corrupt one, and with room for a full one. */
  #attempt<T>(path: string, act: (database: StoreDatabase, path: string) => T): T {
    try {
      return act(this.#settled(path), path);
    } catch (error) {
      switch (failureOf(error)) {
        case 'corrupt':
          this.#begin(path, error);
          return act(this.#settled(path), path);
        case 'full':
          if (this.#file === null) throw error;
          this.#dropped += this.#file.database.prune({
            most: this.#options.mostAlerts >> 1,
            mostBytes: this.#options.mostBytes / 2,
            deliveredBeforeMs: 0,
          });
          return act(this.#settled(path), path);
        case 'other':
          throw error;
      }
    }
  }

  /** The open database, with all in it that was kept in memory. */
  #settled(path: string): StoreDatabase {
    const { sqlite, mostBytes } = this.#options;
    if (sqlite === null || sqlite instanceof Error) throw sqlite ?? new Error('no SQLite');
    this.#file ??= openFile(path, { sqlite, mostBytes });
    const { database } = this.#file;
    if (this.#memory.size > 0) {
      database.add(this.#memory.all(), this.#options.nowMs());
      this.#memory.clear();
    }
    if (this.#delivered.size > 0) {
      for (const [id, deliveredMs] of this.#delivered) database.deliver([id], deliveredMs);
      this.#delivered.clear();
    }
    return database;
  }

  /** Puts a file away that cannot be used; the next use makes a new one. */
  #begin(path: string, error: unknown): void {
    this.#closeFile();
    this.#putAside = putAside(path, this.#options.nowMs());
    const fields = { path, put_aside: this.#putAside, err: error };
    this.#options.log.warn(fields, 'the store cannot be used and is begun anew');
  }

  /** Reads also while writes fail. */
  #read<T>(act: (database: StoreDatabase) => T): T | undefined {
    if (this.#file === null) return undefined;
    try {
      return act(this.#file.database);
    } catch (error) {
      if (failureOf(error) !== 'corrupt') this.#fail(error);
      else this.#write((_, path) => this.#begin(path, error));
      return undefined;
    }
  }

  #fail(error: unknown): void {
    const { path, log, nowMs } = this.#options;
    if (this.#trouble === null)
      log.warn({ path, err: error }, 'the store cannot be written: alerts are in memory');
    this.#trouble = explain(error);
    this.#isOwned = error instanceof Owned;
    this.#retryMs = nowMs() + RETRY_MS;
  }

  #closeFile(): void {
    try {
      this.#file?.close();
    } catch {
      // What cannot be closed is forgotten: a new file takes its place.
    }
    this.#file = null;
  }
}

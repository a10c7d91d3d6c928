import type { AlertFilter, NewAlert, StoredAlert } from './alert.ts';

/** A snapshot: named parts that belong together. */
export interface Snapshot {
  readonly savedMs: number;
  readonly parts: ReadonlyMap<string, Uint8Array>;
}

/** Ids to look up: a set, or the keys of a map. */
export interface Ids {
  readonly size: number;
  has(id: string): boolean;
}

/** Reads what is stored. Never throws: what cannot be read is not there, and `health` says why. */
export interface StoreReader {
  /** Newest first. */
  list(filter?: AlertFilter): readonly StoredAlert[];
  loadSnapshot(): Snapshot | null;
  readonly health: StoreHealth;
  close(): void;
}

/**
 * Keeps alerts and the last snapshot. Never throws: what the file does not take is kept in memory, within a bound,
 * and written when the file takes it again.
 */
export interface Store extends StoreReader {
  /** Waits until the file is no other process's, such as one that is about to end, but not for longer. */
  own(patienceMs: number): Promise<void>;
  /** Keeps alerts; gives those that were not kept before. */
  add(alerts: readonly NewAlert[]): readonly NewAlert[];
  /** The oldest alerts of a feed that wait, but for those whose ids are given. */
  waiting(feed: string, most: number, except: Ids): readonly StoredAlert[];
  /** Says that osquery has them. */
  deliver(ids: Iterable<string>): void;
  /** Takes the place of the last snapshot, whole or not at all. False: not written. */
  saveSnapshot(parts: ReadonlyMap<string, Uint8Array>): boolean;
}

export interface StoreHealth {
  /** Null: in memory alone, by choice. */
  readonly path: string | null;
  /** `file`: all is written; `memory`: the file is not to be had and what is new is in memory; `reading`: another process writes. */
  readonly state: 'file' | 'memory' | 'reading';
  /** What keeps the file from being written, in words; null when nothing does. */
  readonly trouble: string | null;
  /** Size of the file, bytes. */
  readonly bytes: number;
  /** Alerts kept, and those of them that wait. */
  readonly alerts: number;
  readonly waiting: number;
  /** Alerts kept in memory alone. */
  readonly unwritten: number;
  /** Alerts given up, at the bound, before osquery had them. */
  readonly dropped: number;
  /** Where the last corrupt file was put; null when there was none. */
  readonly putAside: string | null;
  /** When a snapshot was last written, and its size; 0 when none was. */
  readonly snapshotMs: number;
  readonly snapshotBytes: number;
}

/** Where news of the store go; pino's logger fits. */
export interface StoreLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

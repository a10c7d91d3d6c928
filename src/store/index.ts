/**
 * What must outlive the process: alerts until osquery has them, and a snapshot to go on from.
 *
 * Owns one SQLite file, its folder's and its own permissions, its bound, and what is done when it is corrupt, full
 * or not to be had: then all is kept in memory, told, and written later. Alerts and snapshots are texts and bytes
 * to it: it knows no rule, no event and no osquery.
 */
export type { AlertFilter, NewAlert, StoredAlert } from './alert.ts';
export { openStore, readStore, type StoreOptions } from './open.ts';
export type { Snapshot, Store, StoreHealth, StoreLog, StoreReader } from './store.ts';

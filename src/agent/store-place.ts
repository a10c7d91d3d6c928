import { dirname, join } from 'node:path';

/** Where osquery keeps its files unless its flags say otherwise. */
const OSQUERY_HOME = '/var/osquery';
const NAME = 'osquery-detect.db';

/** The store's file, and whether it is ours to write. */
export interface StorePlace {
  /** Null: no place is known, all is kept in memory. */
  readonly path: string | null;
  readonly owns: boolean;
}

/**
 * Finds the store: the settings' file, else one beside osquery's database. An osquery that logs nothing is someone's
 * `osqueryi`: there is no log to bring alerts to, and the store is the daemon's, to be read and left as it is.
 */
export function placeStore(setting: string | null, flags: ReadonlyMap<string, string>): StorePlace {
  if (flags.get('disable_logging') === 'true') {
    return { path: setting ?? join(OSQUERY_HOME, NAME), owns: false };
  }
  const database = flags.get('database_path') ?? '';
  const beside = database === '' ? null : join(dirname(database), NAME);
  return { path: setting ?? beside, owns: true };
}

import { dirname, join } from 'node:path';
import type { Log } from '../osquery/index.ts';
import { openStore, readStore, type Store } from '../store/index.ts';
import type { Settings } from './settings.ts';

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

/** The store; beside a daemon that has its own, what that one knows, to be read, and memory for what is new here. */
export async function openPlace(
  flags: ReadonlyMap<string, string>,
  { settings, log }: { readonly settings: Settings; readonly log: Log },
): Promise<Store> {
  const { path, owns } = placeStore(settings.store, flags);
  const { mostAlerts, retentionMs: keepMs, storeMegabytes } = settings;
  const bounds = { mostAlerts, keepMs, mostBytes: storeMegabytes * 2 ** 20 };
  const own = await openStore({ path: owns ? path : null, log, ...bounds });
  if (owns || path === null) return own;
  const daemon = await readStore(path);
  log.info({ store: path }, 'beside a daemon, whose alerts and state are read only');
  return {
    own: async () => {},
    add: (alerts) => own.add(alerts),
    waiting: (...asked) => own.waiting(...asked),
    deliver: (ids) => own.deliver(ids),
    saveSnapshot: () => true,
    list: (filter) => daemon.list(filter),
    loadSnapshot: () => daemon.loadSnapshot(),
    get health() {
      return daemon.health;
    },
    close() {
      own.close();
      daemon.close();
    },
  };
}

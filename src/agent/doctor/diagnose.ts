import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RuleSet } from '../../lang/index.ts';
import { connectManager, type ManagerClient } from '../../osquery/index.ts';
import { createSchema } from '../../schema/index.ts';
import { readRules } from '../read-rules.ts';
import { DEFAULT_SETTINGS, loadSettings, type Settings, SettingsError } from '../settings.ts';
import { placeStore } from '../store-place.ts';
import {
  extensionFilesOf,
  judgeRules,
  lookAtStore,
  processesIn,
  readFlagFile,
  readLoad,
} from './ask-host.ts';
import { askOsquery, type LatenessOptions, measureLateness } from './ask-osquery.ts';
import { findingsOf } from './checks.ts';
import type { Facts, Finding, OsquerySide } from './facts.ts';

export interface DiagnoseOptions {
  /** osqueryd's socket; null: the first of the usual ones that is there. */
  readonly socketPath: string | null;
  /** How long to wait for an event of our own; 0: it is not tried. */
  readonly patienceMs: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  readonly packagedRules: () => Promise<RuleSet>;
  /** Replaced in tests. */
  readonly places?: Partial<Places>;
  readonly act?: LatenessOptions['run'];
}

export interface Places {
  readonly proc: string;
  readonly flagFile: string;
  readonly load: string;
  readonly store: string;
}

const PLACES: Places = {
  proc: '/proc',
  flagFile: '/etc/osquery/osquery.flags',
  load: '/etc/osquery/extensions.load',
  store: '/var/osquery/osquery-detect.db',
};
/** osquery's own packages; Fleet's agent. */
const SOCKETS: readonly string[] = ['/var/osquery/osquery.em', '/opt/orbit/orbit-osquery.em'];
const CALL_MS = 10_000;

/** Looks at a host and says what keeps detection from working, in the order in which to mend it. */
export async function diagnose(options: DiagnoseOptions): Promise<readonly Finding[]> {
  return findingsOf(await gather(options));
}

async function gather(options: DiagnoseOptions): Promise<Facts> {
  const places = { ...PLACES, ...options.places };
  const schema = createSchema('linux');
  const { settings, trouble } = settingsOf(options.env);
  const rules = judgeRules(
    await readRules({ settings, packagedRules: options.packagedRules, allowUnsafe: false }),
    schema,
  );
  const socketPath = options.socketPath ?? SOCKETS.find((path) => existsSync(path)) ?? SOCKETS[0]!;
  const wantsExec = rules.verdicts.some(({ needs }) =>
    needs.some(({ tables }) => tables.includes('process_events')),
  );
  const osquery = await askAll(socketPath, wantsExec ? options : { ...options, patienceMs: 0 });
  const flagFile = readFlagFile(places.flagFile);
  const flags = 'trouble' in osquery ? (flagFile?.flags ?? new Map<string, string>()) : osquery.sight.flags;
  const load = readLoad(flags.get('extensions_autoload') || places.load);
  return {
    version: options.version,
    nowMs: Date.now(),
    host: {
      socketPath,
      processes: processesIn(places.proc),
      load,
      files: extensionFilesOf(load),
      flagFile,
      settingsTrouble: trouble,
      live: settings.live,
      rules,
      store: await lookAtStore(placeStore(settings.store, flags).path ?? places.store),
    },
    osquery,
  };
}

/** Settings that cannot be used are a finding; the rest is looked at as if there were none. */
function settingsOf(env: DiagnoseOptions['env']): {
  readonly settings: Settings;
  readonly trouble: string | null;
} {
  try {
    return { settings: loadSettings({ env, allowUnsafe: false }), trouble: null };
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    return { settings: DEFAULT_SETTINGS, trouble: error.message };
  }
}

async function askAll(
  socketPath: string,
  { patienceMs, act }: DiagnoseOptions,
): Promise<OsquerySide | { readonly trouble: string }> {
  let manager: ManagerClient | undefined;
  try {
    manager = await connectManager(socketPath, { timeoutMs: CALL_MS });
    const said = await askOsquery(manager);
    const lateness =
      patienceMs === 0
        ? null
        : await measureLateness(manager, { run: act ?? runTrue, patienceMs, nowMs: Date.now, sleep });
    return { ...said, lateness };
  } catch (error) {
    return { trouble: error instanceof Error ? error.message : String(error) };
  } finally {
    manager?.close();
  }
}

function runTrue(argument: string): void {
  const { error } = spawnSync('/bin/true', [argument], { stdio: 'ignore' });
  if (error !== undefined) throw error;
}

import { hostname } from 'node:os';
import type { RuleSet } from '../lang/index.ts';
import { type Log, type RunningExtension, type RunOptions, runExtension } from '../osquery/index.ts';
import { createHost, createSchema, type Host, type Platform } from '../schema/index.ts';
import { openStore } from '../store/index.ts';
import { refreshHost, seedTree } from './background.ts';
import { createDetection, type Detection } from './detect.ts';
import { createDetectionsTable } from './detections-table.ts';
import { type Core, createCore } from './live/core.ts';
import { readRules } from './read-rules.ts';
import type { Settings } from './settings.ts';
import { placeStore } from './store-place.ts';

export interface ExtensionOptions {
  readonly socketPath: string;
  readonly timeoutSeconds: number;
  readonly intervalSeconds: number;
  readonly version: string;
  readonly settings: Settings;
  /** Whether rules may come from files that others than root and ourselves can write. */
  readonly allowUnsafe: boolean;
  /** The rules that run when the settings name none. */
  readonly packagedRules: () => Promise<RuleSet>;
  readonly log: Log;
}

const PLATFORMS: Readonly<Record<string, Platform>> = { linux: 'linux', darwin: 'darwin', win32: 'windows' };

/** How often the process tree is corrected from `processes`. */
const SEED_SECONDS = 600;
/** How long the registration waits for what core tells of the host. */
const LEARN_MS = 500;
const FLAGS_RETRY_MS = 200;
const PATIENCE_SECONDS = 30;
const PATIENCE_BELOW_WATCHER_SECONDS = 600;

/**
 * Runs as an osquery extension until core asks it to stop or is gone; resolves with the reason.
 *
 * What was known before, in the store and in `processes`, is taken in before the table is registered, unless core
 * takes long: no events come until then.
 */
export async function runAgent(options: ExtensionOptions): Promise<string> {
  const { log, settings, socketPath } = options;
  const platform = PLATFORMS[process.platform];
  if (platform === undefined) throw new Error(`no osquery event tables are known for ${process.platform}`);
  const set = await readRules(options);
  reportProblems(set, log);
  const host = createHost(hostname());
  const schema = createSchema(platform);
  const core = createCore(socketPath);
  const place = placeStore(settings.store, await flagsOf(core, options));
  const store = await openStore({ path: place.owns ? place.path : null, log });
  const detection = createDetection({ rules: set.rules, schema, host, store, ask: core.ask });
  reportFaults(detection, log);
  detection.live.restore();
  const learn = (): Promise<void> => learnFrom(core, { detection, host, log });
  await Promise.race([learn(), new Promise((resolve) => setTimeout(resolve, LEARN_MS))]);

  const ended = Promise.withResolvers<string>();
  const extension = runExtension({
    socketPath,
    name: 'osquery_detect',
    version: options.version,
    plugins: [createDetectionsTable(detection.detect)],
    intervalSeconds: options.intervalSeconds,
    timeoutSeconds: options.timeoutSeconds,
    ...life(options.timeoutSeconds),
    log,
    onRegistered: () => detection.registered(),
    onGone: (reason) => ended.resolve(reason),
  });
  const again = setInterval(() => void learn(), SEED_SECONDS * 1000);
  again.unref();
  const stop = stopOnSignals(extension, ended.resolve);
  try {
    return await ended.promise;
  } finally {
    clearInterval(again);
    stop.forget();
    core.close();
    await detection.live.save();
    store.close();
  }
}

/**
 * How long to live without a manager. osqueryd's watcher is our parent, and as long as it lives it brings up a new
 * worker, within minutes at the worst; when it is gone, the next osqueryd starts an extension of its own. Whom
 * process 1 started has no such sign.
 */
function life(timeoutSeconds: number): Pick<RunOptions, 'patienceSeconds' | 'isOrphaned'> {
  const parent = process.ppid;
  if (parent <= 1) return { patienceSeconds: Math.max(timeoutSeconds, PATIENCE_SECONDS) };
  return { patienceSeconds: PATIENCE_BELOW_WATCHER_SECONDS, isOrphaned: () => process.ppid !== parent };
}

/** osquery's flags; asked for until it answers, or as long as there is patience. */
async function flagsOf(core: Core, options: ExtensionOptions): Promise<ReadonlyMap<string, string>> {
  const untilMs = performance.now() + options.timeoutSeconds * 1000;
  for (;;) {
    try {
      return await core.flags();
    } catch (error) {
      if (performance.now() > untilMs) {
        options.log.warn({ err: error }, "asking for osquery's flags failed");
        return new Map();
      }
      await new Promise((resolve) => setTimeout(resolve, FLAGS_RETRY_MS));
    }
  }
}

interface Learning {
  readonly detection: Detection;
  readonly host: Host;
  readonly log: Log;
}

/** Asks core about the host and its processes. What fails is told and asked again later. */
async function learnFrom({ ask }: Core, { detection, host, log }: Learning): Promise<void> {
  try {
    await seedTree(ask, detection.live.detector);
    await refreshHost(ask, host, log);
  } catch (error) {
    log.warn({ err: error }, 'asking osquery about the host failed');
  }
}

function reportProblems({ rules, problems }: RuleSet, log: Log): void {
  for (const { kind, error, ruleName } of problems) {
    const fields = { rule: ruleName, problem: error.headline() };
    if (kind === 'broken') log.error(fields, 'rule left out');
    else log.warn(fields, kind === 'unsupported' ? 'rule not supported' : 'about rules');
  }
  log.info({ rules: rules.length }, 'rules loaded');
}

function reportFaults(detection: Detection, log: Log): void {
  for (const { rule, error } of detection.live.faults) {
    log.error({ rule: rule.name, err: error }, 'rule left out');
  }
}

function stopOnSignals(
  extension: RunningExtension,
  ended: (reason: string) => void,
): { readonly forget: () => void } {
  const onSignal = (signal: NodeJS.Signals): void => {
    void extension.stop().finally(() => ended(signal));
  };
  const signals = ['SIGTERM', 'SIGINT'] as const;
  for (const signal of signals) process.once(signal, onSignal);
  return {
    forget() {
      for (const signal of signals) process.removeListener(signal, onSignal);
    },
  };
}

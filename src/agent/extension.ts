import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { explain, type Log, type Plugin, type RunOptions, runExtension } from '../osquery/index.ts';
import { createHost, createSchema, type Host, type Platform, type Schema } from '../schema/index.ts';
import type { Store } from '../store/index.ts';
import { askProcesses, type Processes, refreshHost } from './background.ts';
import { createDetection, type Detection, type DetectOptions } from './detect.ts';
import { createDetectionsTable } from './detections-table.ts';
import { InstalledRules } from './installed-rules.ts';
import { type Core, createCore } from './live/core.ts';
import { createIdleLogger, LiveFeed, liveFlags } from './live/live-feed.ts';
import { createProcReader } from './live/proc.ts';
import { withPatience } from './patience.ts';
import type { ReadRulesOptions } from './read-rules.ts';
import type { Settings } from './settings.ts';
import { askFacts, sightOf } from './sight.ts';
import { openPlace } from './store-place.ts';
import { createTables } from './tables/all.ts';
import type { AgentHealth } from './tables/health.ts';

export interface ExtensionOptions extends ReadRulesOptions {
  readonly socketPath: string;
  readonly timeoutSeconds: number;
  readonly intervalSeconds: number;
  readonly version: string;
  /** Reads the settings again, when asked to by SIGHUP. Throws SettingsError. */
  readonly readSettings: () => Settings;
  readonly log: Log;
}

const PLATFORMS: Readonly<Record<string, Platform>> = { linux: 'linux', darwin: 'darwin', win32: 'windows' };

/** How often core is asked what runs and what it can see, and for rows that no scan brought. */
const LEARN_SECONDS = 600;
/** How long the registration waits for what runs, and how long events wait for it where that was not enough. */
const LOOK_MS = 500;
const LEARN_MS = 10_000;
/** How long events wait for the store, when a process before us is about to end. */
const OWN_MS = 3_000;
const FLAGS_RETRY_MS = 200;
const PATIENCE_SECONDS = 30;
const PATIENCE_BELOW_WATCHER_SECONDS = 600;

/** What works together while the extension runs. */
interface Working {
  readonly schema: Schema;
  readonly host: Host;
  readonly core: Core;
  readonly store: Store;
  readonly detection: Detection;
  readonly rules: InstalledRules;
  readonly feed: LiveFeed | null;
  readonly log: Log;
}

/**
 * Runs as an osquery extension until core asks it to stop or is gone; resolves with the reason.
 *
 * It is registered first; events that come then wait until the rules are loaded and what was known before, in the
 * store and in `processes`, is taken in.
 */
export async function runAgent(options: ExtensionOptions): Promise<string> {
  const { log, socketPath } = options;
  const platform = PLATFORMS[process.platform];
  if (platform === undefined) throw new Error(`no osquery event tables are known for ${process.platform}`);
  const startedMs = Date.now();
  const schema = createSchema(platform);
  const rules = new InstalledRules({ ...options, schema });
  const host = createHost(hostname());
  const core = createCore(socketPath);
  const flags = await flagsOf(core, options);
  if (typeof flags === 'string') return flags;
  const store = await openPlace(flags, options);
  let feed: LiveFeed | null = null;
  const detection = createDetection({
    ...{ rules: [], installing: rules, schema, host, store, ask: core.ask },
    ...tuningOf(options.settings),
    ...(platform === 'linux' && { proc: createProcReader() }),
    onAlerts: () => feed?.wake(),
    onStop: ({ id, name }, { microsecondsPerEvent, budgetMicroseconds }) => {
      const cost = { microseconds_per_event: microsecondsPerEvent, budget: budgetMicroseconds };
      log.error(
        { rule: name, rule_id: id, ...cost },
        'rule stopped for its cost until rules are loaded anew',
      );
    },
  });
  const { live } = options.settings;
  const { wanted, advice } = liveFlags(flags, live);
  for (const text of advice) log.warn({ flags: text }, 'about the live feed');
  if (live) feed = new LiveFeed({ socketPath, schema, host, live: detection.live, flags, log });
  const working: Working = { schema, host, core, store, detection, rules, feed, log };
  detection.live.pause();
  const running = await withPatience(LOOK_MS, look(working));
  const lookedMs = performance.now();

  const { detector } = detection.live;
  const tables = createTables({
    ...{ store, outlook: rules.outlook, stats: () => detector.stats, tree: () => detector.tree },
    health: () => healthOf(working, { version: options.version, startedMs }),
    ready: () => (rules.refusal === null ? withPatience(options.settings.answerMs, rules.ready) : null),
  });
  const ended = Promise.withResolvers<string>();
  let timer: NodeJS.Timeout | undefined;
  const begin = async (): Promise<void> => {
    await prepare(working, performance.now() - lookedMs < LEARN_MS ? running : null);
    if (isEnded) return;
    timer = setInterval(() => {
      void learn(working);
      detection.live.catchUp();
    }, LEARN_SECONDS * 1000);
    timer.unref();
  };
  let isNew = true;
  let isEnded = false;
  const extension = runExtension({
    ...options,
    ...life(options.timeoutSeconds),
    name: 'osquery_detect',
    plugins: [createDetectionsTable(detection.detect), ...tables, ...loggers(feed, wanted)],
    onRegistered() {
      detection.registered();
      // Who had to wait for another extension to end looks again.
      if (isNew) void begin();
      isNew = false;
    },
    onGone: (reason) => ended.resolve(reason),
  });
  const signals = listen({
    end: (signal) => void extension.stop().finally(() => ended.resolve(signal)),
    hangUp: () => void rules.again(),
  });
  try {
    return await ended.promise;
  } finally {
    isEnded = true;
    clearInterval(timer);
    signals.forget();
    rules.stop();
    feed?.stop();
    core.close();
    await detection.live.save();
    store.close();
  }
}

/**
 * Loads the rules, takes in what was known before, what runs after it, and begins to read events. `running` was asked
 * for before the registration, while no scan of ours could be in the way; null when the answer took too long.
 */
async function prepare(working: Working, running: Processes | null): Promise<void> {
  const { store, detection, rules } = working;
  await store.own(OWN_MS);
  rules.start(async (changed) => {
    await detection.replaceRules(changed);
    reportFaults(working);
  });
  await rules.ready;
  await detection.live.restore();
  if (running !== null) detection.live.detector.seed(running);
  else await withPatience(LEARN_MS, learn(working));
  detection.live.go();
  if (running !== null) void see(working);
}

/** What runs, and, of the host, what rows are read with. */
async function look({ core, host, log }: Working): Promise<Processes> {
  const running = await askProcesses(core.ask);
  await refreshHost(core.ask, host, log);
  return running;
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

function loggers(feed: LiveFeed | null, wanted: boolean): readonly Plugin[] {
  if (feed !== null) return [feed.plugin];
  return wanted ? [createIdleLogger()] : [];
}

function tuningOf(settings: Settings): Pick<DetectOptions, 'budgetMs' | 'lateMs' | 'bounds'> {
  const { answerMs, lateMs, slackMs, learnMs, mostHeld, mostProcesses, ruleMicroseconds } = settings;
  const budget = { microsecondsPerEvent: ruleMicroseconds };
  const bounds = { slackMs, mostHeld, mostProcesses, budget, ...(learnMs !== null && { learnMs }) };
  return { budgetMs: answerMs, lateMs, bounds };
}

/** osquery's flags, asked for as long as there is patience. The reason when there was no answer. */
async function flagsOf(
  core: Core,
  { socketPath, timeoutSeconds }: ExtensionOptions,
): Promise<ReadonlyMap<string, string> | string> {
  const untilMs = performance.now() + timeoutSeconds * 1000;
  for (;;) {
    try {
      return await core.flags();
    } catch (error) {
      if (performance.now() > untilMs) return `no manager at ${socketPath}: ${explain(error)}`;
      await sleep(FLAGS_RETRY_MS);
    }
  }
}

/** Asks core about the host, its processes and its own state. What fails is told and asked again later. */
async function learn(working: Working): Promise<void> {
  const { host, core, detection, log } = working;
  try {
    detection.live.detector.seed(await askProcesses(core.ask));
    await refreshHost(core.ask, host, log);
  } catch (error) {
    log.warn({ err: error }, 'asking osquery about the host failed');
  }
  await see(working);
}

/** Asks core what it can see. */
async function see({ schema, core, rules, feed, log }: Working): Promise<void> {
  try {
    rules.outlook.see(sightOf(await askFacts({ query: core.ask }), { schema, live: feed !== null }));
  } catch (error) {
    log.warn({ err: error }, 'asking osquery what it sees failed');
  }
}

function healthOf(
  { detection: { live }, rules, feed }: Working,
  { version, startedMs }: Pick<AgentHealth, 'version' | 'startedMs'>,
): AgentHealth {
  const { tree, counters, faults } = live.detector;
  return {
    ...{ live: live.health, tree: tree.health, reload: rules.health, feed: feed?.health ?? null },
    state: rules.refusal !== null ? 'no rules' : live.isPaused ? 'loading' : 'running',
    ...{ version, startedMs },
    rules: counters.length,
    faults: faults.length,
    evicted: counters.reduce((sum, { evicted }) => sum + evicted, 0),
    stopped: counters.filter(({ stopped }) => stopped !== null).length,
  };
}

function reportFaults({ detection, log }: Working): void {
  for (const { rule, error } of detection.live.detector.faults) {
    log.error({ rule: rule.name, err: error }, 'rule left out');
  }
}

interface Signals {
  readonly end: (signal: string) => void;
  readonly hangUp: () => void;
}

function listen({ end, hangUp }: Signals): { readonly forget: () => void } {
  const ends = ['SIGTERM', 'SIGINT'] as const;
  for (const signal of ends) process.once(signal, end);
  process.on('SIGHUP', hangUp);
  return {
    forget() {
      for (const signal of ends) process.removeListener(signal, end);
      process.removeListener('SIGHUP', hangUp);
    },
  };
}

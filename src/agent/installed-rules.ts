import type { RuleSet } from '../lang/index.ts';
import type { Log } from '../osquery/index.ts';
import type { Rule } from '../rule/index.ts';
import type { Schema } from '../schema/index.ts';
import { Outlook } from './outlook.ts';
import { type ReadRulesOptions, readRules } from './read-rules.ts';
import { type ReloadHealth, RuleReloader } from './reload.ts';
import type { Settings } from './settings.ts';

export interface InstalledRulesOptions extends ReadRulesOptions {
  /** Reads the settings again. Throws SettingsError. */
  readonly readSettings: () => Settings;
  readonly schema: Schema;
  readonly log: Log;
}

/** What settings of a running extension can change. */
const CHANGEABLE: ReadonlySet<keyof Settings> = new Set(['rules', 'overlays', 'logLevel', 'logFile']);

const NOTHING: RuleSet = Object.freeze({
  ...{ rules: [], problems: [], documents: 0, overlays: [], nextExpiryMs: null, files: [] },
});

/** Puts rules in the place of those that run. */
export type ReplaceRules = (rules: readonly Rule[]) => Promise<void>;

/**
 * The rules that the settings name, read and told about, and read again when they change.
 *
 * At the start, where there is nothing that could go on instead, what is good in a set runs; later a set is taken
 * whole or not at all. Where nothing is good there is no set until the files change.
 */
export class InstalledRules {
  readonly outlook: Outlook;
  /** Resolves when the first set is at work. */
  readonly ready: Promise<void>;
  readonly #options: InstalledRulesOptions;
  readonly #reloader: RuleReloader;
  #settings: Settings;
  #replace: ReplaceRules = async () => {};
  #isReady = false;
  readonly #nowReady: () => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: InstalledRulesOptions) {
    this.#options = options;
    this.#settings = options.settings;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ready = promise;
    this.#nowReady = resolve;
    this.outlook = new Outlook(options.schema, NOTHING);
    this.#reloader = new RuleReloader({
      paths: () => pathsOf(this.#settings),
      read: () => this.#read(),
      apply: (set) => this.#apply(set),
      log: options.log,
    });
  }

  get health(): ReloadHealth {
    return this.#reloader.health;
  }

  /** Why there are no rules to run; null when there are, or when that is not known yet. */
  get refusal(): string | null {
    return this.#isReady ? null : this.health.refusal;
  }

  /** Reads the rules, which go to `replace`, and follows their files from now on. */
  start(replace: ReplaceRules): void {
    this.#replace = replace;
    void this.#reloader.check();
    this.#timer = setInterval(() => void this.#reloader.check(), this.#settings.reloadMs);
    this.#timer.unref();
  }

  /** Reads settings and rules again, as on SIGHUP. Of the settings, those of rules and log are heeded. */
  async again(): Promise<void> {
    const { readSettings, log } = this.#options;
    const before = this.#settings;
    try {
      this.#settings = readSettings();
    } catch (error) {
      this.#reloader.refuse(error instanceof Error ? error.message : String(error));
      return;
    }
    const waiting = (Object.keys(before) as (keyof Settings)[]).filter(
      (key) => !CHANGEABLE.has(key) && String(before[key]) !== String(this.#settings[key]),
    );
    if (waiting.length > 0) log.warn({ settings: waiting }, 'settings that hold from the next start on');
    // Before the start nothing is read: the start will.
    if (this.#timer !== undefined) await this.#reloader.reload();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#reloader.stop();
  }

  /** While nothing runs, what is wrong with each document is told of a set that is not taken, too. */
  async #read(): Promise<RuleSet> {
    const set = await readRules({ ...this.#options, settings: this.#settings });
    if (!this.#isReady && set.rules.length === 0) {
      report(set, this.#options.log);
      this.outlook.replace(set);
    }
    return set;
  }

  async #apply(set: RuleSet): Promise<void> {
    report(set, this.#options.log);
    await this.#replace(set.rules);
    this.outlook.replace(set);
    void this.outlook.judge();
    this.#isReady = true;
    this.#nowReady();
  }
}

function pathsOf({ rules, overlays }: Settings): readonly string[] {
  return [...rules, ...overlays];
}

function report({ rules, problems }: RuleSet, log: Log): void {
  for (const { kind, error, ruleName } of problems) {
    const fields = { rule: ruleName, problem: error.headline() };
    if (kind === 'broken') log.error(fields, 'rule left out');
    else log.warn(fields, kind === 'unsupported' ? 'rule not supported' : 'about rules');
  }
  log.info({ rules: rules.length }, 'rules loaded');
}

import { footprintOf, type RuleSet } from '../lang/index.ts';
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

/**
 * The rules that the settings name, read and told about, and read again when they change.
 *
 * At the start, where there is nothing that could go on instead, what is good in a set runs; later a set is taken
 * whole or not at all.
 */
export class InstalledRules {
  readonly outlook: Outlook;
  /** Those that were read at the start. */
  readonly first: readonly Rule[];
  readonly #options: InstalledRulesOptions;
  readonly #reloader: RuleReloader;
  #settings: Settings;
  #replace: (rules: readonly Rule[]) => void = () => {};
  #timer: NodeJS.Timeout | undefined;

  static async read(options: InstalledRulesOptions): Promise<InstalledRules> {
    const { hash } = await footprintOf(pathsOf(options.settings));
    const set = await readRules(options);
    report(set, options.log);
    return new InstalledRules(options, set, hash);
  }

  constructor(options: InstalledRulesOptions, set: RuleSet, hash: string) {
    this.#options = options;
    this.#settings = options.settings;
    this.first = set.rules;
    this.outlook = new Outlook(options.schema, set);
    const reading = {
      paths: () => pathsOf(this.#settings),
      read: () => readRules({ ...options, settings: this.#settings }),
      apply: (changed: RuleSet) => this.#apply(changed),
    };
    this.#reloader = new RuleReloader({ ...reading, log: options.log }, set, hash);
  }

  get health(): ReloadHealth {
    return this.#reloader.health;
  }

  /** Follows the files from now on; changed rules go to `replace`. */
  async follow(replace: (rules: readonly Rule[]) => void): Promise<void> {
    this.#replace = replace;
    await this.#reloader.start();
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
    await this.#reloader.reload();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#reloader.stop();
  }

  #apply(set: RuleSet): void {
    report(set, this.#options.log);
    this.#replace(set.rules);
    this.outlook.replace(set);
    void this.outlook.judge();
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

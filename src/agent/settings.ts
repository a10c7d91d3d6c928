import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parse, TomlError } from 'smol-toml';
import { suggest } from '../text/index.ts';
import { choice, count, duration, flag, type Key, optional, path, paths } from './setting-kinds.ts';
import { flawOf } from './trust.ts';

/** Where settings are looked for when `OSQUERY_DETECT_CONFIG` does not say. */
const DEFAULT_SETTINGS_PATH = '/etc/osquery-detect.toml';

/** What can be set; docs/settings.md says more of each, schema/settings.schema.json the same to editors. */
export interface Settings {
  /** Files, folders and globs with rules; none means the packaged ones. */
  readonly rules: readonly string[];
  /** Files, folders and globs with overlays and exceptions for them. */
  readonly overlays: readonly string[];
  /** Whether events are taken as they happen, by our logger. */
  readonly live: boolean;
  /** The store's file; null: beside osquery's database. */
  readonly store: string | null;
  /** How many alerts the store keeps, how long those that were delivered, and how large its file may grow. */
  readonly mostAlerts: number;
  readonly retentionMs: number;
  readonly storeMegabytes: number;
  /** The age of its last event from which on an alert is marked `late`. */
  readonly lateMs: number;
  /** How much older than the newest row a row may be and still be put in its place. */
  readonly slackMs: number;
  /** How long new-terms rules only learn; null: a day, or their history where that is shorter. */
  readonly learnMs: number | null;
  /** Processes that are remembered. */
  readonly mostProcesses: number;
  /** Open sequences, counts and terms that each rule may hold. */
  readonly mostHeld: number;
  /** What each rule may cost before it is stopped, microseconds, spread over all events. */
  readonly ruleMicroseconds: number;
  /** How long an answer to osquery may take, milliseconds; what is not read by then is read after it. */
  readonly answerMs: number;
  /** How often the files of the rules are looked at, whatever the system tells of changes, milliseconds. */
  readonly reloadMs: number;
  readonly logLevel: 'error' | 'warn' | 'info' | 'debug';
  /** A file that gets what standard error gets; null: none. */
  readonly logFile: string | null;
}

/** A settings file that cannot be used; the message names the file and the key. */
export class SettingsError extends Error {}

const LEVELS = ['error', 'warn', 'info', 'debug'] as const;

const KEYS: { readonly [Name in keyof Settings]: Key<Settings[Name]> } = {
  rules: paths('rules'),
  overlays: paths('overlays'),
  live: flag('live'),
  store: path('store'),
  mostAlerts: count('store_alerts', 20_000, [100, 1_000_000]),
  retentionMs: duration('store_retention', '30d', ['1h', '365d']),
  storeMegabytes: count('store_megabytes', 128, [8, 4_096]),
  lateMs: duration('late', '10m', ['1m', '7d']),
  slackMs: duration('slack', '2m', ['1s', '1h']),
  learnMs: optional(duration('learn', '1d', ['1m', '30d'])),
  mostProcesses: count('processes', 50_000, [1_000, 1_000_000]),
  mostHeld: count('rule_state', 10_000, [100, 1_000_000]),
  ruleMicroseconds: count('rule_microseconds', 250, [1, 1_000_000]),
  answerMs: duration('answer', '2s', ['1s', '60s']),
  reloadMs: duration('reload', '1m', ['1s', '1d']),
  logLevel: choice('log_level', LEVELS, 'info'),
  logFile: path('log_file'),
};

const NAMES = new Map(Object.entries(KEYS).map(([name, { word }]) => [word, name as keyof Settings]));

/** What holds without a settings file. */
export const DEFAULT_SETTINGS = Object.freeze(
  Object.fromEntries(Object.entries(KEYS).map(([name, { standard }]) => [name, standard])),
) as unknown as Settings;

/** Reads the text of the settings file at `file`. Throws SettingsError, naming file and key, for all that is wrong. */
export function readSettings(text: string, file: string): Settings {
  const settings: Record<string, unknown> = { ...DEFAULT_SETTINGS };
  for (const [word, value] of Object.entries(tableOf(text, file))) {
    const name = NAMES.get(word);
    if (name === undefined) {
      const hint = suggest(word, NAMES.keys()) ?? `Known are ${[...NAMES.keys()].join(', ')}.`;
      throw new SettingsError(`${file}: unknown setting "${word}". ${hint}`);
    }
    const read = KEYS[name].read(value, dirname(resolve(file)));
    if (read === undefined) throw new SettingsError(`${file}: ${word} must be ${KEYS[name].expected}`);
    settings[name] = read;
  }
  return settings as unknown as Settings;
}

function tableOf(text: string, file: string): Readonly<Record<string, unknown>> {
  try {
    return parse(text);
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw new SettingsError(`${file}: no valid TOML`, { cause });
    const [reason] = cause.message.replace(/^Invalid TOML document: /, '').split('\n');
    throw new SettingsError(`${file}:${cause.line}:${cause.column}: no valid TOML: ${reason}`, { cause });
  }
}

export interface LoadSettingsOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether others than root and ourselves may be able to write the file. */
  readonly allowUnsafe: boolean;
}

/** Reads the settings file: the one the environment names, else the default one, else none is needed. */
export function loadSettings({ env, allowUnsafe }: LoadSettingsOptions): Settings {
  const named = env['OSQUERY_DETECT_CONFIG'];
  const file = named ?? DEFAULT_SETTINGS_PATH;
  let text: string;
  try {
    const opened = openSync(file, 'r');
    try {
      const flaw = allowUnsafe ? null : flawOf(file, fstatSync(opened));
      if (flaw !== null) throw new SettingsError(`${file}: it must not be used. ${flaw}`);
      text = readFileSync(opened, 'utf8');
    } finally {
      closeSync(opened);
    }
  } catch (cause) {
    if (cause instanceof SettingsError) throw cause;
    if (named === undefined && (cause as NodeJS.ErrnoException).code === 'ENOENT') return DEFAULT_SETTINGS;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SettingsError(`${file}: it cannot be read: ${reason}`, { cause });
  }
  return readSettings(text, file);
}

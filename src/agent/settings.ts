import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parse, TomlError } from 'smol-toml';
import { suggest } from '../text/index.ts';
import { choice, duration, type Key, path, paths } from './setting-kinds.ts';
import { flawOf } from './trust.ts';

/** Where settings are looked for when `OSQUERY_DETECT_CONFIG` does not say. */
export const DEFAULT_SETTINGS_PATH = '/etc/osquery-detect.toml';

/** What can be set; docs/settings.md says more of each, schema/settings.schema.json the same to editors. */
export interface Settings {
  /** Files, folders and globs with rules; none means the packaged ones. */
  readonly rules: readonly string[];
  /** Files, folders and globs with overlays and exceptions for them. */
  readonly overlays: readonly string[];
  /** The store's file; null: beside osquery's database. */
  readonly store: string | null;
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
  store: path('store'),
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

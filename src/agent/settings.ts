import { readFileSync } from 'node:fs';
import { parse } from 'smol-toml';
import { suggest } from '../text/index.ts';

/** Where settings are looked for when `OSQUERY_DETECT_CONFIG` does not say. */
export const DEFAULT_SETTINGS_PATH = '/etc/osquery-detect.toml';

export interface Settings {
  /** Files and folders with rules; none means the packaged ones. */
  readonly rules: readonly string[];
  readonly logLevel: 'error' | 'warn' | 'info' | 'debug';
}

/** A settings file that cannot be used; the message names the file and the key. */
export class SettingsError extends Error {}

const LEVELS = ['error', 'warn', 'info', 'debug'] as const;

type Readers = { readonly [Key in keyof Settings]: (value: unknown) => Settings[Key] | undefined };

const READERS: Readers = {
  rules: (value) =>
    Array.isArray(value) && value.every((path) => typeof path === 'string') ? value : undefined,
  logLevel: (value) => LEVELS.find((level) => level === value),
};

const KEYS: Readonly<Record<string, { readonly key: keyof Settings; readonly expected: string }>> = {
  rules: { key: 'rules', expected: 'a list of paths' },
  log_level: { key: 'logLevel', expected: `one of ${LEVELS.join(', ')}` },
};

/** Reads settings from a TOML text over the defaults. Throws SettingsError, naming the key that is wrong. */
export function readSettings(text: string, name: string, defaults: Settings): Settings {
  let table: Record<string, unknown>;
  try {
    table = parse(text);
  } catch (cause) {
    throw new SettingsError(`${name}: no valid TOML`, { cause });
  }
  const settings: { -readonly [Key in keyof Settings]: Settings[Key] } = { ...defaults };
  for (const [word, value] of Object.entries(table)) {
    const known = KEYS[word];
    if (known === undefined) {
      throw new SettingsError(
        `${name}: unknown setting "${word}". ${suggest(word, Object.keys(KEYS)) ?? ''}`.trim(),
      );
    }
    const read = READERS[known.key](value);
    if (read === undefined) throw new SettingsError(`${name}: ${word} must be ${known.expected}`);
    Object.assign(settings, { [known.key]: read });
  }
  return settings;
}

/** Reads the settings file: the one the environment names, else the default one, else none is needed. */
export function loadSettings(
  env: Readonly<Record<string, string | undefined>>,
  defaults: Settings,
): Settings {
  const named = env['OSQUERY_DETECT_CONFIG'];
  const path = named ?? DEFAULT_SETTINGS_PATH;
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    if (named === undefined && (cause as NodeJS.ErrnoException).code === 'ENOENT') return defaults;
    throw new SettingsError(`reading ${path}`, { cause });
  }
  return readSettings(text, path, defaults);
}

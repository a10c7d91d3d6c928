import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { parse } from 'smol-toml';
import { loadSettings, SettingsError } from '../../src/agent/index.ts';
import { DEFAULT_SETTINGS, readSettings } from '../../src/agent/settings.ts';
import { openLog } from '../../src/cli/log.ts';
import { ROOT } from '../events/recording.ts';
import { fits, type JsonSchema } from '../lang/documents/json-schema.ts';

function folder(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), 'settings-'));
  t.teardown(() => rmSync(path, { recursive: true }));
  return path;
}

function load(file: string, allowUnsafe = false) {
  return loadSettings({ env: { OSQUERY_DETECT_CONFIG: file }, allowUnsafe });
}

function refusal(t: ExecutionContext, act: () => unknown): string {
  return t.throws(act, { instanceOf: SettingsError }).message;
}

test('settings that are not given keep their defaults', (t) => {
  t.deepEqual(readSettings('', '/etc/s.toml'), DEFAULT_SETTINGS);
  t.deepEqual(readSettings('rules = ["/etc/rules"]', '/etc/s.toml'), {
    ...DEFAULT_SETTINGS,
    rules: ['/etc/rules'],
  });
});

test('a relative path is taken from the folder of the settings file', (t) => {
  const text = 'rules = ["rules/*.toml", "../x"]\noverlays = ["o"]\nlog_file = "a.log"';
  t.like(readSettings(text, '/etc/detect/s.toml'), {
    rules: ['/etc/detect/rules/*.toml', '/etc/x'],
    overlays: ['/etc/detect/o'],
    logFile: '/etc/detect/a.log',
  });
});

const WRONG: readonly { text: string; want: string }[] = [
  { text: 'log_level = "warn"\nrules = [', want: 's.toml:2:9: no valid TOML: unfinished array' },
  { text: 'rule = []', want: 's.toml: unknown setting "rule". Did you mean "rules"?' },
  { text: '[log]\nlevel = "info"', want: 's.toml: unknown setting "log". Known are rules, ' },
  { text: '__proto__ = 1', want: 's.toml: unknown setting "__proto__".' },
  { text: 'rules = "x"', want: 's.toml: rules must be a list of paths' },
  { text: 'rules = ["a", 1]', want: 's.toml: rules must be a list of paths' },
  { text: 'rules = [""]', want: 's.toml: rules must be a list of paths' },
  { text: 'log_level = "loud"', want: 's.toml: log_level must be one of "error", "warn", "info", "debug"' },
  { text: 'reload = "1w"', want: 's.toml: reload must be a duration from "1s" to "1d"' },
  { text: 'reload = 60', want: 's.toml: reload must be a duration from "1s" to "1d"' },
  { text: 'processes = 10', want: 's.toml: processes must be a whole number from 1000 to 1000000' },
  { text: 'processes = 2000.5', want: 's.toml: processes must be a whole number from 1000 to 1000000' },
  { text: 'processes = 99999999999999999', want: 's.toml:1:13: no valid TOML' },
  { text: 'log_file = ""', want: 's.toml: log_file must be a path' },
];

for (const { text, want } of WRONG) {
  test(`${JSON.stringify(text)} is refused by file and key`, (t) => {
    const message = refusal(t, () => readSettings(text, 's.toml'));
    t.true(message.startsWith(want), message);
  });
}

test('a settings file that is named must be there, one that is not need not', (t) => {
  t.regex(
    refusal(t, () => load(join(folder(t), 'absent.toml'))),
    /absent\.toml: it cannot be read: ENOENT/,
  );
});

test('a settings file that others can write is refused, unless that is allowed', (t) => {
  const file = join(folder(t), 's.toml');
  writeFileSync(file, 'log_level = "warn"');
  t.is(load(file).logLevel, 'warn');
  chmodSync(file, 0o666);
  t.regex(
    refusal(t, () => load(file)),
    /s\.toml: it must not be used\. .*chmod go-w/,
  );
  t.is(load(file, true).logLevel, 'warn');
});

test('the log goes to its file, for its owner alone, and goes on in a new one when it was moved', (t) => {
  const logFile = join(folder(t), 'a.log');
  const settings = { ...DEFAULT_SETTINGS, logLevel: 'error' as const, logFile };
  const { log, change } = openLog(settings, false);
  log.error({ rules: 3 }, 'first');
  log.info('too little');
  t.like(JSON.parse(readFileSync(logFile, 'utf8')), { level: 50, rules: 3, msg: 'first' });
  t.is(statSync(logFile).mode & 0o777, 0o600);
  rmSync(logFile);
  change({ ...settings, logLevel: 'warn' });
  log.warn('second');
  t.regex(readFileSync(logFile, 'utf8'), /second/);
  change({ ...settings, logFile: null });
  log.error('third');
  t.notRegex(readFileSync(logFile, 'utf8'), /third/);
});

test('a log file that cannot be written, or where others could put a link, is refused by name', (t) => {
  const own = folder(t);
  const open = (logFile: string) => refusal(t, () => openLog({ ...DEFAULT_SETTINGS, logFile }, false));
  t.regex(open(join(own, 'absent/a.log')), /^log_file .*a\.log cannot be written: ENOENT/);
  symlinkSync('/dev/full', join(own, 'device.log'));
  t.regex(open(join(own, 'device.log')), /cannot be written: It is no regular file|can be written by others/);
  chmodSync(own, 0o777);
  t.regex(open(join(own, 'a.log')), /^log_file .* cannot be written: .*chmod go-w/);
});

const schema = JSON.parse(readFileSync(join(ROOT, 'schema/settings.schema.json'), 'utf8')) as JsonSchema;
const manual = readFileSync(join(ROOT, 'docs/settings.md'), 'utf8');
const example = /```toml\n([\s\S]*?)```/.exec(manual)![1]!;

test('schema, manual and example have the keys that are read, and no other', (t) => {
  const known = /Known are (.*)\.$/.exec(refusal(t, () => readSettings('"" = 1', 's.toml')))![1]!.split(', ');
  t.deepEqual(Object.keys(schema.properties!), known);
  t.deepEqual(Object.keys(parse(example)), known);
  t.deepEqual(
    [...manual.matchAll(/^\| `(\w+)` \|/gm)].map(([, key]) => key),
    known,
  );
});

test('the example of the manual is good by the schema and when it is read', (t) => {
  t.true(fits(parse(example), schema));
  t.notThrows(() => readSettings(example, '/etc/osquery-detect.toml'));
});

test('the schema and the manual name the defaults that hold', (t) => {
  const standard = Object.entries(schema.properties! as Record<string, JsonSchema & { default?: unknown }>)
    .filter(([, { default: value }]) => value !== undefined)
    .map(([key, { default: value }]) => `${key} = ${JSON.stringify(value)}`);
  t.deepEqual(readSettings(standard.join('\n'), '/etc/s.toml'), DEFAULT_SETTINGS);
  for (const [, key, value] of manual.matchAll(/^\| `(\w+)` \| `([^`]*)` \|/gm)) {
    t.true(standard.includes(`${key} = ${value}`), `${key} = ${value}`);
  }
});

test('the schema refuses what is refused when it is read', (t) => {
  for (const { text, want } of WRONG.filter(({ want }) => !/TOML|path$|__proto__/.test(want))) {
    t.false(fits(parse(text), schema), want);
  }
});

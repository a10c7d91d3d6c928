import test from 'ava';
import { readSettings, type Settings, SettingsError } from '../../src/agent/index.ts';

const DEFAULTS: Settings = { rules: ['/packs'], logLevel: 'info' };

test('settings that are not given keep their defaults', (t) => {
  t.deepEqual(readSettings('', 's.toml', DEFAULTS), DEFAULTS);
  t.deepEqual(readSettings('rules = ["/etc/rules"]', 's.toml', DEFAULTS), {
    rules: ['/etc/rules'],
    logLevel: 'info',
  });
});

const WRONG: readonly { text: string; want: string }[] = [
  { text: 'rules = [', want: 's.toml: no valid TOML' },
  { text: 'rule = []', want: 's.toml: unknown setting "rule". Did you mean "rules"?' },
  { text: 'rules = "x"', want: 's.toml: rules must be a list of paths' },
  { text: 'log_level = "loud"', want: 's.toml: log_level must be one of error, warn, info, debug' },
];

for (const { text, want } of WRONG) {
  test(`"${text}" is refused by name`, (t) => {
    t.is(t.throws(() => readSettings(text, 's.toml', DEFAULTS), { instanceOf: SettingsError }).message, want);
  });
}

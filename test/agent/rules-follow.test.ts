import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { exec, type Running, start, until } from './running.ts';

function rule(id: string, query: string): string {
  return `id: ${id}\nname: ${id}\nseverity: low\nquery: '${query}'\n`;
}

const named = (name: string): string => `process where process.name == "${name}"`;
const SEQUENCE =
  'sequence by process.parent.pid [process where process.name == "one"] [process where process.name == "two"]';
const SETTINGS = 'rules = ["rule.yaml", "sequence.yaml"]';

async function health({ sandbox }: Running): Promise<Record<string, unknown>> {
  const [row] = await sandbox.query("SELECT * FROM detection_health WHERE stream = 'all'");
  return row as Record<string, unknown>;
}

test('a rule that changed is taken while the extension runs, and what other rules gathered goes on', async (t) => {
  const files = { 'rule.yaml': rule('a', named('id')), 'sequence.yaml': rule('s', SEQUENCE) };
  const running = await start(t, { settings: SETTINGS, files });
  const { sandbox, alerts, folder } = running;
  await sandbox.feed('process_events', [exec('/usr/bin/one', 'one'), exec('/usr/bin/ls', 'ls')]);
  await sandbox.runNow();
  t.is(alerts.length, 0);
  writeFileSync(join(folder, 'rule.yaml'), rule('a', named('ls')));
  await until(async () => (await health(running))['reloads'] === '1');
  await sandbox.feed('process_events', [exec('/usr/bin/two', 'two'), exec('/usr/bin/ls', 'ls -l')]);
  await sandbox.runNow();
  t.deepEqual(alerts.map(({ rule_id, cmdline }) => [rule_id, cmdline]).sort(), [
    ['a', 'ls -l'],
    ['s', 'two'],
  ]);
});

test('a broken set is refused, the rules before go on, and health says why until it is mended', async (t) => {
  const files = { 'rule.yaml': rule('a', named('id')), 'sequence.yaml': rule('s', SEQUENCE) };
  const running = await start(t, { settings: SETTINGS, files });
  const { sandbox, alerts, folder, log } = running;
  writeFileSync(join(folder, 'rule.yaml'), rule('a', 'process where ('));
  await until(async () => (await health(running))['reload_refusals'] === '1');
  t.regex(String((await health(running))['reload_error']), /rule\.yaml:4:\d+: EQL_SYNTAX: /);
  t.true(log.some(({ msg }) => msg === 'changed rules refused, those before go on'));
  await sandbox.feed('process_events', [exec('/usr/bin/id', 'id')]);
  await sandbox.runNow();
  t.is(alerts.length, 1);
  writeFileSync(join(folder, 'rule.yaml'), rule('a', named('ls')));
  await until(async () => (await health(running))['reload_error'] === '');
  t.is((await health(running))['rules'], '2');
});

test('on SIGHUP the settings are read again: other rules, another level; what others could write is refused', async (t) => {
  const files = { 'rule.yaml': rule('a', named('id')), 'other.yaml': rule('b', named('ls')) };
  const running = await start(t, { settings: 'rules = ["rule.yaml"]\n', files });
  const { sandbox, folder, log } = running;
  const ids = async () =>
    (await sandbox.query('SELECT rule_id FROM detection_rules')).map((row) => row['rule_id']);
  t.deepEqual(await ids(), ['a']);
  writeFileSync(join(folder, 'settings.toml'), 'answer = "60s"\nrules = ["other.yaml"]\nstore = "x.db"\n');
  sandbox.killExtension('SIGHUP');
  await until(async () => (await ids())[0] === 'b');
  t.deepEqual(log.find(({ settings }) => settings !== undefined)?.['settings'], ['store']);

  chmodSync(join(folder, 'other.yaml'), 0o666);
  sandbox.killExtension('SIGHUP');
  await until(async () => String((await health(running))['reload_error']).includes('FILE_UNSAFE'));
  writeFileSync(join(folder, 'settings.toml'), 'rule = ["other.yaml"]\n');
  sandbox.killExtension('SIGHUP');
  await until(async () => String((await health(running))['reload_error']).includes('Did you mean "rules"?'));
  t.deepEqual(await ids(), ['b']);
});

test('without a rule that can be read scans fail and say why, and when there is one nothing is missed', async (t) => {
  const files = { 'rule.yaml': rule('a', 'process where (') };
  const statuses: string[] = [];
  const onStatus = ({ message }: { readonly message: string }): void => void statuses.push(message);
  const settings = 'rules = ["rule.yaml"]';
  const running = await start(t, { settings, files, sandbox: { onStatus } });
  const { sandbox, alerts, folder, log } = running;
  t.like(await health(running), { state: 'no rules', rules: '0' });
  t.regex(String((await health(running))['reload_error']), /rule\.yaml:4:\d+: EQL_SYNTAX: /);
  t.true(log.some(({ msg }) => msg === 'no rules, nothing is detected'));
  const [told] = await sandbox.query('SELECT verdict, reasons FROM detection_rules');
  t.is(told?.['verdict'], 'broken');
  await sandbox.feed('process_events', [exec('/usr/bin/id', 'id -a')]);
  await sandbox.runNow();
  t.true(
    statuses.some((message) => message.includes('rule.yaml:4')),
    statuses.join('\n'),
  );

  writeFileSync(join(folder, 'rule.yaml'), rule('a', named('id')));
  await until(async () => (await health(running))['state'] === 'running');
  await sandbox.feed('process_events', [exec('/usr/bin/id', 'id -b')]);
  await until(async () => {
    await sandbox.runNow();
    return alerts.length === 2;
  });
  t.deepEqual(
    alerts.map(({ cmdline }) => cmdline),
    ['id -a', 'id -b'],
  );
});

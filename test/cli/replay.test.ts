import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import test, { type ExecutionContext } from 'ava';
import { barOf } from '../../src/cli/progress.ts';
import { runCommand } from './run-command.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const SEED = join(ROOT, 'test', 'events', 'seed.results.log.gz');
const START_S = 1_795_490_000;

type Columns = Readonly<Record<string, string>>;

function exec(eid: number, commandLine: string, more: Columns = {}): Columns {
  return {
    ...{ eid: String(eid).padStart(10, '0'), time: String(START_S + eid), syscall: 'execve' },
    ...{ pid: String(1000 + eid), parent: '1', path: commandLine.split(' ')[0]!, cmdline: commandLine },
    ...{ cwd: '"/"', uid: '0', euid: '0', gid: '0', egid: '0', auid: '0', ...more },
  };
}

const about = (name: string, atS: number, host = 'host-1') => ({
  ...{ name, hostIdentifier: host, calendarTime: '', unixTime: START_S + atS, epoch: 0, counter: 0 },
});

/** A line in osquery's event format. */
function line(name: string, columns: Columns, host?: string): string {
  return JSON.stringify({ ...about(name, 100, host), columns, action: 'added' });
}

const RULE = `id = "nc"\nname = "Netcat"\nseverity = "high"\nquery = 'process where process.name == "nc"'\n`;
const PAIR = `id = "pair"\nname = "Child of nc connects"\nseverity = "low"
query = 'network where process.parent.name == "nc"'\n`;

interface Files {
  readonly rules: string;
  write(name: string, text: string | Uint8Array): string;
}

function files(t: ExecutionContext, rule = RULE): Files {
  const folder = mkdtempSync(join(tmpdir(), 'replay-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const write = (name: string, text: string | Uint8Array): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  return { rules: write('rule.toml', rule), write };
}

interface AlertLine {
  readonly alert_id: string;
  readonly events: readonly { readonly table: string; readonly eid: string }[];
  readonly alert: Readonly<Record<string, unknown>>;
}

function alertsIn(out: string): readonly AlertLine[] {
  return out
    .split('\n')
    .filter((text) => text !== '')
    .map((text) => JSON.parse(text));
}

const eidsOf = (out: string): readonly number[] =>
  alertsIn(out).map(({ events }) => Number(events.at(-1)!.eid));

test('--json prints one alert a line, with what identifies and rates it, its events and the whole alert', async (t) => {
  const { rules, write } = files(t);
  const log = write('osqueryd.results.log', `${line('process_events', exec(7, '/bin/nc -l 9'))}\n`);
  const { code, out, err } = await runCommand('replay', '--rules', rules, '--json', log);
  t.is(code, 1);
  const [alert, ...others] = alertsIn(out);
  t.deepEqual(others, []);
  t.like(alert, {
    ...{ rule_id: 'nc', rule_name: 'Netcat', severity: 'high', risk_score: 73, time: START_S + 7 },
    events: [{ table: 'process_events', eid: '0000000007' }],
    alert: { rule: { id: 'nc' }, process: { command_line: '/bin/nc -l 9' }, host: { id: 'host-1' } },
  });
  t.regex(alert!.alert_id, /^[0-9a-f]{32}$/);
  t.is(err, 'alerts  matches  rule\n     1        1  Netcat\n1 lines, 1 rows, 1 rules, 1 alerts\n');
});

test('the same events give the same alerts, byte for byte, from a plain file, gzip or standard input', async (t) => {
  const { write } = files(t);
  const plain = gunzipSync(readFileSync(SEED));
  const first = await runCommand('replay', '--json', SEED);
  t.true(alertsIn(first.out).length > 10);
  t.deepEqual(await runCommand('replay', '--json', SEED), first);
  t.deepEqual(await runCommand('replay', '--json', write('plain.log', plain)), first);
  t.deepEqual(await runCommand('replay', '--json', write('again.log.gz', gzipSync(plain))), first);
  const main = join(ROOT, 'src', 'cli', 'main.ts');
  const piped = spawnSync(process.execPath, [main, 'replay', '--json', '-'], {
    input: plain,
    encoding: 'utf8',
  });
  t.deepEqual({ code: piped.status, out: piped.stdout, err: piped.stderr }, { ...first });
});

test('event, batch and snapshot lines give the same alerts', async (t) => {
  const { rules, write } = files(t);
  const rows = [exec(1, '/bin/nc'), exec(2, '/bin/ls'), exec(3, '/usr/bin/nc')];
  const base = about('process_events', 100);
  const diffResults = { added: rows, removed: '' };
  const forms = {
    event: rows.map((columns) => line('process_events', columns)).join('\n'),
    batch: JSON.stringify({ ...base, diffResults }),
    snapshot: JSON.stringify({ ...base, snapshot: rows, action: 'snapshot' }),
  };
  for (const [form, text] of Object.entries(forms)) {
    const { out } = await runCommand('replay', '--rules', rules, '--json', write(`${form}.log`, text));
    t.deepEqual(eidsOf(out), [1, 3], form);
  }
});

test('rows that osquery says are gone are no events', async (t) => {
  const { rules, write } = files(t);
  const columns = exec(1, '/bin/nc');
  const texts = [
    JSON.stringify({ ...about('process_events', 100), columns, action: 'removed' }),
    JSON.stringify({ ...about('process_events', 100), diffResults: { added: [], removed: [columns] } }),
  ];
  const { code, err } = await runCommand(
    'replay',
    '--rules',
    rules,
    '--json',
    write('a.log', texts.join('\n')),
  );
  t.is(code, 0);
  t.is(err, '2 lines, 0 rows, 1 rules, 0 alerts\n');
});

test('the query name says the table when it ends in it, and --table says it otherwise', async (t) => {
  const { rules, write } = files(t);
  const names = ['pack_linux_process_events', 'pack/Global/process_events', 'my execs', 'process_events_old'];
  const log = write('a.log', names.map((name, at) => line(name, exec(at + 1, '/bin/nc'))).join('\n'));
  const without = await runCommand('replay', '--rules', rules, '--json', log);
  t.deepEqual(eidsOf(without.out), [1, 2]);
  t.regex(without.err, /^1 rows of "my execs" were passed over: .* say it with --table "my execs"=TABLE$/m);
  t.regex(without.err, /^1 rows of "process_events_old" were passed over/m);
  const given = ['--table', 'my execs=process_events', '--table', 'process_events_old=process_events'];
  const { out, err } = await runCommand('replay', '--rules', rules, '--json', ...given, log);
  t.deepEqual(eidsOf(out), [1, 2, 3, 4]);
  t.false(err.includes('passed over'));
});

test('lines that are no result lines are counted and told, and stop nothing', async (t) => {
  const { rules, write } = files(t);
  const good = line('process_events', exec(1, '/bin/nc'));
  const status = '{"hostIdentifier":"h","message":"Executing scheduled query","severity":"0"}';
  const junk = ['not json', status, good.slice(0, 40), '[]', 'null', '{"name":"process_events"}'];
  const { out, err } = await runCommand(
    'replay',
    '--rules',
    rules,
    '--json',
    write('a.log', [...junk, good, ''].join('\n')),
  );
  t.deepEqual(eidsOf(out), [1]);
  t.regex(err, /^7 lines, 1 rows, 1 rules, 1 alerts$/m);
  t.regex(err, /^6 lines were no result lines of osquery$/m);
});

test('a row that two queries give is read once', async (t) => {
  const { rules, write } = files(t);
  const names = ['pack_a_process_events', 'pack_b_process_events'];
  const log = write('a.log', names.map((name) => line(name, exec(1, '/bin/nc'))).join('\n'));
  const { out, err } = await runCommand('replay', '--rules', rules, '--json', log);
  t.deepEqual(eidsOf(out), [1]);
  t.regex(err, /^1 rows came more than once and were read once$/m);
});

test('each host has processes of its own, also in one log', async (t) => {
  const { rules, write } = files(t, PAIR);
  const connect = (parent: string): Columns => ({
    ...{ eid: '0000000009', time: String(START_S + 9), action: 'connect', pid: parent, path: '/bin/sh' },
    ...{ family: '2', remote_address: '192.0.2.1', remote_port: '80', success: '1' },
  });
  const shell = exec(3, '/bin/sh', { parent: '1002' });
  const log = write(
    'a.log',
    [
      line('process_events', exec(2, '/bin/nc'), 'one'),
      line('process_events', exec(2, '/bin/ls'), 'two'),
      ...['one', 'two'].flatMap((host) => [
        line('process_events', shell, host),
        line('socket_events', connect('1003'), host),
      ]),
    ].join('\n'),
  );
  const { out, err } = await runCommand('replay', '--rules', rules, '--json', log);
  t.deepEqual(
    alertsIn(out).map(({ alert }) => (alert['host'] as { id: string }).id),
    ['one'],
  );
  t.regex(err, /^2 hosts, each looked at on its own$/m);
});

test('a connection that is logged before the exec of its process is still of that process', async (t) => {
  const { rules, write } = files(t, PAIR);
  const connect: Columns = {
    ...{ eid: '0000000001', time: String(START_S + 9), action: 'connect', pid: '1003', path: '/bin/sh' },
    ...{ family: '2', remote_address: '192.0.2.1', remote_port: '80', success: '1' },
  };
  const execs = [exec(2, '/bin/nc'), exec(3, '/bin/sh', { parent: '1002' })];
  const lines = [line('socket_events', connect), ...execs.map((row) => line('process_events', row))];
  const { out } = await runCommand('replay', '--rules', rules, '--json', write('a.log', lines.join('\n')));
  t.is(alertsIn(out).length, 1);
});

test('what ran before the recording is taken from --processes', async (t) => {
  const { rules, write } = files(
    t,
    PAIR.replace('network where process.parent.name', 'process where process.parent.name'),
  );
  const log = write('a.log', line('process_events', exec(1, '/bin/sh', { parent: '50' })));
  const processes = write(
    'processes.json',
    JSON.stringify([
      { pid: '50', parent: '1', path: '/bin/nc', name: 'nc', cmdline: 'nc -l 9', start_time: '1795480000' },
    ]),
  );
  t.is((await runCommand('replay', '--rules', rules, log)).code, 0);
  t.is((await runCommand('replay', '--rules', rules, '--processes', processes, log)).code, 1);
});

test('without --json each alert is a block for a reader, and a summary by rule ends the output', async (t) => {
  const { rules, write } = files(t);
  const log = write('a.log', line('process_events', exec(1, '/bin/nc \u001b[31m')));
  const { out, err } = await runCommand('replay', '--rules', rules, log);
  t.regex(out, /^HIGH 73 {2}Netcat\n {2}when {8}\S+ {2}process_events 0000000001\n/);
  t.regex(out, /\nalerts {2}matches {2}rule\n {5}1 {8}1 {2}Netcat\n1 lines, 1 rows, 1 rules, 1 alerts\n$/);
  t.is(err, '');
  t.false(out.includes('\u001b'));
});

test('rules whose silence means nothing are counted: unsupported, not enabled, still learning', async (t) => {
  const { write } = files(t);
  const rules = write(
    'rules.yaml',
    [
      "id: a\nname: A\nseverity: low\nquery: 'registry where true'",
      "id: b\nname: B\nseverity: low\nenabled: false\nquery: 'process where true'",
      "id: c\nname: C\nseverity: low\nquery: 'process where true'\nnew_terms: { fields: [user.id], within: 7d }",
    ].join('\n---\n'),
  );
  const log = write('a.log', line('process_events', exec(1, '/bin/nc')));
  const { code, out } = await runCommand('replay', '--rules', rules, log);
  t.is(code, 0);
  t.regex(out, /^1 rules are not enabled$/m);
  t.regex(out, /^1 rules cannot find anything on linux: "osquery-detect check" says why$/m);
  t.regex(out, /^1 rules for new terms find nothing in the first day: they learn what is usual$/m);
});

test('a broken rule is told with its place, the others run, and the exit code is 1', async (t) => {
  const { write } = files(t);
  const rules = write('rules.yaml', "id: a\nname: A\nseverity: low\nquery: 'process where ('\n");
  const log = write('a.log', line('process_events', exec(1, '/bin/nc')));
  const { code, err } = await runCommand('replay', '--rules', rules, '--json', log);
  t.is(code, 1);
  t.regex(err, /rules\.yaml:4:\d+: EQL_SYNTAX: /);
});

for (const [what, argv, says] of [
  ['no events', [], /no events given/],
  ['a file that there is not', ['/nowhere/x.log'], /reading \/nowhere\/x\.log: ENOENT/],
  ['a table that there is not', ['--table', 'q=proces_events', SEED], /Did you mean "process_events"\?/],
  ['a table without a query', ['--table', '=x', SEED], /--table takes QUERY=TABLE/],
  ['processes that are no list', ['--processes', join(ROOT, 'package.json'), SEED], /no JSON list/],
] as const) {
  test(`${what} is wrong use: exit code 2 and a message`, async (t) => {
    const { code, err } = await runCommand('replay', ...argv);
    t.is(code, 2);
    t.regex(err, says);
  });
}

test('the bar says how much of the inputs is read', (t) => {
  const at = (read: number, total: number | null): string =>
    barOf({ totalBytes: total, readBytes: () => read }, 12_345);
  t.is(at(0, 100), '[------------------------------]   0 %  12,345 lines');
  t.is(at(50, 100), '[###############---------------]  50 %  12,345 lines');
  t.is(at(120, 100), '[##############################] 100 %  12,345 lines');
  t.is(at(5, null), '12,345 lines');
});

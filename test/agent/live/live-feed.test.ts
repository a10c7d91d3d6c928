import test from 'ava';
import { liveFlags } from '../../../src/agent/live/live-feed.ts';
import { parseResultLine } from '../../../src/osquery/index.ts';
import { exec, NOW, type Running, type StartOptions, start, until } from '../running.ts';

const RULE = 'id: a\nname: A\nseverity: high\nquery: process where process.name == "id"\n';
const CHILD = 'id: c\nname: C\nseverity: low\nquery: process where process.parent.name == "id"\n';
const OPTIONS: StartOptions = {
  settings: 'rules = ["rule.yaml", "child.yaml"]\nlive = true\nstore = "FOLDER/store.db"',
  files: { 'rule.yaml': RULE, 'child.yaml': CHILD },
};
const FLAGS = {
  disable_events: 'false',
  logger_plugin: 'osquery_detect,filesystem',
  extensions_timeout: '60',
};

function startLive(...[t, lines]: [Parameters<typeof start>[0], string[]?]): Promise<Running> {
  const seen = lines === undefined ? {} : { onResult: (line: string): void => void lines.push(line) };
  return start(t, { ...OPTIONS, sandbox: { flags: FLAGS, hostIdentifier: 'here', ...seen } });
}

test.serial('an alert is logged without a scan, and no scan after it logs it again', async (t) => {
  const lines: string[] = [];
  const { sandbox } = await startLive(t, lines);
  await sandbox.feed('process_events', [exec('/usr/bin/ls', 'ls'), exec('/usr/bin/id', 'id -u \u00fc')]);
  await until(() => lines.length > 0);
  const line = parseResultLine(lines[0]!)!;
  t.is(line.name, 'detections_live');
  t.like(line.rows[0], { action: 'added' });
  t.like(line.rows[0]!.columns, {
    rule_id: 'a',
    cmdline: 'id -u \u00fc',
    time: String(NOW),
    parent_path: '/usr/bin/bash',
  });
  t.regex(lines[0]!, /^[\x20-\x7e]*$/, 'in ASCII');
  await until(
    async () =>
      (await sandbox.query("SELECT 1 FROM detection_alerts WHERE status = 'delivered'")).length === 1,
  );
  await sandbox.runNow();
  await sandbox.runNow();
  t.is(lines.length, 1);
  const [health] = await sandbox.query("SELECT * FROM detection_health WHERE stream = 'all'");
  t.like(health, { live_events: '2', live_foreign: '0', alerts_delivered: '1' });
  t.is(Number(health!['events']) - Number(health!['duplicates']), 2, 'each row was read once');
  t.true(Number(health!['duplicates']) >= 2, 'and came again with the scan');
});

test.serial(
  'what the scans read first is not read again, and what the feed missed the scans bring',
  async (t) => {
    const { sandbox, alerts } = await startLive(t);
    sandbox.killExtension('SIGKILL');
    await until(() => sandbox.extensionPid === undefined);
    await sandbox.feed('process_events', [exec('/usr/bin/id', 'id missed')]);
    await sandbox.watch();
    await sandbox.registered('osquery_detect');
    await sandbox.runNow();
    t.deepEqual(
      alerts.map(({ cmdline }) => cmdline),
      ['id missed'],
    );
    await sandbox.feed('process_events', [exec('/usr/bin/id', 'id live')]);
    await until(() => alerts.length > 1);
    await sandbox.runNow();
    t.deepEqual(
      alerts.map(({ cmdline }) => cmdline),
      ['id missed', 'id live'],
    );
  },
);

const ADVICE: readonly {
  readonly loggers: string;
  readonly live: boolean;
  readonly want: readonly RegExp[];
}[] = [
  { loggers: 'osquery_detect,filesystem', live: true, want: [] },
  { loggers: 'filesystem', live: false, want: [] },
  { loggers: 'filesystem', live: true, want: [/--logger_plugin=osquery_detect,filesystem$/] },
  { loggers: 'tls,osquery_detect', live: true, want: [/--logger_plugin=osquery_detect,tls$/] },
  { loggers: 'osquery_detect', live: true, want: [/--logger_plugin=osquery_detect,filesystem$/] },
  { loggers: 'osquery_detect,tls', live: false, want: [/of no use/] },
];

for (const { loggers, live, want } of ADVICE) {
  test(`--logger_plugin=${loggers} with live = ${live} gets ${want.length} pieces of advice`, (t) => {
    const { advice, wanted } = liveFlags(new Map([['logger_plugin', loggers]]), live);
    t.is(advice.length, want.length);
    for (const [at, one] of want.entries()) t.regex(advice[at]!, one);
    t.is(wanted, loggers.includes('osquery_detect'));
  });
}

test.serial('an osqueryd that wants our logger gets one also where the live feed is off', async (t) => {
  const { sandbox, log, alerts } = await start(t, {
    settings: 'rules = ["rule.yaml"]',
    files: { 'rule.yaml': RULE },
    sandbox: { flags: FLAGS },
  });
  await sandbox.feed('process_events', [exec('/usr/bin/id', 'id')]);
  await sandbox.runNow();
  t.is(alerts.length, 1);
  t.true(log.some(({ msg }) => msg === 'about the live feed'));
});

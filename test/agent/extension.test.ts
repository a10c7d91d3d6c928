import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { connectManager } from '../../src/osquery/index.ts';
import { type FedRow, type Sandbox, type StatusLine, startSandbox } from '../../src/sandbox/index.ts';
import { createSchema } from '../../src/schema/index.ts';
import { packFor } from '../../src/sql/index.ts';
import { ROOT, recording } from '../events/recording.ts';

const SCHEMA = createSchema('linux');
const PACK = packFor([SCHEMA.tables.get('process_events')!], { platform: 'linux' });
const SCAN = PACK.queries['detections_process_events']!.query;
const NOW = 1_795_500_000;
const SHELL = 100;

interface Running {
  readonly sandbox: Sandbox;
  /** The rows of the alerts that osquery logged. */
  readonly alerts: Record<string, string>[];
  readonly statuses: StatusLine[];
}

/** A minute for each answer, so that on a slow machine too one run of the schedule brings all. */
function patientSettings(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'extension-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const config = join(folder, 'settings.toml');
  writeFileSync(config, 'answer = "60s"\n');
  return config;
}

/** The extension as osqueryd starts it, behind the stand-in's socket, with the packaged rules. */
async function start(t: ExecutionContext): Promise<Running> {
  const alerts: Record<string, string>[] = [];
  const statuses: StatusLine[] = [];
  const sandbox = await startSandbox({
    schema: [...SCHEMA.tables.values()].map(({ name, columns }) => ({ name, columns })),
    rows: {
      processes: [{ pid: SHELL, parent: 1, path: '/usr/bin/bash', cmdline: '-bash', uid: 0, start_time: 1 }],
    },
    config: { packs: { linux: PACK } },
    flags: { disable_events: 'false' },
    startTime: NOW,
    watchIntervalMs: 0,
    extension: {
      command: [
        process.execPath,
        join(ROOT, 'src/cli/main.ts'),
        'extension',
        ...['--rules', join(ROOT, 'packs/rules'), '--allow-unsafe'],
      ],
      env: { OSQUERY_DETECT_CONFIG: patientSettings(t) },
    },
    onExtensionOutput: () => {},
    onResult: (line) => alerts.push((JSON.parse(line) as { columns: Record<string, string> }).columns),
    onStatus: (status) => statuses.push(status),
  });
  t.teardown(() => sandbox.stop());
  await sandbox.registered('osquery_detect');
  return { sandbox, alerts, statuses };
}

/** Runs the schedule until so many alerts are logged: on a slow machine an answer ends before all is read. */
async function runUntil({ sandbox, alerts }: Running, count: number): Promise<void> {
  for (let run = 0; run < 20 && alerts.length < count; run += 1) await sandbox.runNow();
}

let pid = 1000;

function exec(path: string, cmdline: string | Buffer): FedRow {
  pid += 1;
  return {
    pid,
    parent: SHELL,
    path,
    cmdline,
    cwd: '"/root"',
    uid: 0,
    gid: 0,
    euid: 0,
    egid: 0,
    syscall: 'execve',
  };
}

const rmmod = (words: string | Buffer = 'rmmod kvm'): FedRow => exec('/usr/bin/kmod', words);

test.serial(
  'a scheduled scan logs an alert with its process, its parent from before the start, and a document',
  async (t) => {
    const { sandbox, alerts } = await start(t);
    await sandbox.feed('process_events', [rmmod(), exec('/usr/bin/ls', 'ls')]);
    await sandbox.runNow();
    t.is(alerts.length, 1);
    const [alert] = alerts;
    t.like(alert, {
      rule_name: 'Kernel module removed by hand',
      severity: 'medium',
      risk_score: '47',
      cmdline: 'rmmod kvm',
      path: '/usr/bin/kmod',
      parent: String(SHELL),
      parent_path: '/usr/bin/bash',
      parent_cmdline: '-bash',
      user_id: '0',
    });
    t.regex(alert!['alert_id']!, /^[0-9a-f]{32}$/);
    t.like(JSON.parse(alert!['alert']!), {
      rule: { name: 'Kernel module removed by hand' },
      process: { command_line: 'rmmod kvm' },
      osquery_detect: {
        alert_id: alert!['alert_id'],
        events: [{ table: 'process_events', eid: '0000000001' }],
      },
    });
  },
);

test.serial('20,000 events go over in one call, and alerts come back from both ends of it', async (t) => {
  const running = await start(t);
  const { sandbox, alerts } = running;
  const noise = Array.from({ length: 19_998 }, (_, i) => exec('/usr/bin/ls', `ls -l /srv/${i}`));
  await sandbox.feed('process_events', [rmmod('rmmod first'), ...noise, rmmod('rmmod last')]);
  await runUntil(running, 2);
  t.deepEqual(
    alerts.map(({ cmdline }) => cmdline),
    ['rmmod first', 'rmmod last'],
  );
});

const AWKWARD: readonly { name: string; cmdline: string | Buffer; want: RegExp }[] = [
  {
    name: 'invalid UTF-8',
    cmdline: Buffer.from('rmmod \xff\xfe', 'latin1'),
    want: /^rmmod \u{fffd}\u{fffd}$/u,
  },
  { name: 'control characters', cmdline: 'rmmod a\n\t\u0001\u007f"\\', want: /^rmmod a\n\t\u0001\u007f"\\$/ },
  { name: '7 kB', cmdline: `rmmod ${'x'.repeat(7000)}`, want: /^rmmod x{7000}$/ },
  { name: 'text beyond ASCII', cmdline: 'rmmod \u{1f600}\u00e9', want: /^rmmod \u{1f600}\u00e9$/u },
];

test.serial('the alerts of awkward command lines arrive, and their documents can be read', async (t) => {
  const { sandbox, alerts } = await start(t);
  await sandbox.feed(
    'process_events',
    AWKWARD.map(({ cmdline }) => rmmod(cmdline)),
  );
  await sandbox.runNow();
  t.is(alerts.length, AWKWARD.length);
  AWKWARD.forEach(({ name, want }, i) => {
    const document = JSON.parse(alerts[i]!['alert']!) as { process: { command_line: string } };
    t.regex(document.process.command_line, want, name);
  });
});

test.serial('each event is judged once, also when someone runs the query of the pack by hand', async (t) => {
  const { sandbox, alerts } = await start(t);
  await sandbox.feed('process_events', [exec('/usr/bin/ls', 'ls')]);
  await sandbox.runNow();
  await sandbox.feed('process_events', [rmmod('rmmod one')]);
  await sandbox.runNow();
  t.deepEqual(await sandbox.query(SCAN), []);
  await sandbox.feed('process_events', [rmmod('rmmod two')]);
  await sandbox.runNow();
  t.deepEqual(
    alerts.map(({ cmdline }) => cmdline),
    ['rmmod one', 'rmmod two'],
  );
});

test.serial(
  'without a stream the rows given are judged alone, in their order, and nothing is kept',
  async (t) => {
    const { sandbox, alerts } = await start(t);
    await sandbox.feed('process_events', [rmmod('rmmod now')]);
    const columns = 'eid, time, syscall, pid, parent, path, cmdline';
    const names = columns.split(', ').map((name) => `'${name}'`);
    const header = `json_object('table', 'process_events', 'columns', json_array(${names.join(', ')}))`;
    const adHoc = (rule: string): string =>
      `SELECT rule_name, cmdline FROM detections WHERE ${rule} batch < (SELECT json_group_array(json(r)) FROM (SELECT ${header} AS r UNION ALL SELECT json_array(${columns}) FROM process_events))`;
    const own = `rule = 'process where process.name == "rmmod"' AND`;
    for (let run = 0; run < 2; run += 1) t.is((await sandbox.query(adHoc(own))).length, 1);
    t.is((await sandbox.query(adHoc(`rule = 'process where process.name == "lsmod"' AND`))).length, 0);
    await sandbox.runNow();
    t.is(alerts.length, 1, 'the live stream still had it before it');
  },
);

const WRONG: readonly { name: string; sql: string; want: RegExp }[] = [
  {
    name: 'an unknown stream',
    sql: `stream = 'process_event' AND batch < '[]'`,
    want: /unknown stream "process_event"/,
  },
  {
    name: 'a malformed rule',
    sql: `rule = 'process where (a == 1' AND batch < '[]'`,
    want: /rule:1:22: EQL_SYNTAX: Expected/,
  },
  { name: 'no events', sql: `rule_id = 'x'`, want: /detections needs events/ },
  { name: 'a batch that is no JSON', sql: `stream = 'process_events' AND batch < 'x'`, want: /no JSON/ },
];

test.serial('what is wrong in a query is the error of that query, and costs nothing else', async (t) => {
  const { sandbox, alerts } = await start(t);
  for (const { name, sql, want } of WRONG) {
    const error = await t.throwsAsync(
      sandbox.query(`SELECT * FROM detections WHERE ${sql}`),
      undefined,
      name,
    );
    t.regex(error.message, want, name);
  }
  await sandbox.feed('process_events', [rmmod()]);
  await sandbox.runNow();
  t.is(alerts.length, 1);
});

test.serial('an extension that was killed is started again and goes on', async (t) => {
  const { sandbox, alerts } = await start(t);
  await sandbox.feed('process_events', [rmmod('rmmod before')]);
  await sandbox.runNow();
  sandbox.killExtension('SIGKILL');
  while (sandbox.extensionPid !== undefined) await new Promise(setImmediate);
  await sandbox.watch();
  await sandbox.registered('osquery_detect');
  await sandbox.feed('process_events', [rmmod('rmmod after')]);
  await sandbox.runNow();
  t.deepEqual(
    alerts.map(({ cmdline }) => cmdline),
    ['rmmod before', 'rmmod after'],
  );
});

test.serial('the recorded seed cases fire over the socket as they do in replay', async (t) => {
  const running = await start(t);
  const { sandbox, alerts } = running;
  const rows = recording('seed').filter(({ table }) => table === 'process_events');
  await sandbox.feed(
    'process_events',
    rows.map(({ columns }) => columns),
  );
  await runUntil(running, 17);
  t.is(alerts.filter(({ rule_name }) => rule_name === 'Kernel module removed by hand').length, 17);
});

test.serial('the table describes itself over the manager socket', async (t) => {
  const { sandbox } = await start(t);
  const manager = await connectManager(sandbox.socketPath);
  t.teardown(() => manager.close());
  const columns = await manager.getQueryColumns('SELECT * FROM detections');
  t.deepEqual(
    columns.map(({ name }) => name).filter((name) => ['batch', 'stream', 'rule'].includes(name)),
    [],
    'hidden columns stay hidden',
  );
  t.true(columns.some(({ name, type }) => name === 'risk_score' && type === 'INTEGER'));
});

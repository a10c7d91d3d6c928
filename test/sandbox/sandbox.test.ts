import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { connectManager } from '../../src/osquery/index.ts';
import { type Sandbox, type SandboxOptions, type StatusLine, startSandbox } from '../../src/sandbox/index.ts';

const FIXTURE = join(import.meta.dirname, 'fixtures', 'extension.ts');
const SCHEMA = [
  {
    name: 'process_events',
    columns: [
      { name: 'pid', type: 'BIGINT' },
      { name: 'cmdline', type: 'TEXT' },
      { name: 'time', type: 'BIGINT' },
      { name: 'eid', type: 'TEXT', hidden: true },
    ],
  },
];
const BATCH = `(SELECT json_group_array(json(r)) FROM (SELECT json_array(eid, cmdline) AS r FROM process_events ORDER BY eid DESC LIMIT 20000))`;
const SCAN = `SELECT * FROM scan WHERE batch < ${BATCH}`;
const MONDAY = 1_795_478_400;

interface Running {
  readonly sandbox: Sandbox;
  readonly results: string[];
  readonly statuses: StatusLine[];
}

async function start(t: ExecutionContext, options: Partial<SandboxOptions> = {}): Promise<Running> {
  const results: string[] = [];
  const statuses: StatusLine[] = [];
  const sandbox = await startSandbox({
    schema: SCHEMA,
    startTime: MONDAY,
    watchIntervalMs: 0,
    hostIdentifier: 'host',
    extension: { command: [process.execPath, FIXTURE] },
    onExtensionOutput: (line) => t.log(line),
    onResult: (line) => results.push(line),
    onStatus: (status) => statuses.push(status),
    ...options,
  });
  t.teardown(() => sandbox.stop());
  await sandbox.registered('fixture');
  return { sandbox, results, statuses };
}

test('a sandbox that is started again on its database goes on as a new worker does', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'kept-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const config = { schedule: { scan: { query: SCAN, interval: 10, removed: false } } };
  const kept = { config, databasePath: join(folder, 'events.db') };
  const first = await start(t, kept);
  await first.sandbox.feed('process_events', [{ cmdline: 'alert one' }]);
  await first.sandbox.runNow();
  await first.sandbox.feed('process_events', [{ cmdline: 'alert two' }]);
  await first.sandbox.stop();
  const { sandbox, results } = await start(t, kept);
  await sandbox.feed('process_events', [{ cmdline: 'alert three' }]);
  await sandbox.runNow();
  t.deepEqual(
    columnsIn(results).map(({ alert_id, cmdline }) => [alert_id, cmdline]),
    [
      ['alert-0000000003', 'alert three'],
      ['alert-0000000002', 'alert two'],
    ],
  );
  const all = await sandbox.query('SELECT count(*) AS n FROM process_events WHERE time > 0');
  t.deepEqual(all, [{ n: '3' }]);
});

function columnsIn(results: readonly string[]): readonly Record<string, string>[] {
  return results.map((line) => (JSON.parse(line) as { columns: Record<string, string> }).columns);
}

test('sockets of extensions that a worker before left are removed at the start, as core does', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'stale-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const [stale, other] = [join(folder, 'em.4711'), join(folder, 'em-other')];
  for (const path of [stale, other]) writeFileSync(path, '');
  const { sandbox } = await start(t, { socketPath: join(folder, 'em') });
  t.false(existsSync(stale));
  t.true(existsSync(other));
  t.is((await sandbox.query('SELECT 1 AS one')).length, 1);
});

test('a pack runs over events through the extension, each event once', async (t) => {
  const config = {
    packs: {
      detect: { platform: 'linux', queries: { scan: { query: SCAN, interval: 10, removed: false } } },
    },
  };
  const { sandbox, results } = await start(t, { config });
  await sandbox.feed('process_events', [
    { pid: 1, cmdline: 'alert one' },
    { pid: 2, cmdline: 'nothing' },
    { pid: 3, cmdline: Buffer.from('alert \xff\n"', 'latin1') },
  ]);
  await sandbox.advance(9);
  t.deepEqual(results, []);
  await sandbox.advance(1);
  t.is(results.length, 2);
  t.like(JSON.parse(results[0]!), {
    name: 'pack_detect_scan',
    hostIdentifier: 'host',
    calendarTime: 'Tue Nov 24 00:00:10 2026 UTC',
    unixTime: MONDAY + 10,
    counter: 0,
    action: 'added',
  });
  t.deepEqual(
    columnsIn(results).map(({ alert_id, cmdline }) => [alert_id, cmdline]),
    // The extension decoded the bytes, and core escapes what it logs: U+FFFD is three bytes.
    [
      ['alert-0000000003', String.raw`alert \xEF\xBF\xBD\x0A"`],
      ['alert-0000000001', 'alert one'],
    ],
  );
  t.false('batch' in columnsIn(results)[0]!);
  await sandbox.feed('process_events', [{ pid: 4, cmdline: 'alert two' }]);
  await sandbox.advance(10);
  t.deepEqual(
    columnsIn(results.slice(2)).map(({ eid }) => eid),
    ['0000000004'],
  );
  await sandbox.advance(30);
  t.is(results.length, 3);
  t.is((await sandbox.query('SELECT executions FROM osquery_schedule'))[0]!['executions'], '5');
  const subscribers = "SELECT name, events FROM osquery_events WHERE type = 'subscriber'";
  t.deepEqual(await sandbox.query(subscribers), [{ name: 'process_events', events: '4' }]);
});

const ordered = (rule: string) => ({
  query: `SELECT * FROM scan WHERE rule = '${rule}' AND batch < '[]'`,
  interval: 60,
});
const SHARED_SCHEDULE = {
  broken: { query: 'SELECT * FROM absent', interval: 60 },
  failing: ordered('fail'),
  working: ordered('count'),
  large: { query: `SELECT alert_id, cmdline FROM scan WHERE rule = 'large'`, interval: 60 },
};

/** One extension for tests that leave it as it is: starting one takes a while. */
test('queries of one extension', async (t) => {
  const { sandbox, results, statuses } = await start(t, { config: { schedule: SHARED_SCHEDULE } });

  t.log('a failing query is a status line and stops nothing');
  await sandbox.advance(60);
  const errors = statuses.filter(({ severity }) => severity === 2).map(({ message }) => message);
  t.is(errors[0], 'Error executing scheduled query broken: no such table: absent');
  t.regex(errors[1]!, /^Error executing scheduled query failing: .*no such rule: fail/);

  t.log('long values and bytes that are no UTF-8 come back whole');
  t.deepEqual(
    columnsIn(results).map(({ events, alert_id, cmdline }) => [events, alert_id, cmdline]),
    [
      ['0', '', ''],
      [undefined, 'x'.repeat(7000), String.raw`a\xFF\x0A`],
    ],
  );
  const [large] = await sandbox.query(`SELECT cmdline FROM scan WHERE rule = 'large'`);
  t.deepEqual(large!['cmdline'], Uint8Array.from([0x61, 0xff, 0x0a]));

  t.log('a batch of 20,000 events is one call, and a longer backlog keeps its newest');
  const cmdline = `/usr/bin/make -j4 ${'x'.repeat(100)}`;
  const events = Array.from({ length: 20_500 }, (_, index) => ({ pid: index, cmdline }));
  await sandbox.feed('process_events', events);
  t.deepEqual(await sandbox.query(`SELECT events, eid FROM scan WHERE rule = 'count' AND batch < ${BATCH}`), [
    { events: '20000', eid: '0000020500' },
  ]);

  t.log('an extension that dies while it is asked fails that query');
  await t.throwsAsync(sandbox.query(`SELECT * FROM scan WHERE rule = 'exit'`));
  t.deepEqual(await sandbox.query('SELECT 1 AS one'), [{ one: '1' }]);
});

test('an extension that dies is forgotten at one failed ping, started anew, and goes on where the pointer stood', async (t) => {
  const config = { schedule: { scan: { query: SCAN, interval: 10 } } };
  const { sandbox, results, statuses } = await start(t, { config });
  const exited = new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      if (sandbox.extensionPid !== undefined) return;
      clearInterval(timer);
      resolve();
    }, 5);
  });
  const firstPid = sandbox.extensionPid;
  sandbox.killExtension('SIGKILL');
  await exited;
  t.is(sandbox.extensions.size, 1, 'core has not noticed yet');
  await sandbox.feed('process_events', [{ cmdline: 'alert while away' }]);
  await sandbox.watch();
  t.is(sandbox.extensions.size, 0);
  t.true(statuses.some(({ message }) => /^Extension UUID \d+ has gone away$/.test(message)));
  await sandbox.runNow('scan');
  t.is(statuses.at(-1)?.message, 'Error executing scheduled query scan: no such table: scan');
  await sandbox.registered('fixture');
  t.not(sandbox.extensionPid, firstPid);
  await sandbox.runNow('scan');
  t.deepEqual(
    columnsIn(results).map(({ cmdline }) => cmdline),
    ['alert while away'],
  );
});

test('the manager answers as core does', async (t) => {
  const { sandbox } = await start(t, { flags: { logger_plugin: 'filesystem', audit_allow_config: 'true' } });
  const manager = await connectManager(sandbox.socketPath);
  t.teardown(() => manager.close());
  t.is((await manager.ping()).code, 0);
  const [uuid, info] = [...(await manager.extensions())][0]!;
  t.like(info, { name: 'fixture', version: '1.0.0' });
  t.is((await manager.options()).get('audit_allow_config')?.value, 'true');
  t.deepEqual(await manager.query('SELECT 1 AS a, NULL AS b'), [{ a: '1', b: '' }]);
  await t.throwsAsync(manager.query('select bad syntax from'), { message: 'incomplete input' });
  t.deepEqual(await manager.getQueryColumns('SELECT pid, cmdline FROM process_events'), [
    { name: 'pid', type: 'BIGINT' },
    { name: 'cmdline', type: 'TEXT' },
  ]);
  t.deepEqual(await manager.query(`SELECT uuid, name FROM osquery_extensions WHERE type = 'extension'`), [
    { uuid: String(uuid), name: 'fixture' },
  ]);
  const sdk = { version: '1', sdkVersion: '5.0.0', minSdkVersion: '1.8.0' };
  const table = new Map([['table', new Map([['scan', []]])]]);
  await t.throwsAsync(manager.registerExtension({ name: 'fixture', ...sdk }, new Map()), {
    message: 'Duplicate extension registered',
  });
  await t.throwsAsync(manager.registerExtension({ name: 'other', ...sdk }, table), {
    message: 'Failed adding registry broadcast',
  });
  await t.throwsAsync(manager.registerExtension({ name: 'old', ...sdk, sdkVersion: '1.7.6' }, new Map()), {
    message: 'Incompatible extension SDK version',
  });
  await manager.deregisterExtension(uuid);
  t.is(sandbox.extensions.size, 0);
});

test('loggers of extensions are told what core tells them, and lines of extensions go to all loggers', async (t) => {
  const query = 'SELECT cmdline FROM process_events';
  const { sandbox, results } = await start(t, {
    flags: { logger_plugin: 'fixture_log,filesystem', extensions_timeout: '60' },
    extension: { command: [process.execPath, FIXTURE], env: { FIXTURE_LOGGER: 'fixture_log' } },
    config: {
      schedule: {
        events: { query, interval: 60 },
        shot: { query: 'SELECT 1 AS one', interval: 60, snapshot: true },
      },
    },
  });
  await sandbox.feed('process_events', [{ cmdline: 'a\tb' }]);
  await sandbox.runNow();
  const manager = await connectManager(sandbox.socketPath);
  t.teardown(() => manager.close());
  await manager.call('logger', '', { string: '{"sent":true}' });
  t.is((await manager.call('logger', 'tls', { string: 'x' })).status.code, 1);
  const told = await sandbox.query(`SELECT kind, text FROM told WHERE kind != 'status'`);
  t.deepEqual(
    told.map(({ kind }) => kind),
    ['init', 'event', 'string', 'snapshot', 'string'],
  );
  t.is(told[0]!['text'], 'osqueryd');
  t.is(told[1]!['text'], `{"cmdline":"a\\tb","eid":"0000000001","time":"${MONDAY}"}`);
  t.deepEqual(results, [told[2]!['text'], told[3]!['text'], '{"sent":true}']);
  const statuses = await sandbox.query(`SELECT text FROM told WHERE kind = 'status'`);
  t.regex(String(statuses[0]!['text']), /^\[\{"s":0,"f":"interface.cpp","i":1,"m":"Registering extension/);
});

test('a logger that is named and not there ends the start, as it ends osqueryd', async (t) => {
  const start = startSandbox({
    schema: [],
    startTime: MONDAY,
    flags: { logger_plugin: 'absent', extensions_timeout: '0' },
  });
  await t.throwsAsync(start, { message: /exit code 78: no logger plugin absent/ });
});

test('the schedule runs by itself when time is the clock’s', async (t) => {
  let seen: (line: string) => void = () => {};
  const line = new Promise<string>((resolve) => {
    seen = resolve;
  });
  const sandbox = await startSandbox({
    schema: SCHEMA,
    config: { schedule: { every: { query: 'SELECT 1 AS one', interval: 1, snapshot: true } } },
    onResult: seen,
  });
  t.teardown(() => sandbox.stop());
  t.like(JSON.parse(await line), { name: 'every', snapshot: [{ one: '1' }], action: 'snapshot' });
});

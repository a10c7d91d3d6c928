import { connect } from 'node:net';
import test from 'ava';
import { connectExtension, connectManager } from '../../../src/osquery/index.ts';
import { exec, NOW, SHELL, start, until } from '../running.ts';

const RULES = {
  'rule.yaml': 'id: a\nname: A\nseverity: high\nquery: process where process.name == "id"\n',
  'other.yaml': 'id: b\nname: B\nseverity: low\nquery: file where file.path == "/etc/shadow"\n',
};
const SETTINGS = 'rules = ["rule.yaml", "other.yaml"]';

test.serial('the tables tell of alerts, rules, streams and processes while events come', async (t) => {
  const { sandbox, alerts } = await start(t, { settings: SETTINGS, files: RULES });
  await sandbox.feed('process_events', [exec('/usr/bin/id', 'id -u'), exec('/usr/bin/ls', 'ls')]);
  await sandbox.runNow();
  const [alert] = await sandbox.query('SELECT * FROM detection_alerts');
  t.like(alert, {
    ...{
      alert_id: alerts[0]!['alert_id'],
      rule_id: 'a',
      severity: 'high',
      cmdline: 'id -u',
      status: 'waiting',
    },
    ...{ time: String(NOW), parent_path: '/usr/bin/bash' },
  });
  t.false('alert' in alert!, 'the document is hidden');
  await sandbox.runNow();
  const waiting = "SELECT * FROM detection_alerts WHERE status = 'waiting'";
  t.deepEqual(await sandbox.query(waiting), [], 'the next scan shows that osquery went on');

  const [all, stream] = await sandbox.query(
    "SELECT * FROM detection_health WHERE stream IN ('all', 'process_events') ORDER BY stream",
  );
  t.like(stream, { stream: 'process_events', events: '2', position: '2', scans: '2', gaps: '0', lost: '0' });
  t.like(all, { events: '2', rules: '2', alerts: '1', alerts_delivered: '1', reloads: '0', failed: '0' });
  t.true(Number(all!['memory']) > 10_000_000);

  const [stats] = await sandbox.query("SELECT * FROM detection_stats WHERE rule_id = 'a'");
  t.like(stats, {
    evaluations: '1',
    matches: '1',
    alerts: '1',
    suppressed: '0',
    failed: '0',
    last_failure: '',
  });

  const children = await sandbox.query(
    `SELECT pid, path, parent_path, running FROM detection_processes WHERE parent = ${SHELL} ORDER BY pid`,
  );
  t.deepEqual(
    children.map(({ path, parent_path, running }) => [path, parent_path, running]),
    [
      ['/usr/bin/id', '/usr/bin/bash', '1'],
      ['/usr/bin/ls', '/usr/bin/bash', '1'],
    ],
  );
});

test.serial('a rule that the host cannot see says which table and flag is missing', async (t) => {
  const flags = { disable_events: 'false', enable_file_events: 'false' };
  const { sandbox } = await start(t, { settings: SETTINGS, files: RULES, sandbox: { flags } });
  const rules = () => sandbox.query('SELECT rule_id, verdict, observable, blind FROM detection_rules');
  await until(async () => (await rules()).every(({ observable }) => observable !== ''));
  const [a, b] = await rules();
  t.like(a, { rule_id: 'a', observable: '1', blind: '' });
  t.like(b, { rule_id: 'b', observable: '0' });
  t.regex(
    String(b!['blind']),
    /file_events: osqueryd runs with --enable_file_events=false: set --enable_file_events=true\./,
  );
});

const TABLES = ['alerts', 'rules', 'stats', 'health', 'processes'].map((name) => `detection_${name}`);
const ODD: readonly string[] = [
  "'x'",
  "''",
  'NULL',
  '-1',
  '1e999',
  "x'00ff'",
  "'''; DROP TABLE alerts; --'",
  '99999999999999999999',
  'zeroblob(3)',
  "replace(hex(zeroblob(500000)), '0', 'ab')",
];

test.serial('odd and huge constraints on every column are answered, and nothing stops', async (t) => {
  const { sandbox } = await start(t, { settings: SETTINGS, files: RULES });
  await sandbox.feed('process_events', [exec('/usr/bin/id', 'id')]);
  await sandbox.runNow();
  const pidBefore = sandbox.extensionPid;
  const manager = await connectManager(sandbox.socketPath);
  t.teardown(() => manager.close());
  for (const table of TABLES) {
    const columns = await manager.getQueryColumns(`SELECT * FROM ${table}`);
    t.true(columns.length > 5, table);
    for (const { name } of columns) {
      const tests = ODD.flatMap((value) => ['=', '<', '>='].map((op) => `${name} ${op} ${value}`));
      tests.push(`${name} LIKE '%a'`, `${name} GLOB '*'`);
      const sql = `SELECT count(*) AS n FROM ${table} WHERE ${tests.join(' OR ')}`;
      await t.notThrowsAsync(sandbox.query(sql), `${table}.${name}`);
    }
    await t.notThrowsAsync(sandbox.query(`SELECT * FROM ${table} WHERE ${columns[0]!.name} = ${ODD.at(-1)}`));
  }
  t.is(sandbox.extensionPid, pidBefore);
  t.is((await sandbox.query('SELECT * FROM detection_alerts')).length, 1);
});

test.serial(
  'a table can be joined with another, and an unknown column is the error of that query',
  async (t) => {
    const { sandbox } = await start(t, { settings: SETTINGS, files: RULES });
    await sandbox.feed('process_events', [exec('/usr/bin/id', 'id')]);
    await sandbox.runNow();
    const joined = await sandbox.query(
      'SELECT a.cmdline, r.rule_name, s.matches FROM detection_alerts a JOIN detection_rules r USING (rule_id) JOIN detection_stats s USING (rule_id)',
    );
    t.deepEqual(joined, [{ cmdline: 'id', rule_name: 'A', matches: '1' }]);
    await t.throwsAsync(sandbox.query('SELECT colour FROM detection_alerts'), { message: /no such column/ });
    await t.throwsAsync(sandbox.query("INSERT INTO detection_alerts (alert_id) VALUES ('x')"));
  },
);

test.serial(
  'an osqueryi of its own reads the alerts and processes of the daemon, and changes nothing there',
  async (t) => {
    const settings = `${SETTINGS}\nstore = "FOLDER/store.db"`;
    const daemon = await start(t, { settings, files: RULES });
    await daemon.sandbox.feed('process_events', [exec('/usr/bin/id', 'id')]);
    await daemon.sandbox.runNow();
    daemon.sandbox.killExtension('SIGTERM');
    await until(() => daemon.sandbox.extensionPid === undefined);
    await daemon.sandbox.watch();
    await daemon.sandbox.registered('osquery_detect');

    const shell = await start(t, {
      settings: `store = "${daemon.folder}/store.db"`,
      sandbox: {
        flags: { disable_events: 'true', disable_logging: 'true' },
        rows: { processes: [] },
        config: {},
      },
    });
    const look = 'SELECT alert_id, cmdline, status FROM detection_alerts';
    t.deepEqual(await shell.sandbox.query(look), await daemon.sandbox.query(look));
    const processes = () =>
      shell.sandbox.query("SELECT cmdline, parent_path FROM detection_processes WHERE path = '/usr/bin/id'");
    await until(async () => (await processes()).length > 0);
    t.deepEqual(await processes(), [{ cmdline: 'id', parent_path: '/usr/bin/bash' }]);
    const [all] = await shell.sandbox.query(
      "SELECT store, store_state, alerts FROM detection_health WHERE stream = 'all'",
    );
    t.deepEqual(all, { store: `${daemon.folder}/store.db`, store_state: 'reading', alerts: '1' });

    await daemon.sandbox.feed('process_events', [exec('/usr/bin/id', 'id -g')]);
    await daemon.sandbox.runNow();
    await daemon.sandbox.runNow();
    t.is((await shell.sandbox.query(`${look} WHERE cmdline = 'id -g'`))[0]!['status'], 'delivered');
    t.like(
      (
        await daemon.sandbox.query(
          "SELECT store_state, store_error FROM detection_health WHERE stream = 'all'",
        )
      )[0],
      {
        ...{ store_state: 'file', store_error: '' },
      },
    );
  },
);

const HOSTILE: readonly { readonly name: string; readonly bytes: Buffer }[] = [
  { name: 'garbage', bytes: Buffer.from('GET / HTTP/1.1\r\n\r\n') },
  { name: 'a text of 2 GB', bytes: Buffer.from('800100017fffffff63616c6c', 'hex') },
  {
    name: 'a negative length',
    bytes: Buffer.from(`8001000100000004${Buffer.from('call').toString('hex')}000000000b0001ffffffff`, 'hex'),
  },
  {
    name: 'a map of 2 billion entries',
    bytes: Buffer.from(
      `8001000100000004${Buffer.from('call').toString('hex')}000000000d00030b0b7fffffff`,
      'hex',
    ),
  },
  {
    name: 'half a message',
    bytes: Buffer.from(`8001000100000004${Buffer.from('call').toString('hex')}`, 'hex'),
  },
  {
    name: 'a reply in the place of a call',
    bytes: Buffer.from(`8001000200000004${Buffer.from('ping').toString('hex')}0000000000`, 'hex'),
  },
  {
    name: 'a thousand structs in each other',
    bytes: Buffer.from(
      `8001000100000004${Buffer.from('call').toString('hex')}00000000${'0c0001'.repeat(1_000)}`,
      'hex',
    ),
  },
];

test.serial('bytes that are no call end their connection, and nothing else', async (t) => {
  const { sandbox } = await start(t, { settings: SETTINGS, files: RULES });
  const [uuid] = [...sandbox.extensions.keys()];
  const pidBefore = sandbox.extensionPid;
  for (const { name, bytes } of HOSTILE) {
    const socket = connect(`${sandbox.socketPath}.${uuid}`);
    socket.on('error', () => {});
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.end(bytes);
    socket.resume();
    await closed;
    t.is((await sandbox.query('SELECT * FROM detection_rules')).length, 2, name);
  }
  t.is(sandbox.extensionPid, pidBefore);
});

test.serial('a hundred queries at once are all answered', async (t) => {
  const { sandbox } = await start(t, { settings: SETTINGS, files: RULES });
  const [uuid] = [...sandbox.extensions.keys()];
  const context = JSON.stringify({ constraints: [] });
  const replies = await Promise.all(
    Array.from({ length: 100 }, async (_, n) => {
      const extension = await connectExtension(`${sandbox.socketPath}.${uuid}`);
      const reply = await extension.call('table', TABLES[n % TABLES.length]!, {
        action: 'generate',
        context,
      });
      extension.close();
      return reply.status.code;
    }),
  );
  t.deepEqual(new Set(replies), new Set([0]));
});

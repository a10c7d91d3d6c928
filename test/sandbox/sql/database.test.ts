import test, { type ExecutionContext } from 'ava';
import { EventNumbers } from '../../../src/sandbox/event-numbers.ts';
import { SandboxDatabase } from '../../../src/sandbox/sql/database.ts';
import type { KnownColumn } from '../../../src/sandbox/sql/known-table.ts';
import type { FedRow } from '../../../src/sandbox/sql/messages.ts';

const EVENTS: readonly KnownColumn[] = [
  { name: 'pid', type: 'BIGINT', options: 0 },
  { name: 'cmdline', type: 'TEXT', options: 0 },
  { name: 'time', type: 'BIGINT', options: 4 },
  { name: 'eid', type: 'TEXT', options: 16 },
];
/** The table of the captured traffic: names, types and options as they were registered there. */
const SCAN: readonly KnownColumn[] = [
  { name: 'event', type: 'TEXT', options: 25 },
  { name: 'batch', type: 'BIGINT', options: 20 },
  { name: 'rule', type: 'TEXT', options: 0 },
  { name: 'pid', type: 'BIGINT', options: 0 },
  { name: 'cmdline', type: 'TEXT', options: 0 },
];

interface Setup {
  /** Stores events with the next eids. */
  feed(rows: readonly FedRow[]): Promise<void>;
  readonly database: SandboxDatabase;
  /** The contexts that `generate` was called with, as latin1. */
  readonly contexts: string[];
  rows: readonly Readonly<Record<string, string | Buffer>>[];
}

async function setUp(t: ExecutionContext): Promise<Setup> {
  const setup = await open();
  t.teardown(() => setup.database.close());
  return setup;
}

/** One database for the tables of cases, which change nothing: a thread takes a while to start. */
let shared: Setup;

function useShared(rows: Setup['rows'] = []): Setup {
  shared.contexts.length = 0;
  shared.rows = rows;
  return shared;
}

test.before(async () => {
  shared = await open();
});
test.after.always(() => shared.database.close());

async function open(): Promise<Setup> {
  const numbers = new EventNumbers();
  const setup: Setup = {
    feed: (rows) => setup.database.insert('process_events', numbers.number('process_events', rows, 5)),
    database: new SandboxDatabase(async (_table, context) => {
      setup.contexts.push(context.toString('latin1'));
      return setup.rows.map((row) =>
        Object.fromEntries(Object.entries(row).map(([name, value]) => [name, Buffer.from(value as string)])),
      );
    }),
    contexts: [],
    rows: [],
  };
  await setup.database.define('process_events', EVENTS, true);
  await setup.database.attach('proto_scan', SCAN, false);
  return setup;
}

function listOf(context: string | undefined, column: string): unknown {
  const { constraints } = JSON.parse(context ?? 'null') as {
    constraints: { name: string; list: unknown }[];
  };
  return constraints.find(({ name }) => name === column)?.list;
}

const BATCH = `(SELECT json_group_array(json(r)) FROM (SELECT json_array(eid, cmdline) AS r FROM process_events ORDER BY eid DESC LIMIT 20000))`;

test('a subquery over events reaches the table as one constraint, each event once per query name', async (t) => {
  const { database, contexts, feed } = await setUp(t);
  const scan = `SELECT * FROM proto_scan WHERE rule = 'r' AND batch < ${BATCH}`;
  await feed([
    { pid: '1', cmdline: 'a', time: 5 },
    { pid: '2', cmdline: 'b', time: 5 },
  ]);
  await database.query(scan, 'one');
  t.deepEqual(listOf(contexts[0], 'batch'), [{ op: 16, expr: '[["0000000002","b"],["0000000001","a"]]' }]);
  t.deepEqual(listOf(contexts[0], 'rule'), [{ op: 2, expr: 'r' }]);
  await feed([{ pid: '3', cmdline: 'c', time: 6 }]);
  await database.query(scan, 'one');
  t.deepEqual(listOf(contexts[1], 'batch'), [{ op: 16, expr: '[["0000000003","c"]]' }]);
  await database.query(scan, 'one');
  t.deepEqual(listOf(contexts[2], 'batch'), [{ op: 16, expr: '[]' }]);
  await database.query(scan, 'two');
  t.regex(JSON.stringify(listOf(contexts[3], 'batch')), /0000000003.*0000000002.*0000000001/);
});

test('bytes that are no UTF-8 go out as they are, and what must be escaped in JSON is', async (t) => {
  const { database, contexts, feed } = await setUp(t);
  await feed([{ cmdline: Buffer.from('a\xff"\n\x01\\/', 'latin1') }]);
  await database.query(`SELECT pid FROM proto_scan WHERE batch < ${BATCH}`);
  t.true(contexts[0]!.includes(String.raw`"expr":"[[\"0000000001\",\"a`), contexts[0]);
  t.true(contexts[0]!.includes(`\xff${String.raw`\\\"\\n\\u0001\\\\/`}`), contexts[0]);
});

const HANDED: readonly { readonly where: string; readonly want: Readonly<Record<string, unknown>> }[] = [
  {
    where: `event LIKE 'a%' AND pid > 5`,
    want: { event: [{ op: 65, expr: 'a%' }], pid: [{ op: 4, expr: '5' }] },
  },
  { where: `5 < pid`, want: { pid: [{ op: 4, expr: '5' }] } },
  {
    where: `pid BETWEEN 2 AND 1 + 3 AND rule = 'x'`,
    want: {
      pid: [
        { op: 32, expr: '2' },
        { op: 8, expr: '4' },
      ],
      rule: [{ op: 2, expr: 'x' }],
    },
  },
  {
    where: `(pid >= 1 AND (rule != 'x'))`,
    want: { pid: [{ op: 32, expr: '1' }], rule: [{ op: 68, expr: 'x' }] },
  },
  { where: `rule = ''`, want: { rule: [] } },
  { where: `rule > 'a'`, want: { rule: [] } },
  { where: `NOT pid = 5`, want: { pid: [] } },
  { where: `pid = 1 OR pid = 2`, want: { pid: [] } },
  { where: `pid + 1 = 5`, want: { pid: [] } },
  { where: `rule LIKE 'a!%' ESCAPE '!'`, want: { rule: [] } },
  { where: `CASE WHEN pid = 1 AND pid = 2 THEN 1 ELSE 0 END`, want: { pid: [] } },
  {
    where: `event IN ('b', 'a', 'b')`,
    want: {
      event: [
        { op: 2, expr: 'a' },
        { op: 2, expr: 'b' },
      ],
    },
  },
  {
    where: `event IN (SELECT 'z' UNION SELECT 'y')`,
    want: {
      event: [
        { op: 2, expr: 'y' },
        { op: 2, expr: 'z' },
      ],
    },
  },
  { where: `rule = "x"`, want: { rule: [{ op: 2, expr: 'x' }] } },
];
for (const { where, want } of HANDED) {
  test.serial(`WHERE ${where} hands over ${JSON.stringify(want)}`, async (t) => {
    const { database, contexts } = useShared();
    await database.query(`SELECT pid FROM proto_scan WHERE ${where}`);
    t.is(contexts.length, 1);
    t.deepEqual(Object.fromEntries(Object.keys(want).map((name) => [name, listOf(contexts[0], name)])), want);
  });
}

test.serial('an IN over a column that is not OPTIMIZED calls the table once for each value', async (t) => {
  const { database, contexts } = useShared();
  await database.query(`SELECT pid FROM proto_scan WHERE rule IN ('b', 'a', NULL)`);
  t.deepEqual(
    contexts.map((context) => listOf(context, 'rule')),
    [[{ op: 2, expr: 'a' }], [{ op: 2, expr: 'b' }]],
  );
});

test.serial('a joined table gives the value of each of its rows', async (t) => {
  const { database, contexts } = useShared();
  await database.query(
    `WITH b(j) AS (VALUES ('[1]'), ('[2]')) SELECT pid FROM b JOIN proto_scan s ON s.batch < b.j`,
  );
  t.deepEqual(
    contexts.map((context) => listOf(context, 'batch')),
    [[{ op: 16, expr: '[1]' }], [{ op: 16, expr: '[2]' }]],
  );
});

test.serial('a column that a join names with USING is one that the query reads', async (t) => {
  const { database, contexts } = useShared([{ pid: '1', rule: 'x' }]);
  const rows = await database.query(
    'WITH b(pid) AS (VALUES (1), (2)) SELECT s.rule FROM b JOIN proto_scan s USING (pid)',
  );
  const { colsUsed } = JSON.parse(contexts[0]!) as { colsUsed: readonly string[] };
  t.deepEqual([...colsUsed].sort(), ['pid', 'rule']);
  t.is(rows.rows.length, 1);
});

test.serial('rows that come back are compared again, as osquery types them', async (t) => {
  const { database } = useShared([
    { batch: '0', rule: 'x', pid: '0000000010' },
    { batch: '7', rule: 'y', pid: '0x10' },
    { batch: 'zz', rule: 'x', pid: 'none' },
    { rule: 'x', pid: '3 of them' },
  ]);
  const rows = async (where: string) =>
    (await database.query(`SELECT pid FROM proto_scan WHERE ${where}`)).rows.map(({ pid }) => pid);
  t.deepEqual(await rows(`batch < '[]'`), ['8', '16']);
  t.deepEqual(await rows(`batch < 5`), ['8']);
  t.deepEqual(await rows(`batch < '5'`), ['8']);
  t.deepEqual(await rows(`rule = 'x'`), ['8', '', '3']);
  t.deepEqual(await rows(`pid = '8'`), ['8']);
  t.deepEqual(await rows(`pid IN (16, '3')`), ['16', '3']);
});

test('text of an extension that is no UTF-8 keeps its bytes, and compares by them', async (t) => {
  const setup = await setUp(t);
  const bytes = Buffer.from('a\xff', 'latin1');
  setup.rows = [{ rule: bytes, cmdline: 'ü' }];
  await setup.feed([{ cmdline: bytes }]);
  const { rows } = await setup.database.query(
    `SELECT rule, cmdline FROM proto_scan WHERE rule = (SELECT cmdline FROM process_events)`,
  );
  t.deepEqual(rows, [{ rule: Uint8Array.from(bytes), cmdline: 'ü' }]);
});

test('* leaves hidden columns out, of extensions and of events', async (t) => {
  const setup = await setUp(t);
  setup.rows = [{ event: 'e', batch: '0', rule: 'r', pid: '1', cmdline: 'c' }];
  await setup.feed([{ pid: 9 }]);
  const columns = async (sql: string) => Object.keys((await setup.database.query(sql)).rows[0]!);
  t.deepEqual(await columns('SELECT * FROM proto_scan'), ['rule', 'pid', 'cmdline']);
  t.deepEqual(await columns('SELECT batch, s.* FROM proto_scan s, process_events'), [
    'batch',
    'rule',
    'pid',
    'cmdline',
  ]);
  t.deepEqual(await columns('SELECT * FROM process_events e'), ['pid', 'cmdline', 'time']);
  t.deepEqual(await columns('SELECT * FROM proto_scan s LEFT JOIN process_events USING (pid)'), [
    'rule',
    'pid',
    'cmdline',
    'time',
  ]);
  t.deepEqual(await columns('SELECT count(*) FROM process_events'), ['count(*)']);
});

test.serial('the columns used are told, with their bits', async (t) => {
  const { database, contexts } = useShared();
  await database.query(`SELECT cmdline, pid, rule FROM proto_scan WHERE event = 'x'`);
  const { colsUsed, colsUsedBitset } = JSON.parse(contexts[0]!) as {
    colsUsed: string[];
    colsUsedBitset: number;
  };
  t.deepEqual(colsUsed.toSorted(), ['cmdline', 'event', 'pid', 'rule']);
  t.is(colsUsedBitset, 29);
});

test('a constraint on time reads all events and leaves the pointer alone', async (t) => {
  const { database, feed } = await setUp(t);
  const count = async (where: string) =>
    (await database.query(`SELECT count(*) AS n FROM process_events ${where}`, 'q')).rows[0]!['n'];
  await feed([{ time: 5 }, { time: 6 }]);
  t.is(await count('WHERE time > 4'), '2');
  t.is(await count('WHERE time > 5 AND pid IS NULL'), '1');
  t.is(await count(''), '2');
  t.is(await count(''), '0');
  t.is(await count('WHERE time > 4'), '2');
});

test('a LIMIT that stops the reading early leaves the pointer where it was; one behind an ORDER BY does not', async (t) => {
  const { database, feed } = await setUp(t);
  const eids = async (sql: string) => (await database.query(sql, 'q')).rows.map(({ eid }) => Number(eid));
  await feed([{}, {}, {}]);
  t.deepEqual(await eids('SELECT eid FROM process_events LIMIT 2'), [1, 2]);
  t.deepEqual(await eids('SELECT eid FROM process_events LIMIT 2'), [1, 2]);
  t.deepEqual(await eids('SELECT eid FROM process_events ORDER BY eid DESC LIMIT 2'), [3, 2]);
  t.deepEqual(await eids('SELECT eid FROM process_events'), []);
});

test('a query without a name sees every event, every time', async (t) => {
  const { database, feed } = await setUp(t);
  await feed([{}, {}]);
  t.is((await database.query('SELECT eid FROM process_events')).rows.length, 2);
  t.is((await database.query('SELECT eid FROM process_events')).rows.length, 2);
});

test('a query is event-based when any table it reads is, inside a subquery too', async (t) => {
  const { database } = await setUp(t);
  t.true((await database.query(`SELECT pid FROM proto_scan WHERE batch < ${BATCH}`)).eventBased);
  t.false((await database.query(`SELECT pid FROM proto_scan WHERE batch < '[]'`)).eventBased);
});

const FAILING: readonly { readonly sql: string; readonly message: RegExp }[] = [
  { sql: 'SELECT * FROM absent', message: /^no such table: absent$/ },
  { sql: 'select bad syntax from', message: /incomplete input|syntax error/ },
  { sql: 'DELETE FROM process_events', message: /^not authorized$/ },
  { sql: 'SELECT (1', message: /^incomplete input$/ },
  { sql: "SELECT 'open", message: /unrecognized token/ },
  { sql: '', message: /^incomplete input$/ },
  {
    sql: "SELECT pid FROM proto_scan WHERE batch < '[]' OR pid = 1",
    message: /no constraint under OR: proto_scan.batch/,
  },
  { sql: 'SELECT * FROM (proto_scan JOIN process_events)', message: /no join in parentheses/ },
  { sql: 'SELECT * FROM proto_scan NATURAL JOIN process_events', message: /NATURAL/ },
];
for (const { sql, message } of FAILING) {
  test(`fails with a clear error: ${sql}`, async (t) => {
    const { database } = shared;
    await t.throwsAsync(database.query(sql), { message });
    t.is((await database.query('SELECT 1 AS one')).rows[0]!['one'], '1');
  });
}

test('a failing generate fails the query with its message and nothing else', async (t) => {
  const database = new SandboxDatabase(() => Promise.reject(new Error('no such stream: x')));
  t.teardown(() => database.close());
  await database.attach('proto_scan', SCAN, false);
  await t.throwsAsync(database.query('SELECT pid FROM proto_scan'), { message: 'no such stream: x' });
  t.is((await database.query('SELECT 1; SELECT 2 AS two')).rows.length, 2);
});

test.serial('columns of a query carry the types of their tables', async (t) => {
  const { database } = useShared();
  t.deepEqual(await database.columns('SELECT s.pid, rule, e.cmdline FROM proto_scan s, process_events e'), [
    { name: 'pid', type: 'BIGINT' },
    { name: 'rule', type: 'TEXT' },
    { name: 'cmdline', type: 'TEXT' },
  ]);
});

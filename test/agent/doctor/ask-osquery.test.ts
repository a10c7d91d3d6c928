import test from 'ava';
import { askOsquery, measureLateness } from '../../../src/agent/doctor/ask-osquery.ts';
import type { ManagerClient, Row } from '../../../src/osquery/index.ts';

const BEGIN_MS = 1_795_500_000_400;
const EVENT_TABLE = /\bFROM (?!osquery_)\w+_events\b/;

/** An osqueryd that answers with `rows` and remembers what it was asked. */
function manager(rows: (sql: string) => readonly Row[]): {
  readonly manager: ManagerClient;
  readonly asked: string[];
} {
  const asked: string[] = [];
  const query = async (sql: string): Promise<readonly Row[]> => {
    asked.push(sql);
    return rows(sql);
  };
  return { manager: { query } as unknown as ManagerClient, asked };
}

/** Time that passes by sleeping alone. */
function clock(): { readonly nowMs: () => number; readonly sleep: (ms: number) => Promise<void> } {
  let now = BEGIN_MS;
  return {
    nowMs: () => now,
    sleep: async (ms) => {
      now += ms;
    },
  };
}

test('an act is looked for until its row comes, each time from the moment of the act on', async (t) => {
  let mark = '';
  let looks = 0;
  const { manager: core, asked } = manager(() => {
    looks += 1;
    return looks < 6 ? [] : [{ 1: '1' }];
  });
  const run = (argument: string): void => {
    mark = argument;
  };
  const found = await measureLateness(core, { run, patienceMs: 20_000, ...clock() });
  t.deepEqual(found, { lateMs: 2500, patienceMs: 20_000, trouble: null });
  t.is(asked.length, 6);
  for (const sql of asked) {
    t.regex(sql, EVENT_TABLE);
    t.regex(sql, /\bWHERE time >= 1795499999 AND\b/, 'without a constraint on time it could move a pointer');
    t.true(sql.includes(mark));
  }
});

test('an act whose row does not come is given up when the patience is at its end', async (t) => {
  const { manager: core, asked } = manager(() => []);
  const found = await measureLateness(core, { run: () => {}, patienceMs: 2000, ...clock() });
  t.deepEqual(found, { lateMs: null, patienceMs: 2000, trouble: null });
  t.is(asked.length, 5);
});

test('an act that fails is not looked for', async (t) => {
  const { manager: core, asked } = manager(() => []);
  const run = (): never => {
    throw new Error('spawnSync /bin/true ENOENT');
  };
  const found = await measureLateness(core, { run, patienceMs: 2000, ...clock() });
  t.is(found.trouble, 'spawnSync /bin/true ENOENT');
  t.deepEqual(asked, []);
});

test('of each query over events the mark is new', async (t) => {
  const marks: string[] = [];
  const { manager: core } = manager(() => [{ 1: '1' }]);
  for (let i = 0; i < 2; i += 1) {
    await measureLateness(core, { run: (mark) => void marks.push(mark), patienceMs: 1, ...clock() });
  }
  t.not(marks[0], marks[1]);
});

test('osqueryd is asked about itself without a look at any event', async (t) => {
  const { manager: core, asked } = manager((sql) =>
    sql.includes('osquery_schedule')
      ? [
          {
            ...{ name: 'scan', query: "SELECT * FROM detections WHERE stream = 'process_events' AND …" },
            ...{ interval: '10', executions: '3', last_executed: '1795500000', denylisted: '0' },
          },
          { name: 'other', query: 'SELECT 1', interval: '60', executions: '', denylisted: '' },
        ]
      : sql.includes('osquery_info')
        ? [{ version: '5.23.0' }]
        : [],
  );
  const said = await askOsquery(core);
  t.is(said.version, '5.23.0');
  t.deepEqual(said.schedule, [
    {
      ...{ name: 'scan', stream: 'process_events', intervalSeconds: 10 },
      ...{ executions: 3, lastExecuted: 1_795_500_000, denylisted: false },
    },
  ]);
  t.deepEqual(
    asked.filter((sql) => EVENT_TABLE.test(sql)),
    [],
  );
});

import test from 'ava';
import type { LogItem } from '../../src/sandbox/result-log.ts';
import { type Config, readSchedule } from '../../src/sandbox/schedule.ts';
import { Scheduler } from '../../src/sandbox/scheduler.ts';
import type { CellRow } from '../../src/sandbox/sql/messages.ts';

const QUERY = { query: 'SELECT 1', interval: 10 };

test('names, defaults and platforms of packs and schedule are as osquery has them', (t) => {
  const { queries, warnings } = readSchedule(
    {
      schedule: { plain: { query: 'SELECT 1' } },
      packs: {
        one: {
          platform: 'linux',
          queries: {
            all: { ...QUERY, platform: 'all', snapshot: true },
            mac: { ...QUERY, platform: 'darwin' },
            posix: { ...QUERY, platform: 'posix', interval: '20', removed: false },
            both: { ...QUERY, platform: 'darwin,linux' },
            never: { ...QUERY, interval: 0 },
            rarely: { ...QUERY, interval: 604_801 },
          },
        },
        windows: { platform: 'windows', queries: { q: QUERY } },
      },
    },
    'linux',
  );
  t.deepEqual(
    queries.map(({ name, intervalSeconds, snapshot, removed }) => [name, intervalSeconds, snapshot, removed]),
    [
      ['plain', 3600, false, true],
      ['pack_one_all', 10, true, true],
      ['pack_one_posix', 20, false, false],
      ['pack_one_both', 10, false, true],
    ],
  );
  t.deepEqual(warnings, [
    'Query has invalid interval: never: 0',
    'Query has invalid interval: rarely: 604801',
  ]);
});

function schedulerOf(config: Config, answers: Record<string, readonly CellRow[] | Error>) {
  const items: LogItem[] = [];
  const statuses: string[] = [];
  const asked: string[] = [];
  const scheduler = new Scheduler({
    schedule: readSchedule(config, 'linux'),
    hostIdentifier: 'h',
    decorations: {},
    packRefreshSeconds: 3600,
    query: async (sql) => {
      asked.push(sql);
      const answer = answers[sql] ?? [];
      if (answer instanceof Error) throw answer;
      return { rows: answer, eventBased: false };
    },
    log: async (item) => void items.push(item),
    status: (_severity, message) => statuses.push(message),
  });
  return { scheduler, items, statuses, asked };
}

test('a query is due when its interval divides the time', async (t) => {
  const { scheduler, asked } = schedulerOf(
    { schedule: { a: { query: 'A', interval: 2 }, b: { query: 'B', interval: 3 } } },
    {},
  );
  for (let second = 1; second <= 6; second++) await scheduler.step(second);
  t.deepEqual(asked, ['A', 'B', 'A', 'A', 'B']);
});

test('removed rows are told unless the query says no', async (t) => {
  const answers: Record<string, readonly CellRow[]> = { A: [{ v: '1' }], B: [{ v: '1' }] };
  const { scheduler, items } = schedulerOf(
    { schedule: { a: { query: 'A', interval: 1 }, b: { query: 'B', interval: 1, removed: false } } },
    answers,
  );
  await scheduler.step(1);
  answers['A'] = [];
  answers['B'] = [];
  await scheduler.step(2);
  t.deepEqual(
    items.map(({ name, results }) => [name, results.kind === 'differential' && results.removed.length]),
    [
      ['a', 0],
      ['b', 0],
      ['a', 1],
    ],
  );
});

test('a snapshot is told at each run, its text as it is', async (t) => {
  const { scheduler, items } = schedulerOf(
    { schedule: { a: { query: 'A', interval: 1, snapshot: true } } },
    { A: [{ v: 'ü\n' }] },
  );
  await scheduler.step(1);
  await scheduler.step(2);
  t.deepEqual(
    items.map(({ results }) => results),
    [
      { kind: 'snapshot', rows: [{ v: 'ü\n' }] },
      { kind: 'snapshot', rows: [{ v: 'ü\n' }] },
    ],
  );
});

test('a pack runs when all its discovery queries give rows, and what they say holds for an hour', async (t) => {
  const answers: Record<string, readonly CellRow[] | Error> = { D1: [{ a: '1' }], D2: [] };
  const { scheduler, asked, statuses } = schedulerOf(
    { packs: { p: { discovery: ['D1', 'D2'], queries: { q: { query: 'Q', interval: 1 } } } } },
    answers,
  );
  await scheduler.step(1);
  answers['D2'] = [{ a: '1' }];
  await scheduler.step(2);
  t.deepEqual(asked, ['D1', 'D2']);
  await scheduler.step(3601);
  t.deepEqual(asked.slice(2), ['D1', 'D2', 'Q']);
  answers['D1'] = new Error('no such table: t');
  await scheduler.step(7201);
  t.deepEqual(asked.slice(5), ['D1']);
  t.deepEqual(statuses, ['Discovery query failed (D1): no such table: t']);
});

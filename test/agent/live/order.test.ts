import test from 'ava';
import { openStore } from '../../../src/store/index.ts';
import { EventTable, type Exec } from './event-table.ts';
import { type ProcessOptions, rulesOf, startProcess, TestClock } from './running.ts';

/** Any `bad`, and an `open` whose number comes again as `close`; both are of process_events alone. */
const RULES = rulesOf(`
id: bad
name: Bad
severity: high
query: process where process.name == "bad"
---
id: pair
name: Pair
severity: low
query: |
  sequence by process.pid with maxspan=1h
    [process where event.action == "exec" and process.name == "open"]
    [process where event.action == "exec" and process.name == "close"]
`);

const LS: Exec = { pid: 2, path: '/bin/ls' };
const BAD: Exec = { pid: 500, path: '/bin/bad' };
const OPEN: Exec = { pid: 600, path: '/bin/open' };
const CLOSE: Exec = { pid: 600, path: '/bin/close' };
const many = (count: number): Exec[] => Array.from({ length: count }, (_, i) => ({ ...LS, pid: 10_000 + i }));

async function begin(options: Omit<ProcessOptions, 'store' | 'table' | 'clock'> = {}) {
  const [table, clock] = [new EventTable(), new TestClock()];
  const store = await openStore({ path: null, nowMs: clock.nowMs });
  const process = await startProcess({ store, table, clock, rules: RULES, budgetMs: 80, ...options });
  table.store([LS], clock.ms);
  await process.scan();
  const rules: string[] = [];
  /** Lets time pass, and the schedule's query run; the rules whose alerts osquery has by now. */
  const later = async (ms: number): Promise<readonly string[]> => {
    clock.ms += ms;
    await turns();
    const ids = new Set(await process.scan());
    await turns();
    for (const { id, ruleId } of store.list()) if (ids.has(id)) rules.push(ruleId);
    return rules;
  };
  /** Rows that osquery has, and whose scan did not come through. */
  const miss = (execs: readonly Exec[]): void => {
    clock.ms += 1_000;
    table.store(execs, clock.ms);
    table.scan();
    clock.ms += 1_000;
  };
  return { table, clock, store, later, miss, ...process };
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 200; turn++) await new Promise(setImmediate);
}

test('a question that fails is asked again: rows wait for those before them, and a sequence keeps its order', async (t) => {
  const { table, clock, later, miss, detection } = await begin();
  miss([OPEN, BAD]);
  table.store([CLOSE], clock.ms);
  table.failure = new Error('no answer');
  clock.stands = true;
  t.deepEqual(await later(0), []);
  table.failure = null;
  await later(16_000);
  await turns();
  t.deepEqual([...(await later(10_000))].sort(), ['bad', 'pair']);
  t.like(detection.live.health.streams[0], { gaps: 0, lost: 0, filled: 0, position: 4 });
});

test('when rows before others come too late to be waited for, a sequence over both is found all the same', async (t) => {
  const { table, clock, later, miss } = await begin();
  miss([OPEN]);
  table.store([CLOSE, BAD], clock.ms);
  const answer = table.answerNothing();
  await later(0);
  t.deepEqual(await later(31_000), ['bad'], 'what needs no order goes on');
  t.deepEqual(await later(30_000), ['bad']);
  answer();
  await later(0);
  t.deepEqual(await later(10_000), ['bad', 'pair']);
});

test('a sequence from a gap that is too long to be waited for into the rows after it is found', async (t) => {
  const { table, clock, later, miss, detection } = await begin();
  miss([OPEN, ...many(25_000)]);
  table.store([CLOSE, BAD], clock.ms);
  const answer = table.answerNothing();
  t.deepEqual(await later(0), ['bad']);
  t.deepEqual(await later(10_000), ['bad']);
  answer();
  while (detection.live.health.filler?.table !== null) await turns();
  t.deepEqual(await later(10_000), ['bad', 'pair']);
});

test('what could not be asked for is looked for behind another gap, too', async (t) => {
  const { table, clock, later, miss, detection } = await begin();
  miss([BAD]);
  table.store([LS], clock.ms);
  table.failure = new Error('no answer');
  clock.stands = true;
  await later(0);
  clock.ms += 31_000;
  miss([{ ...BAD, pid: 501 }]);
  table.store([LS], clock.ms);
  table.failure = null;
  clock.stands = false;
  await later(0);
  await later(10_000);
  t.deepEqual(await later(10_000), ['bad', 'bad']);
  t.like(detection.live.health.streams[0], { gaps: 0, lost: 0, position: 5 });
});

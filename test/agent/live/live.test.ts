import test from 'ava';
import { BatchError, createDetection } from '../../../src/agent/index.ts';
import { createHost } from '../../../src/schema/index.ts';
import { openStore } from '../../../src/store/index.ts';
import { EventTable, type Exec, SCHEMA } from './event-table.ts';
import { type ProcessOptions, RULES, START_MS, startProcess, TestClock } from './running.ts';

const BAD: Exec = { pid: 500, path: '/bin/bad' };
const ls = (pid: number): Exec => ({ pid, path: '/bin/ls' });

async function begin(options: Omit<ProcessOptions, 'store' | 'table' | 'clock'> = {}) {
  const [table, clock] = [new EventTable(), new TestClock()];
  const store = await openStore({ path: null, nowMs: clock.nowMs });
  return { table, clock, store, ...(await startProcess({ store, table, clock, ...options })) };
}

test('an alert is returned once while osquery goes on', async (t) => {
  const { table, clock, store, scan } = await begin();
  table.store([ls(2), BAD, ls(3)], clock.ms);
  t.is((await scan()).length, 1);
  t.is(store.health.waiting, 1, 'not yet known to have arrived');
  t.deepEqual(await scan(), []);
  t.is(store.health.waiting, 0);
});

test('what was returned comes again after a new registration, with the same id', async (t) => {
  const { table, clock, scan, detection } = await begin();
  table.store([BAD], clock.ms);
  const first = await scan();
  detection.registered();
  t.deepEqual(await scan(), first);
  t.deepEqual(await scan(), []);
  detection.registered();
  t.deepEqual(await scan(), [], 'the call before showed that it arrived');
  t.is(detection.live.health.delivery.repeated, 1);
});

test("running the pack's query by hand repeats nothing, takes nothing from the log and moves nothing back", async (t) => {
  const { table, clock, scan, detection } = await begin();
  table.store([ls(2)], clock.ms);
  await scan();
  table.store([BAD], clock.ms);
  t.is((await scan()).length, 1);
  t.deepEqual(await scan(table.scanByHand()), []);
  table.store([{ ...BAD, pid: 501 }], clock.ms);
  t.deepEqual(await scan(table.scanByHand()), [], 'the new one belongs to the log');
  t.is((await scan()).length, 1);
  t.deepEqual(await scan(), []);
  const [stream] = detection.live.health.streams;
  t.like(stream, { foreign: 2, position: 3, gaps: 0, missing: 0 });
});

test('a scan without rows takes alerts only where one by hand would have rows, or where no stream has any', async (t) => {
  const { table, clock, scan, detection } = await begin({ budgetMs: 1 });
  const quiet = async (): Promise<number> => {
    const other = { batch: Buffer.from('[]'), stream: 'socket_events', rule: undefined };
    return (await detection.detect(other)).length;
  };
  table.store([ls(2)], clock.ms);
  await scan();
  detection.live.pause();
  table.store([BAD], clock.ms);
  t.deepEqual(await scan(), [], 'the budget has passed');
  detection.live.go();
  for (let turn = 0; turn < 100; turn++) await new Promise(setImmediate);
  t.is(await quiet(), 0, 'who runs the query of a table without events by hand takes none');
  t.is((await scan()).length, 1);
  detection.registered();
  clock.ms += 3_600_000;
  t.is(await quiet(), 1, 'when nothing happens anywhere they are not kept back');
});

test('when the very first scan may have been run by hand, its alerts come once more', async (t) => {
  const { table, clock, scan } = await begin();
  table.store([BAD], clock.ms);
  const byHand = await scan(table.scanByHand());
  t.is(byHand.length, 1);
  t.deepEqual(await scan(), [], 'the first of the schedule, which hands over the same');
  t.deepEqual(await scan(), byHand);
  t.deepEqual(await scan(), []);
});

test('events that are old when they are read are marked late, and build the tree all the same', async (t) => {
  const { table, clock, scan, store, detection } = await begin();
  table.store([BAD], START_MS - 3_600_000);
  table.store([{ pid: 600, parent: 500, path: '/bin/ls' }], clock.ms);
  t.is((await scan()).length, 2);
  const late = store
    .list()
    .map(({ ruleId, document }) => [ruleId, JSON.parse(document).osquery_detect.late ?? false]);
  t.deepEqual(late, [
    ['child', false],
    ['bad', true],
  ]);
  t.is(detection.live.health.lateAlerts, 1);
});

test('a gap before a batch is filled before the batch is read, so that parents are known', async (t) => {
  const { table, clock, scan, detection } = await begin();
  table.store([ls(2)], clock.ms);
  await scan();
  clock.ms += 10_000;
  table.store([BAD], clock.ms);
  table.scan();
  clock.ms += 10_000;
  table.store([{ pid: 600, parent: 500, path: '/bin/ls' }], clock.ms);
  t.is((await scan()).length, 2);
  t.like(detection.live.health.streams[0], { gaps: 0, lost: 0, position: 3 });
  t.true(table.asked.every((sql) => /WHERE time >= \d+( AND .*)? LIMIT \d+$/.test(sql)));
});

test('rows that were stored while the clock was set back are found at the beginning of the table', async (t) => {
  const { table, clock, scan, detection } = await begin();
  table.store([ls(2), ls(3)], clock.ms);
  await scan();
  table.store([BAD], 31_536_000_000);
  table.scan();
  clock.ms += 10_000;
  table.store([ls(4)], clock.ms);
  t.is((await scan()).length, 1);
  t.like(detection.live.health.streams[0], { gaps: 0, lost: 0, position: 4 });
});

test('rows that are nowhere any more are counted as lost, once, and not looked for again', async (t) => {
  const { table, clock, scan, detection } = await begin();
  table.store([ls(2)], clock.ms);
  await scan();
  table.store([BAD, ls(3)], clock.ms);
  table.scan();
  table.expire(3);
  clock.ms += 10_000;
  table.store([ls(4)], clock.ms);
  await scan();
  const { length } = table.asked;
  table.store([ls(5)], clock.ms);
  await scan();
  t.like(detection.live.health.streams[0], { gaps: 0, lost: 2, missing: 2, filled: 0 });
  t.is(table.asked.length, length);
});

test('a gap that is long is filled while the rows after it go on, a slice at a time', async (t) => {
  const { table, clock, scan, detection } = await begin();
  table.store([ls(2)], clock.ms);
  await scan();
  clock.ms += 10_000;
  table.store([BAD, ...Array.from({ length: 25_000 }, (_, i) => ls(10_000 + i))], clock.ms);
  table.scan();
  clock.ms += 10_000;
  table.store([{ ...BAD, pid: 501 }], clock.ms);
  const now = await scan();
  t.is(now.length, 1, 'the new alert waits for nothing');
  for (let turn = 0; turn < 10_000 && detection.live.health.filler?.table !== null; turn++) {
    await new Promise(setImmediate);
  }
  t.is((await scan()).length, 1, 'the old one comes with a later call');
  t.like(detection.live.health.streams[0], { gaps: 0, lost: 0, filled: 25_001 });
  t.true(table.asked.length >= 12);
  t.true(clock.slept.every((ms) => ms >= 50));
});

test('after a question that osquery was long in answering few rows make a short pause, many a long one', async (t) => {
  const { table, clock, scan, detection } = await begin();
  table.store([ls(2)], clock.ms);
  await scan();
  for (const { lost, mostMs } of [
    { lost: 10, mostMs: 1_000 },
    { lost: 5_000, mostMs: 15_000 },
  ]) {
    table.store(
      Array.from({ length: lost }, () => ls(3)),
      clock.ms,
    );
    table.scan();
    const answer = table.answerNothing();
    table.store([ls(4)], clock.ms);
    await Promise.race([scan(), new Promise(setImmediate)]);
    clock.ms += 2_000;
    clock.slept.length = 0;
    answer();
    while (detection.live.health.filler?.table !== null) await new Promise(setImmediate);
    t.true(clock.slept[0]! > mostMs / 20 && clock.slept[0]! <= mostMs, `${clock.slept}`);
  }
});

test('a call is not held up for rows that only osquery has; they come with a later one', async (t) => {
  const { table, clock, scan } = await begin({ budgetMs: 80 });
  table.store([ls(2)], clock.ms);
  await scan();
  const answered = table.answerNothing();
  table.store([BAD], clock.ms);
  table.scan();
  table.store([{ pid: 600, parent: 500, path: '/bin/ls' }], clock.ms);
  t.deepEqual(await scan(), [], 'osquery answers no question while it waits for us');
  answered();
  while ((await scan()).length < 2) await new Promise(setImmediate);
  t.pass();
});

test('rows wait for those before them no longer than half a minute', async (t) => {
  const { table, clock, scan } = await begin({ budgetMs: 80 });
  table.store([ls(2)], clock.ms);
  await scan();
  table.answerNothing();
  table.store([ls(3)], clock.ms);
  table.scan();
  table.store([BAD], clock.ms);
  t.deepEqual(await scan(), []);
  clock.ms += 31_000;
  t.is((await scan()).length, 1);
});

test('when osquery refuses to answer, rows go on without those before them, which are looked for later', async (t) => {
  const { table, clock, scan, detection } = await begin({ budgetMs: 80 });
  table.store([ls(2)], clock.ms);
  await scan();
  table.store([BAD], clock.ms);
  table.scan();
  table.store([{ ...BAD, pid: 501 }], clock.ms);
  table.failure = new Error('no answer');
  clock.stands = true;
  t.deepEqual(await scan(), []);
  clock.ms += 31_000;
  t.is((await scan()).length, 1);
  t.like(detection.live.health.filler, { table: 'process_events', lastFailure: 'no answer' });
  table.failure = null;
  clock.ms += 15_000;
  for (let turn = 0; turn < 100; turn++) await new Promise(setImmediate);
  t.is((await scan()).length, 1);
  t.like(detection.live.health.streams[0], { gaps: 0, lost: 0, filled: 1 });
});

test('without a way to ask, what is missing is counted', async (t) => {
  const { table, clock, scan, detection } = await begin({ fills: false });
  table.store([ls(2)], clock.ms);
  await scan();
  table.store([BAD], clock.ms);
  table.scan();
  table.store([{ ...BAD, pid: 501 }], clock.ms);
  t.is((await scan()).length, 1);
  t.like(detection.live.health.streams[0], { gaps: 1, missing: 1, lost: 0 });
});

test("after osquery's database began anew, low eids are new rows, and their alerts other ones", async (t) => {
  const { table, clock, scan, detection } = await begin();
  table.store([ls(2), BAD, ls(3)], clock.ms);
  await scan();
  clock.ms += 3_600_000;
  table.reset();
  table.store([ls(4), { ...BAD, pid: 501 }], clock.ms);
  t.is((await scan()).length, 1);
  t.like(detection.live.health.streams[0], { resets: 1, position: 2, foreign: 0 });
});

test('an answer comes within its budget, and the rest with later calls', async (t) => {
  const { table, clock, scan, detection } = await begin({ budgetMs: 1 });
  detection.live.pause();
  table.store([ls(2), BAD], clock.ms);
  t.deepEqual(await scan(), [], 'rows whose reading takes longer than the budget are not waited for');
  detection.live.go();
  let found: readonly string[] = [];
  for (let turn = 0; turn < 1_000 && found.length === 0; turn++) found = await scan();
  t.is(found.length, 1);
});

test('a hundred calls at once return an alert once', async (t) => {
  const { table, clock, scan, store } = await begin();
  table.store([BAD], clock.ms);
  const batches = [table.scan(), ...Array.from({ length: 99 }, () => Buffer.from('[]'))];
  const answers = await Promise.all(batches.map((batch) => scan(batch)));
  t.is(answers.flat().length, 1);
  t.is(store.health.waiting, 1, 'calls that came before the answer say nothing of it');
  await scan();
  t.is(store.health.waiting, 0);
});

test('a stream that a query reads with a rule of its own has alerts of its own', async (t) => {
  const { table, clock, scan, detection } = await begin();
  table.store([BAD], clock.ms);
  const batch = table.scanByHand();
  t.is((await scan()).length, 1);
  const rule = 'process where process.pid == 500';
  const own = await detection.detect({ batch, stream: 'process_events', rule });
  t.is(own.length, 1);
  t.deepEqual(await scan(), []);
  detection.registered();
  t.is((await detection.detect({ batch: Buffer.from('[]'), stream: 'process_events', rule })).length, 1);
  t.deepEqual(await scan(), []);
});

test('rules are replaced while streams run', async (t) => {
  const { table, clock, scan, detection } = await begin();
  table.store([BAD], clock.ms);
  t.is((await scan()).length, 1);
  await detection.replaceRules(RULES.filter(({ id }) => id === 'child'));
  table.store(
    [
      { ...BAD, pid: 501 },
      { pid: 600, parent: 500, path: '/bin/ls' },
    ],
    clock.ms,
  );
  t.is((await scan()).length, 1);
});

/** A detection whose rules are still loaded; `done` says that they are. */
async function beginLoading(budgetMs: number) {
  const [table, clock] = [new EventTable(), new TestClock()];
  const store = await openStore({ path: null, nowMs: clock.nowMs });
  const { promise: ready, resolve } = Promise.withResolvers<void>();
  const installing = { ready, refusal: null };
  const host = createHost('here');
  const detection = createDetection({
    ...{ rules: [], schema: SCHEMA, host, store, clock, budgetMs, installing },
  });
  detection.live.pause();
  const done = async (): Promise<void> => {
    await detection.replaceRules(RULES);
    resolve();
    await ready;
    detection.live.go();
  };
  return { table, clock, detection, done };
}

const PLAIN = Buffer.from('[{"table":"process_events","columns":["pid","path"]},[500,"/bin/bad"]]');

test('while the rules are loaded rows wait, and nothing of them is missed', async (t) => {
  const { table, clock, detection, done } = await beginLoading(1);
  table.store([BAD], clock.ms);
  const stream = 'process_events';
  t.deepEqual(
    await detection.detect({ batch: table.scan(), stream, rule: undefined }),
    [],
    'the budget has passed',
  );
  await done();
  t.is((await detection.detect({ batch: table.scan(), stream, rule: undefined })).length, 1);
});

test('while the rules are loaded a query that needs them waits for them, by id too, or fails and says why', async (t) => {
  const hasty = await beginLoading(1);
  await t.throwsAsync(
    async () => hasty.detection.detect({ batch: PLAIN, stream: undefined, rule: undefined }),
    {
      instanceOf: BatchError,
      message: /still being loaded/,
    },
  );
  const own = { batch: PLAIN, stream: undefined, rule: 'process where process.pid == 500' };
  t.is((await hasty.detection.detect(own)).length, 1, 'it brings its rule along');
  const { detection, done } = await beginLoading(60_000);
  const answers = [undefined, 'bad'].map((rule) =>
    Promise.resolve(detection.detect({ batch: PLAIN, stream: undefined, rule })),
  );
  await done();
  for (const answer of answers) t.is((await answer).length, 1);
});

test('a rule that costs too much is stopped, and an alert of our own says so, once', async (t) => {
  const budget = { microsecondsPerEvent: -1, windowEvents: 2 };
  const { table, clock, store, scan, detection } = await begin({ bounds: { budget } });
  table.store([ls(2), ls(3), ls(4), ls(5), BAD], clock.ms);
  const told = await scan();
  t.is(
    told.length,
    RULES.length,
    'one for each rule, and no alert of a rule that was stopped before its event',
  );
  const { ruleId, severity, row, document } = store.list().find(({ row: text }) => text.includes('(bad)'))!;
  t.like({ ruleId, severity }, { ruleId: 'osquery-detect-rule-stopped', severity: 'high' });
  t.regex(JSON.parse(row).matched, /^rule "Bad" \(bad\) took [\d.]+ microseconds an event and may take -1$/);
  t.like(JSON.parse(document), {
    osquery_detect: {
      kind: 'rule_stopped',
      stopped: { rule: { id: 'bad', name: 'Bad', version: '1' }, budget_microseconds_per_event: -1 },
    },
  });
  t.deepEqual(
    detection.live.detector.stats.map(({ stopped }) => stopped !== null),
    [true, true],
  );
  table.store([BAD, ls(6), ls(7), ls(8)], clock.ms);
  t.deepEqual(await scan(), []);
  await detection.replaceRules(RULES);
  table.store([BAD], clock.ms);
  t.is((await scan()).length, 1, 'rules that are loaded anew run again');
});

import test from 'ava';
import fc from 'fast-check';
import { type Alert, Detector } from '../../src/agent/index.ts';
import { createHost, createSchema } from '../../src/schema/index.ts';
import { recordedProcesses, recording } from '../events/recording.ts';
import { statefulRules } from './stateful-rules.ts';

const schema = createSchema('linux');
const reads = schema.tables.get('process_events')!.reads;
const rules = statefulRules();
const rows = recording('everyday')
  .filter(({ table }) => table === 'process_events')
  .slice(0, 1_000)
  .map(({ columns }) => reads.map((name) => columns[name] ?? null));
const BATCH = 50;

interface Run {
  readonly detector: Detector;
  readonly alerts: Alert[];
}

function start(): Run {
  const alerts: Alert[] = [];
  const onAlert = (alert: Alert): void => void alerts.push(alert);
  const detector = new Detector({ rules, schema, host: createHost('here'), onAlert, slackMs: 5_000 });
  return { detector, alerts };
}

/** Reads rows in batches that begin at the same rows whatever was cut off before. */
function read({ detector }: Run, from: number, to: number): void {
  for (let at = from; at < to; at = Math.min(at - (at % BATCH) + BATCH, to)) {
    const end = Math.min(at - (at % BATCH) + BATCH, to);
    detector.take({ table: 'process_events', columns: reads, rows: rows.slice(at, end) });
  }
}

const uninterrupted = start();
uninterrupted.detector.seed(recordedProcesses());
read(uninterrupted, 0, rows.length);
uninterrupted.detector.advance(Number.MAX_SAFE_INTEGER);
const wanted = documentsOf(uninterrupted.alerts);

/** In an order of their own: when an absence is certain depends on when the detector is told of the time. */
function documentsOf(alerts: readonly Alert[]): readonly string[] {
  return alerts.map(({ document }) => JSON.stringify(document)).sort();
}

test('every kind of rule finds something in the recording', (t) => {
  const found = new Set(uninterrupted.alerts.map(({ ruleId }) => ruleId));
  t.deepEqual([...found].sort(), rules.map(({ id }) => id).sort());
});

test('saved and loaded anywhere, as often as you like, it finds what it finds uninterrupted', (t) => {
  const cuts = fc.uniqueArray(fc.nat({ max: rows.length - 1 }), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(cuts, (places) => {
      let run = start();
      run.detector.seed(recordedProcesses());
      const { alerts } = run;
      let from = 0;
      for (const place of [...places].sort((a, b) => a - b)) {
        // A cut within a batch would end the batch there, and a batch's end is when suppression tells.
        const to = place - (place % BATCH);
        read(run, from, to);
        const state: unknown = JSON.parse(JSON.stringify(run.detector.save()));
        const next = start();
        t.deepEqual(next.detector.load(state as ReturnType<Detector['save']>), []);
        if (run.alerts !== alerts) alerts.push(...run.alerts);
        [run, from] = [next, to];
      }
      read(run, from, rows.length);
      run.detector.advance(Number.MAX_SAFE_INTEGER);
      if (run.alerts !== alerts) alerts.push(...run.alerts);
      const found = documentsOf(alerts);
      t.is(
        found.find((one, at) => one !== wanted[at]),
        undefined,
      );
      t.is(found.length, wanted.length);
    }),
    { numRuns: 12 },
  );
});

test('rules are replaced while it runs, and those that stay keep their state', (t) => {
  const run = start();
  run.detector.seed(recordedProcesses());
  const middle = BATCH * Math.floor(rows.length / 2 / BATCH);
  read(run, 0, middle);
  run.detector.replaceRules(rules.filter(({ id }) => id !== 'terms'));
  read(run, middle, rows.length);
  run.detector.advance(Number.MAX_SAFE_INTEGER);
  const idsOf = (alerts: readonly Alert[]): readonly string[] =>
    alerts.filter(({ ruleId }) => ruleId !== 'terms').map(({ alertId }) => alertId);
  t.deepEqual(idsOf(run.alerts), idsOf(uninterrupted.alerts));
  t.true(run.alerts.length < uninterrupted.alerts.length);
});

test('a state of rules that have changed is refused by their ids, and they begin without', (t) => {
  const { detector } = start();
  read({ detector, alerts: [] }, 0, 500);
  const { tree, engine, outputs } = detector.save();
  const changed = { tree: 'x', engine, outputs: { ...outputs, threshold: 1 } };
  t.deepEqual([...start().detector.load(changed)].sort(), ['threshold', 'tree']);
  t.notThrows(() =>
    start().detector.load({ tree, engine: { rules: { sequence: { version: 1 } } }, outputs: {} }),
  );
});

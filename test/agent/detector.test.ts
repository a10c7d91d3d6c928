import test from 'ava';
import fc from 'fast-check';
import { type Alert, Detector } from '../../src/agent/index.ts';
import { compileRuleText } from '../../src/lang/index.ts';
import { createHost, createSchema } from '../../src/schema/index.ts';
import { type RecordedRow, recordedProcesses, recording } from '../events/recording.ts';
import { statefulRules } from './stateful-rules.ts';

const schema = createSchema('linux');
const reads = schema.tables.get('process_events')!.reads;
const rules = statefulRules();
const BATCH = 50;
const MOST_ROWS = 800;

type Rows = readonly (readonly unknown[])[];

interface Run {
  readonly detector: Detector;
  readonly alerts: Alert[];
}

function start(): Run {
  const alerts: Alert[] = [];
  const onAlert = (alert: Alert): void => void alerts.push(alert);
  const detector = new Detector({
    rules,
    schema,
    host: createHost('here'),
    onAlert,
    bounds: { slackMs: 5_000 },
  });
  return { detector, alerts };
}

/** Reads rows in batches that end at the same rows wherever it was cut off before: there suppression tells. */
function read({ detector }: Run, rows: Rows, { from = 0, to = rows.length } = {}): void {
  for (let at = from; at < to; at += BATCH) {
    detector.take({
      table: 'process_events',
      columns: reads,
      rows: rows.slice(at, Math.min(at + BATCH, to)),
    });
  }
  if (to === rows.length) detector.advance(Number.MAX_SAFE_INTEGER);
}

/** In an order of their own: when an absence is certain depends on when the detector is told of the time. */
function documentsOf(alerts: readonly Alert[]): readonly string[] {
  return alerts.map(({ document }) => JSON.stringify(document)).sort();
}

function idsOf(alerts: readonly Alert[]): readonly string[] {
  return alerts.map(({ alertId }) => alertId).sort();
}

function rowsOf(name: 'everyday' | 'attack', keep: (row: RecordedRow) => boolean = () => true): Rows {
  return recording(name)
    .filter((row) => row.table === 'process_events' && keep(row))
    .slice(0, MOST_ROWS)
    .map(({ columns }) => reads.map((column) => columns[column] ?? null));
}

const everyday = rowsOf('everyday');
const RECORDINGS: readonly { readonly name: string; readonly rows: Rows }[] = [
  { name: 'the everyday recording', rows: everyday },
  {
    name: 'the everyday recording without fork rows, so that parents are inferred',
    rows: rowsOf('everyday', ({ columns }) => columns['syscall']!.startsWith('exec')),
  },
  { name: 'the attack recording, with fork rows of other namespaces', rows: rowsOf('attack') },
];

test('every kind of rule finds something in the recording', (t) => {
  const run = start();
  run.detector.seed(recordedProcesses());
  read(run, everyday);
  t.deepEqual([...new Set(run.alerts.map(({ ruleId }) => ruleId))].sort(), rules.map(({ id }) => id).sort());
});

for (const { name, rows } of RECORDINGS) {
  test(`saved and loaded anywhere in ${name}, it finds what it finds uninterrupted`, (t) => {
    const uninterrupted = start();
    uninterrupted.detector.seed(recordedProcesses());
    read(uninterrupted, rows);
    const wanted = documentsOf(uninterrupted.alerts);
    const batches = Math.floor(rows.length / BATCH);
    const cuts = fc.uniqueArray(fc.nat({ max: batches }), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(cuts, (places) => {
        let run = start();
        run.detector.seed(recordedProcesses());
        const alerts: Alert[] = [];
        let from = 0;
        for (const to of places.map((place) => place * BATCH).sort((a, b) => a - b)) {
          read(run, rows, { from, to });
          alerts.push(...run.alerts);
          const state: unknown = JSON.parse(JSON.stringify(run.detector.save()));
          [run, from] = [start(), to];
          t.deepEqual(run.detector.load(state as ReturnType<Detector['save']>), []);
        }
        read(run, rows, { from });
        const found = documentsOf([...alerts, ...run.alerts]);
        t.is(
          found.find((one, at) => one !== wanted[at]),
          undefined,
        );
        t.is(found.length, wanted.length);
      }),
      { numRuns: 10 },
    );
  });
}

test('rules are replaced while it runs, and those that stay keep their state', async (t) => {
  const [whole, run] = [start(), start()];
  read(whole, everyday);
  const middle = BATCH * Math.floor(everyday.length / 2 / BATCH);
  read(run, everyday, { to: middle });
  await run.detector.replaceRules(rules.filter(({ id }) => id !== 'terms'));
  read(run, everyday, { from: middle });
  const others = (alerts: readonly Alert[]): readonly Alert[] =>
    alerts.filter(({ ruleId }) => ruleId !== 'terms');
  t.deepEqual(idsOf(others(run.alerts)), idsOf(others(whole.alerts)));
  t.true(run.alerts.length < whole.alerts.length);
});

test('a state of rules that have changed is refused by their ids, and they begin without', (t) => {
  const run = start();
  read(run, everyday, { to: 500 });
  const state = run.detector.save();
  const changed = { ...state, tree: 'x', engine: {}, outputs: { ...state.outputs, threshold: 1 } };
  t.deepEqual([...start().detector.load(changed)].sort(), ['threshold', 'tree']);
  t.notThrows(() =>
    start().detector.load({ ...state, engine: { rules: { sequence: { version: 1 } } }, outputs: {} }),
  );
});

test('a detector holds no more processes and no more of a rule than it may', (t) => {
  const open = compileRuleText(
    'sequence by process.pid [process where process.name == "a"] [process where process.name == "never"]',
  );
  const bounds = { mostProcesses: 20, mostHeld: 5, slackMs: 1_000 };
  const detector = new Detector({
    rules: [open],
    schema,
    host: createHost('here'),
    onAlert: () => t.fail(),
    bounds,
  });
  const columns = ['eid', 'time', 'pid', 'parent', 'path', 'cmdline', 'syscall'];
  const rows = Array.from({ length: 100 }, (_, at) => [
    ...[String(at + 1), String(1_000 + 10 * at), String(at + 2), '1', '/usr/bin/a', 'a', 'execve'],
  ]);
  detector.take({ table: 'process_events', columns, rows });
  t.is(detector.tree.health.held, 20);
  const { state, evicted } = detector.stats[0]!;
  t.is(state, 5);
  t.true(
    evicted >= 90 && evicted + state <= 100,
    `${evicted}: all but the last rows, which wait for their place`,
  );
});

import test from 'ava';
import { type Alert, Detector } from '../../src/agent/index.ts';
import { parseRuleText } from '../../src/lang/index.ts';
import { createHost, createSchema } from '../../src/schema/index.ts';

const SCHEMA = createSchema('linux');

type Row = Readonly<Record<string, string>>;

function exec(eid: number, pid: number, parent: number, cmdline: string): Row {
  return {
    ...{ eid: String(eid).padStart(10, '0'), time: String(1_795_490_000 + eid), syscall: 'execve' },
    ...{ pid: String(pid), parent: String(parent), path: cmdline.split(' ')[0]!, cmdline, cwd: '"/"' },
    ...{ uid: '0', euid: '0', gid: '0', egid: '0', auid: '0' },
  };
}

interface Setting {
  readonly query?: string;
  readonly version?: number;
  readonly host?: string;
}

function alertsOf(rows: readonly Row[], setting: Setting = {}): readonly Alert[] {
  const { query = 'process where process.args == "x"', version = 1, host = 'host-1' } = setting;
  const { rules, problems } = parseRuleText(
    'rule.yaml',
    `id: r\nname: R\nseverity: low\nversion: ${version}\nquery: '${query}'\n`,
  );
  if (problems[0] !== undefined) throw problems[0].error;
  const alerts: Alert[] = [];
  const onAlert = (alert: Alert): void => void alerts.push(alert);
  const detector = new Detector({ rules, schema: SCHEMA, host: createHost(host), onAlert });
  const columns = Object.keys(rows[0]!);
  detector.take({ table: 'process_events', columns, rows: rows.map((row) => Object.values(row)) });
  detector.advance(Number.MAX_SAFE_INTEGER);
  return alerts;
}

const detailOf = ({ document }: Alert): Readonly<Record<string, unknown>> =>
  document['osquery_detect'] as Readonly<Record<string, unknown>>;

for (const [fidelity, cmdline] of [
  ['split', '/bin/a x'],
  ['reordered', '/bin/a 1 10 11 x 3 4 5 6 7 8 9'],
  ['cut', `/bin/a x ${'y'.repeat(3_700)} 16000`],
] as const) {
  test(`an alert says how its arguments were had: ${fidelity}`, (t) => {
    const [alert] = alertsOf([exec(1, 5, 1, cmdline)]);
    t.is(detailOf(alert!)['args'], fidelity);
  });
}

test('an alert has an id of its rule, its version, its host and its events', (t) => {
  const rows = [exec(1, 5, 1, '/bin/a x'), exec(2, 6, 1, '/bin/a x')];
  const idsOf = (setting?: Setting): readonly string[] =>
    alertsOf(rows, setting).map(({ alertId }) => alertId);
  const ids = idsOf();
  t.deepEqual(idsOf(), ids);
  const all = [...ids, ...idsOf({ version: 2 }), ...idsOf({ host: 'host-2' })];
  t.is(new Set(all).size, 6);
  for (const id of all) t.regex(id, /^[0-9a-f]{32}$/);
});

test('an alert tells who started whom, nearest first, and at most sixteen', (t) => {
  const rows = Array.from({ length: 30 }, (_, at) => exec(at + 1, 100 + at, 99 + at, `/bin/p${at}`));
  const [alert] = alertsOf([...rows, exec(31, 200, 129, '/bin/a x')]);
  const ancestors = detailOf(alert!)['ancestors'] as readonly { readonly executable: string }[];
  t.deepEqual(
    ancestors.map(({ executable }) => executable),
    Array.from({ length: 16 }, (_, at) => `/bin/p${29 - at}`),
  );
});

test('an alert of a sequence tells each of its events, in their order, and the last as its own', (t) => {
  const query =
    'sequence by user.id [process where process.name == "one"] [process where process.name == "two"]';
  const [alert, ...more] = alertsOf([exec(1, 5, 1, '/bin/one'), exec(2, 6, 1, '/bin/two')], { query });
  t.deepEqual(more, []);
  t.deepEqual(alert!.events, [
    { table: 'process_events', eid: '0000000001' },
    { table: 'process_events', eid: '0000000002' },
  ]);
  const sequence = detailOf(alert!)['sequence'] as readonly { readonly process: { readonly name: string } }[];
  t.deepEqual(
    sequence.map(({ process }) => process.name),
    ['one', 'two'],
  );
  t.is((alert!.document['process'] as { name: string }).name, 'two');
  t.deepEqual(detailOf(alert!)['keys'], ['0']);
  t.is(alert!.matched, 'process.name=one -> process.name=two');
});

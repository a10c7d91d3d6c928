import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test from 'ava';
import { replay } from '../../src/agent/index.ts';
import { linesOf } from '../../src/cli/inputs.ts';
import { loadRules } from '../../src/lang/index.ts';
import { type FedRow, type Pack, readRecordedEvents, startSandbox } from '../../src/sandbox/index.ts';
import { createSchema } from '../../src/schema/index.ts';
import { ROOT } from '../events/recording.ts';
import { runCommand } from './run-command.ts';

const RULES = join(ROOT, 'packs', 'rules');
const FILES = [
  'file_paths.conf',
  'fleet/labels.yml',
  'fleet/policies.yml',
  'fleet/queries.yml',
  'fleet/reports.yml',
  'osquery.flags',
  'pack-sql.conf',
  'pack.conf',
  'rules.json',
  'views.conf',
];

const folders: string[] = [];
test.after.always(async () => {
  for (const folder of folders) await rm(folder, { recursive: true });
});

async function folderWith(files: Readonly<Record<string, string>> = {}): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'compile-'));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return folder;
}

async function filesIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

/** A configuration as osquery reads it: lines that are comments taken out. */
async function config(path: string): Promise<Readonly<Record<string, unknown>>> {
  const text = await readFile(path, 'utf8');
  const lines = text.split('\n').filter((line) => !/^\s*(?:\/\/|#)/.test(line));
  return JSON.parse(lines.join('\n')) as Readonly<Record<string, unknown>>;
}

const own = (id: string, query: string): string =>
  `id: ${id}\nname: Rule ${id}\nseverity: low\nquery: '${query}'\n`;

test('it writes its files, names them, and leaves all others alone', async (t) => {
  const out = await folderWith({ 'mine.conf': 'mine', 'fleet/mine.yml': 'mine' });
  const { code, out: told, err } = await runCommand('compile', RULES, '--out', out);
  t.is(code, 0, err);
  t.deepEqual(await filesIn(out), [...FILES, 'fleet/mine.yml', 'mine.conf'].sort());
  for (const name of FILES) t.regex(told, new RegExp(`${out}/${name} +\\d+ bytes +new`));
  t.true(told.endsWith('14 rules for linux, 0 left out; process_events 14\n'), told);
  t.is(await readFile(join(out, 'fleet/mine.yml'), 'utf8'), 'mine');
});

test('the same rules give the same bytes; files that are right already are not touched', async (t) => {
  const [one, two] = [await folderWith(), await folderWith()];
  await runCommand('compile', RULES, '--out', one);
  await runCommand('compile', RULES, '--out', two);
  for (const name of FILES) {
    t.is(await readFile(join(one, name), 'utf8'), await readFile(join(two, name), 'utf8'), name);
    await utimes(join(one, name), 1, 1);
  }
  await writeFile(join(one, 'pack.conf'), 'changed by hand');
  t.is((await runCommand('compile', RULES, '--out', one, '--check')).code, 1);
  t.is(await readFile(join(one, 'pack.conf'), 'utf8'), 'changed by hand');
  t.is((await runCommand('compile', RULES, '--out', one)).code, 0);
  for (const name of FILES) {
    const { mtimeMs } = await stat(join(one, name));
    t.is(mtimeMs === 1000, name !== 'pack.conf', name);
  }
  t.is((await runCommand('compile', RULES, '--out', one, '--check')).code, 0);
});

test('a broken rule is told and ends with 1; the others are compiled; what cannot run is left out with its reason', async (t) => {
  const rules = await folderWith({
    'a.yaml': own('a', 'process where process.name == "x"'),
    'b.yaml': own('b', 'process where ('),
    'c.yaml': own('c', 'process where cloud.region == "x"'),
    'd.yaml': `${own('d', 'process where true')}enabled: false\n`,
    'e.yaml': own('e', 'dns where dns.question.name == "x"'),
  });
  const out = await folderWith();
  const { code, out: told, err } = await runCommand('compile', rules, '--out', out, '--json');
  t.is(code, 1);
  t.regex(err, /b\.yaml:4:\d+: EQL_SYNTAX/);
  const { rules: compiled, left_out: left } = JSON.parse(told) as Record<
    string,
    readonly Record<string, unknown>[]
  >;
  t.deepEqual(compiled, [{ id: 'a', name: 'Rule a', tables: ['process_events'] }]);
  t.deepEqual(
    left!.map(({ id, file }) => [id, file]),
    ['b', 'c', 'd', 'e'].map((id) => [id, join(rules, `${id}.yaml`)]),
  );
  const reasons = left!.map((one) => String((one['reasons'] as readonly string[])[0]));
  t.regex(reasons[0]!, /^It is broken: /);
  t.regex(reasons[1]!, /^cloud\.region: /);
  t.is(reasons[2], 'It is not enabled.');
  t.regex(reasons[3]!, /no event table of the system has such events/);
  const bundled = await loadRules([join(out, 'rules.json')]);
  t.deepEqual(
    bundled.rules.map(({ id }) => id),
    ['a'],
  );
});

test('--without does without a table: rules take another where one shows their events, or are left out', async (t) => {
  const rules = await folderWith({
    'cheap.yaml': own('cheap', 'file where file.path == "/etc/shadow"'),
    'dear.yaml': own('dear', 'file where file.path == "/etc/shadow" and process.name == "x"'),
    'either.yaml': own('either', 'event.category: file and file.path: "/etc/hosts" and not process.name: x'),
  });
  const out = await folderWith();
  const { out: all } = await runCommand('compile', rules, '--out', out);
  t.regex(all, /process_file_events is needed by 2 rules\. Dear: /);
  const { code, out: told } = await runCommand(
    'compile',
    rules,
    '--out',
    out,
    '--without',
    'process_file_events',
    '--json',
  );
  t.is(code, 0);
  const { rules: compiled, left_out: left } = JSON.parse(told) as Record<
    string,
    readonly Record<string, unknown>[]
  >;
  t.deepEqual(
    compiled!.map(({ id, tables }) => [id, tables]),
    [
      ['cheap', ['file_events']],
      ['either', ['file_events']],
    ],
  );
  t.deepEqual(
    left!.map(({ id, reasons }) => [id, reasons]),
    [['dear', ['It needs events of process_file_events, which is left out.']]],
  );
  const flags = await readFile(join(out, 'osquery.flags'), 'utf8');
  t.false(flags.includes('audit'), flags);
});

test('it says when a pack is longer than osquery takes', async (t) => {
  const long = Array.from({ length: 450 }, (_, n) => [
    `${n}.yaml`,
    own(`long-${n}`, `process where process.name == "${'x'.repeat(60)}${n}"`),
  ]);
  const rules = await folderWith(Object.fromEntries(long));
  const { out: merged } = await runCommand('compile', rules, '--out', await folderWith());
  t.notRegex(merged, /osquery before August 2026 takes/);
  const { out: alone } = await runCommand('compile', rules, '--out', await folderWith(), '--per-rule');
  t.regex(alone, /note +pack-sql\.conf has \d+ bytes; osquery before August 2026 takes 1048576 in all\./);
});

const WRONG: readonly { readonly args: readonly string[]; readonly want: RegExp }[] = [
  { args: ['--out', 'x'], want: /no rules given/ },
  { args: [RULES], want: /no folder given; name one with --out/ },
  {
    args: [RULES, '--out', 'x', '--interval', '0'],
    want: /--interval takes a whole number from 1 to 604800, not "0"/,
  },
  { args: [RULES, '--out', 'x', '--batch', '1.5'], want: /--batch takes a whole number/ },
  { args: [RULES, '--out', 'x', '--platform', 'mac'], want: /--platform takes linux, darwin, windows/ },
  {
    args: [RULES, '--out', 'x', '--without', 'processes'],
    want: /--without takes an event table of linux, not "processes"/,
  },
  { args: [RULES, '--out', 'x', '--lihgt'], want: /Unknown option '--lihgt'/ },
];

for (const { args, want } of WRONG) {
  test(`wrong use ends with 2, says what is right, and writes nothing: compile ${args.slice(1).join(' ')}`, async (t) => {
    const { code, err } = await runCommand('compile', ...args);
    t.is(code, 2);
    t.regex(err, want);
  });
}

test('options reach the pack: interval, batch, and what the flags must then be', async (t) => {
  const out = await folderWith();
  await runCommand('compile', RULES, '--out', out, '--interval', '3600', '--batch', '77');
  const pack = (await config(join(out, 'pack.conf'))) as unknown as Pack;
  const { query, interval } = pack.queries!['detections_process_events']!;
  t.is(interval, 3600);
  t.regex(query, / ORDER BY eid DESC LIMIT 77\)\)$/);
  t.regex(await readFile(join(out, 'osquery.flags'), 'utf8'), /^--events_expiry=10800$/m);
});

test('a rule that plain SQL cannot narrow is told to be left out of the pack of plain SQL', async (t) => {
  const rules = await folderWith({
    'narrow.yaml': own('narrow', 'process where process.name == "nc"'),
    'wide.yaml': own('wide', 'process where process.parent.name == "sh"'),
  });
  const out = await folderWith();
  const { out: told } = await runCommand('compile', rules, '--out', out, '--json');
  t.deepEqual((JSON.parse(told) as { notices: readonly string[] }).notices, [
    'pack-sql.conf leaves out 1 rule that nearly every row of process_events may match: wide.',
  ]);
  const text = await readFile(join(out, 'pack-sql.conf'), 'utf8');
  t.regex(text, /'narrow[,']/);
  t.notRegex(text, /'wide[,']/);
});

test('--light hands over what a rule may match, and says which rules know less then', async (t) => {
  const rules = await folderWith({
    'alone.yaml': own('alone', 'process where process.name == "nc"'),
    'kin.yaml': own('kin', 'process where process.name == "nc" and process.parent.name == "sh"'),
  });
  const out = await folderWith();
  const { out: told } = await runCommand('compile', rules, '--out', out, '--light', '--json');
  const { notices } = JSON.parse(told) as { notices: readonly string[] };
  t.deepEqual(notices, [
    '--light: 1 rule asking for parents or programs that rows do not tell: known are only those that may be a match themselves, or ran before: kin.',
  ]);
  const { queries } = (await config(join(out, 'pack.conf'))) as unknown as Pack;
  t.regex(queries!['detections_process_events']!.query, /'sparse', json\('true'\)/);
  const { out: full } = await runCommand('compile', rules, '--out', out, '--json');
  t.deepEqual((JSON.parse(full) as { notices: readonly string[] }).notices, []);
});

interface Fired {
  readonly rule: string;
  readonly events: string;
}

function inOrder(fired: readonly Fired[]): readonly string[] {
  return fired.map(({ rule, events }) => `${rule} ${events}`).sort();
}

async function replayed(recording: string): Promise<readonly string[]> {
  const { rules } = await loadRules([RULES]);
  const fired: Fired[] = [];
  await replay(linesOf([recording]), {
    rules,
    platform: 'linux',
    onAlert: ({ ruleId, events }) => fired.push({ rule: ruleId, events: JSON.stringify(events) }),
  });
  return inOrder(fired);
}

/** The rows of process_events in a recording, in the order of their eids. */
async function recordedExecs(recording: string): Promise<readonly FedRow[]> {
  const rows: FedRow[] = [];
  for await (const { name, row } of readRecordedEvents(recording)) {
    if (name === 'process_events') rows.push(row);
  }
  return rows.sort((a, b) => Number(String(a['eid'])) - Number(String(b['eid'])));
}

/**
 * The alerts that osqueryd's stand-in logs when it runs the pack, with the extension that loads the bundle. Rows are
 * numbered anew: the parts that a recording lacks would else be looked for.
 */
async function scanned(out: string, recording: string, wanted: number): Promise<readonly string[]> {
  const fired: Fired[] = [];
  const rows = await recordedExecs(recording);
  const eidOf = (eid: string): string => String(rows[Number(eid) - 1]!['eid']);
  const flags = (await readFile(join(out, 'osquery.flags'), 'utf8'))
    .split('\n')
    .filter((line) => line.startsWith('--'))
    .map((line) => line.slice(2).split('=') as [string, string]);
  const sandbox = await startSandbox({
    schema: [...createSchema('linux').tables.values()].map(({ name, columns }) => ({ name, columns })),
    config: { packs: { compiled: (await config(join(out, 'pack.conf'))) as Pack } },
    flags: Object.fromEntries(flags),
    watchIntervalMs: 0,
    extension: {
      command: [
        process.execPath,
        join(ROOT, 'src/cli/main.ts'),
        'extension',
        '--rules',
        join(out, 'rules.json'),
      ],
    },
    onExtensionOutput: () => {},
    onResult(line) {
      const { columns } = JSON.parse(line) as { columns: Record<string, string> };
      const { osquery_detect: own } = JSON.parse(columns['alert']!) as {
        osquery_detect: { events: readonly { readonly table: string; readonly eid: string }[] };
      };
      const events = own.events.map(({ table, eid }) => ({ table, eid: eidOf(eid) }));
      fired.push({ rule: columns['rule_id']!, events: JSON.stringify(events) });
    },
  });
  try {
    await sandbox.registered('osquery_detect');
    const unnumbered = rows.map(({ eid: _, ...row }) => row as FedRow);
    for (let at = 0; at < rows.length; at += 500) {
      await sandbox.feed('process_events', unnumbered.slice(at, at + 500));
      await sandbox.runNow();
    }
    // On a slow machine an answer may go before all is read.
    for (let more = 0; more < 100 && fired.length < wanted; more += 1) await sandbox.runNow();
    await sandbox.runNow();
    return inOrder(fired);
  } finally {
    await sandbox.stop();
  }
}

for (const name of ['seed', 'attack']) {
  test.serial(
    `the compiled pack and bundle make the alerts that replay makes of the ${name} recording`,
    async (t) => {
      t.timeout(110_000);
      const out = await folderWith();
      await runCommand('compile', RULES, '--out', out);
      const recording = join(ROOT, 'test', 'events', `${name}.results.log.gz`);
      const wanted = await replayed(recording);
      t.true(wanted.length > 5);
      t.deepEqual(await scanned(out, recording, wanted.length), wanted);
    },
  );
}

test.serial(
  'without the extension, the compiled SQL names every event of an alert, and is sure of none that is not',
  async (t) => {
    const out = await folderWith();
    await runCommand('compile', RULES, '--out', out);
    const recording = join(ROOT, 'test', 'events', 'attack.results.log.gz');
    const [sure, named] = [new Set<string>(), new Set<string>()];
    const sandbox = await startSandbox({
      schema: [...createSchema('linux').tables.values()].map(({ name, columns }) => ({ name, columns })),
      config: { packs: { sql: (await config(join(out, 'pack-sql.conf'))) as Pack } },
      flags: { disable_events: 'false' },
      watchIntervalMs: 0,
      onResult(line) {
        const { columns } = JSON.parse(line) as { columns: Record<string, string> };
        for (const id of columns['rules']!.split(',')) if (id !== '') sure.add(`${id} ${columns['eid']}`);
        for (const id of `${columns['rules']},${columns['candidates']}`.split(','))
          named.add(`${id} ${columns['eid']}`);
      },
    });
    t.teardown(() => sandbox.stop());
    const rows = await recordedExecs(recording);
    await sandbox.feed('process_events', rows);
    await sandbox.runNow();
    const alerts = (await replayed(recording)).map((text) => /^(\S+) (.*)$/.exec(text)!);
    const wanted = alerts.flatMap(([, rule, events]) =>
      (JSON.parse(events!) as readonly { readonly eid: string }[]).map(({ eid }) => `${rule} ${eid}`),
    );
    t.true(wanted.length > 20 && sure.size > 0);
    t.deepEqual(
      wanted.filter((one) => !named.has(one)),
      [],
    );
    t.deepEqual(
      [...sure].filter((one) => !wanted.includes(one)),
      [],
    );
  },
);

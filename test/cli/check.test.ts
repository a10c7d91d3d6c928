import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { runCommand } from './run-command.ts';

/** A folder of files with these texts, deleted after the test. */
function folder(
  teardown: (clean: () => void) => void,
  files: Readonly<Record<string, string | Uint8Array>>,
): string {
  const path = mkdtempSync(join(tmpdir(), 'check-'));
  teardown(() => rmSync(path, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(path, name, '..'), { recursive: true });
    writeFileSync(join(path, name), text);
  }
  return path;
}

function rule(id: string, query: string, more = ''): string {
  return `id = "${id}"\nname = "Rule ${id}"\nseverity = "low"\nquery = '''${query}'''\n${more}`;
}

const RUNS = rule(
  'runs',
  'process where host.os.type == "linux" and event.action == "exec" and process.name == "nc"',
);
const CAVEATS = rule(
  'caveats',
  'process where host.os.type == "linux" and event.action == "exec" and process.args == "-e"',
);
const UNSUPPORTED = rule('unsupported', 'registry where host.os.type == "linux" and registry.path == "x"');
const BROKEN = rule('broken', 'process where process.name == ');

const MIXED = { 'a.toml': RUNS, 'b.toml': CAVEATS, 'c/d.toml': UNSUPPORTED, 'e.toml': BROKEN };

test('--json is one document: a summary, and for each rule what it is, its verdict, reasons, tables and platforms', async (t) => {
  const path = folder((clean) => t.teardown(clean), MIXED);
  const { code, out } = await runCommand('check', '--json', path);
  const { summary, rules } = JSON.parse(out);
  t.deepEqual(summary, { rules: 4, parsed: 3, runs: 1, caveats: 1, unsupported: 1, broken: 1 });
  t.is(code, 1);
  t.deepEqual(
    rules.map((one: Record<string, unknown>) => Object.keys(one)),
    Array.from({ length: 4 }, () => [
      ...[
        'id',
        'name',
        'file',
        'type',
        'language',
        'verdict',
        'reasons',
        'tables',
        'platforms',
        'by_platform',
      ],
    ]),
  );
  const [runs, caveats, unsupported, broken] = rules;
  t.deepEqual(runs, {
    ...{ id: 'runs', name: 'Rule runs', file: join(path, 'a.toml'), type: 'eql', language: 'eql' },
    ...{ verdict: 'runs', reasons: [], tables: ['process_events'], platforms: ['linux'] },
    by_platform: {
      linux: {
        verdict: 'runs',
        tables: ['process_events'],
        flags: [
          ...[
            '--disable_events=false',
            '--disable_audit=false',
            '--audit_allow_config=true',
            '--audit_persist=true',
          ],
          ...['--audit_allow_process_events=true', '--audit_allow_fork_process_events=true'],
        ],
      },
    },
  });
  t.like(caveats, { verdict: 'caveats', platforms: ['linux'] });
  t.regex(caveats.reasons[0], /^Approximate: process\.args of process_events/);
  t.like(unsupported, { verdict: 'unsupported', tables: [], platforms: [], file: join(path, 'c/d.toml') });
  t.deepEqual(unsupported.reasons, [
    'event.category == "registry": no event table of the system has such events.',
  ]);
  t.like(broken, { id: 'broken', name: 'Rule broken', verdict: 'broken', tables: [], platforms: [] });
});

test('the exit code is 0 for good rules, 1 for a broken one, with --strict 1 for an unsupported one too', async (t) => {
  const good = folder((clean) => t.teardown(clean), { 'a.toml': RUNS, 'b.toml': CAVEATS });
  const lacking = folder((clean) => t.teardown(clean), { 'a.toml': RUNS, 'c.toml': UNSUPPORTED });
  const broken = folder((clean) => t.teardown(clean), { 'a.toml': RUNS, 'e.toml': BROKEN });
  t.is((await runCommand('check', good)).code, 0);
  t.is((await runCommand('check', '--strict', good)).code, 0);
  t.is((await runCommand('check', lacking)).code, 0);
  t.is((await runCommand('check', '--strict', lacking)).code, 1);
  t.is((await runCommand('check', broken)).code, 1);
});

for (const [what, argv] of [
  ['no path', ['check']],
  ['a platform that there is not', ['check', '--platform', 'beos', 'x']],
  ['an option that there is not', ['check', '--jsno', 'x']],
] as const) {
  test(`${what} is wrong use: exit code 2, a message, and where to find help`, async (t) => {
    const { code, out, err } = await runCommand(...argv);
    t.is(code, 2);
    t.is(out, '');
    t.regex(err, /See "osquery-detect check --help"\./);
  });
}

test('the table has a line for each rule, its reasons below, and ends with what osqueryd needs and a summary', async (t) => {
  const path = folder((clean) => t.teardown(clean), MIXED);
  const { out, err } = await runCommand('check', path);
  t.regex(out, /^runs {9}Rule runs {2}linux: process_events$/m);
  t.regex(out, /^caveats {6}Rule caveats {2}linux: process_events$\n {13}Approximate: process\.args/m);
  t.regex(out, /^unsupported {2}Rule unsupported$\n {13}event\.category == "registry": no event table/m);
  t.regex(out, /^broken {7}Rule broken$\n {13}Expected /m);
  t.regex(out, /^linux: what the rules need of osqueryd\n {2}process_events {4}2 rules {2}Cheap\. /m);
  t.regex(out, /^ {2}--disable_events=false --disable_audit=false (?:\S+[ \n] *)+$/m);
  t.true(out.endsWith('\n4 rules: 1 run, 1 run with caveats, 1 unsupported, 1 broken\n'), out.slice(-200));
  t.regex(err, /e\.toml:4:42: EQL_SYNTAX: /);
  t.false(`${out}${err}`.includes('\u001b'));
});

test('--platform asks about these platforms alone', async (t) => {
  const path = folder((clean) => t.teardown(clean), {
    'a.toml': rule('any', 'process where event.type == "start" and process.name == "nc"'),
  });
  const platformsOf = async (...options: readonly string[]): Promise<unknown> =>
    JSON.parse((await runCommand('check', '--json', ...options, path)).out).rules[0].platforms;
  t.deepEqual(await platformsOf(), ['linux', 'darwin', 'windows']);
  t.deepEqual(await platformsOf('--platform', 'darwin'), ['darwin']);
  t.deepEqual(await platformsOf('--platform', 'linux', '--platform', 'windows'), ['linux', 'windows']);
});

test('a rule for another system than was asked about is unsupported there, and says so', async (t) => {
  const path = folder((clean) => t.teardown(clean), { 'a.toml': RUNS });
  const { out } = await runCommand('check', '--json', '--platform', 'windows', path);
  t.like(JSON.parse(out).rules[0], {
    verdict: 'unsupported',
    reasons: ['host.os.type: it is for another system.'],
    platforms: [],
  });
});

const GOOD_NDJSON = {
  ...{ rule_id: 'n', name: 'N', type: 'eql', language: 'eql', severity: 'low', risk_score: 1 },
  query: 'process where process.name == "nc"',
};

/** Files that are wrong, each with what is said of it: where, and what. */
const WRONG: Readonly<Record<string, { readonly text: string | Uint8Array; readonly says: RegExp }>> = {
  'truncated.toml': {
    text: RUNS.slice(0, RUNS.length - 10),
    says: /truncated\.toml:4:\d+: TOML_SYNTAX: /,
  },
  'half.ndjson': {
    text: `${JSON.stringify(GOOD_NDJSON)}\n{"rule_id":"m","name":\n`,
    says: /half\.ndjson:2:\d+: NDJSON_SYNTAX: Not a JSON object/,
  },
  'huge.toml': {
    text: rule('huge', `process where process.name == "${'x'.repeat(5_000_000)}"`),
    says: /huge\.toml:1:1: RULE_LIMIT: The document has 50\d{5} characters; 4000000 are the most/,
  },
  'latin1.toml': {
    text: Buffer.concat([Buffer.from('id = "l"\nname = "Gr'), Buffer.from([0xfc]), Buffer.from('n"\n')]),
    says: /latin1\.toml:2:11: FILE_ENCODING: The file is not UTF-8\./,
  },
  'twice-a.toml': { text: rule('twice', 'process where true'), says: /The id "twice" is taken/ },
  'twice-b.toml': {
    text: rule('twice', 'file where true').replace('Rule twice', 'The other'),
    says: /twice-b\.toml:4:\d+: RULE_DUPLICATE: .*"The other" has it, and before it "Rule twice" \(.*twice-a\.toml, query in line 4\)/,
  },
  'circle.yaml': {
    text: 'overlays: &all\n  - rule: good\n    except: *all\n',
    says: /circle\.yaml:1:\d+: YAML_SYNTAX: A table holds itself\./,
  },
};

test('wrong files are told with file and line, and the other rules load', async (t) => {
  const good = rule('good', 'process where event.type == "start" and process.name == "nc"');
  const files = Object.entries(WRONG).map(([name, { text }]) => [name, text] as const);
  const path = folder((clean) => t.teardown(clean), { 'good.toml': good, ...Object.fromEntries(files) });
  const { code, out, err } = await runCommand('check', path);
  t.is(code, 1);
  for (const [name, { says }] of Object.entries(WRONG)) t.regex(err, says, name);
  const { summary, rules } = JSON.parse((await runCommand('check', '--json', path)).out);
  t.like(summary, { rules: 9, broken: 6 });
  const running = rules.filter(({ platforms }: { platforms: unknown[] }) => platforms.length > 0);
  t.deepEqual(
    running.map(({ id, name }: Record<string, string>) => `${id}: ${name}`),
    ['good: Rule good', 'n: N', 'twice: Rule twice'],
  );
  t.regex(out, /9 rules: /);
});

test('an exception list that is in none of the files leaves the rule running, with a word about it', async (t) => {
  const path = folder((clean) => t.teardown(clean), {
    'rules.ndjson': JSON.stringify({ ...GOOD_NDJSON, exceptions_list: [{ list_id: 'gone' }] }),
  });
  const { code, out } = await runCommand('check', '--platform', 'linux', path);
  t.is(code, 0);
  t.regex(out, /The exception list "gone" is in none of the files: what it would let pass makes alerts\./);
});

test('an exception of a value list is told, and the rules run without it', async (t) => {
  const item = {
    ...{ list_id: 'l', item_id: 'i', name: 'From a list', type: 'simple' },
    entries: [{ field: 'user.name', type: 'list', operator: 'included', list: { id: 'v', type: 'keyword' } }],
  };
  const lines = [{ ...GOOD_NDJSON, exceptions_list: [{ list_id: 'l' }] }, item];
  const path = folder((clean) => t.teardown(clean), {
    'rules.ndjson': lines.map((line) => JSON.stringify(line)).join('\n'),
  });
  const { code, err } = await runCommand('check', path);
  t.is(code, 0);
  t.regex(err, /rules\.ndjson:2:\d+: EXCEPTION_UNSUPPORTED: Unsupported: exceptions of type "list"/);
});

test('a path that does not exist, and one without rules, are broken', async (t) => {
  const path = folder((clean) => t.teardown(clean), { 'note.txt': 'x' });
  const { code, err } = await runCommand('check', join(path, 'gone'), path);
  t.is(code, 1);
  t.regex(err, /There is no such file or folder/);
  t.regex(err, /There is no rule file in this folder/);
});

import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { parse } from 'yaml';
import { planRules } from '../../../src/agent/index.ts';
import { loadRules, parseRuleTexts } from '../../../src/lang/index.ts';
import type { Rule } from '../../../src/rule/index.ts';
import { type Pack, startSandbox } from '../../../src/sandbox/index.ts';
import { createSchema, type Platform } from '../../../src/schema/index.ts';
import { type FilesOptions, filesFor } from '../../../src/sql/index.ts';
import { ROOT } from '../../events/recording.ts';

const { rules: PACKAGED } = await loadRules([join(ROOT, 'packs', 'rules')]);

function rule(id: string, query: string): Rule {
  const text = `id: ${id}\nname: Rule ${id}\nseverity: low\nquery: '${query}'\n`;
  const { rules, problems } = parseRuleTexts([{ name: `${id}.yaml`, text }]);
  if (rules[0] === undefined) throw problems[0]!.error;
  return rules[0];
}

function compiled(
  rules: readonly Rule[],
  options: FilesOptions = {},
  platform: Platform = 'linux',
): ReadonlyMap<string, string> {
  const schema = createSchema(platform);
  const { rules: plans, left } = planRules(rules, schema);
  if (left.length > 0) throw new Error(left[0]?.reasons.join(' '));
  return filesFor(plans, schema, options);
}

/** What osquery reads: without lines that are comments. */
function configOf(text: string): Record<string, unknown> {
  const lines = text.split('\n').filter((line) => !/^\s*(?:\/\/|#)/.test(line));
  return JSON.parse(lines.join('\n')) as Record<string, unknown>;
}

const SOCKETS = rule('sockets', 'network where destination.port == 4444');
const SHADOW = rule('shadow', 'file where file.path == "/etc/shadow"');
const KILL = rule('kill', 'process where event.action == "killed-pid"');
const READS = rule(
  'reads',
  'file where event.action == "opened-file" and file.path : "/etc/*" and process.name != "x"',
);
const OPENS = rule('opens', 'file where event.type == "access" and file.path == "/etc/shadow"');
const ABSENT = rule(
  'absent',
  'sequence by process.pid with maxspan=1m [process where true] ![network where true] [process where process.name == "x"]',
);
const ALL = [...PACKAGED, SOCKETS, SHADOW, KILL, READS, OPENS];

test('the same rules give the same bytes, in whatever order and number they are given', (t) => {
  const wanted = compiled(ALL);
  fc.assert(
    fc.property(fc.shuffledSubarray(ALL, { minLength: ALL.length }), (shuffled) => {
      for (const [name, text] of compiled(shuffled)) t.is(wanted.get(name), text, name);
    }),
    { numRuns: 5 },
  );
  t.deepEqual([...compiled([]).keys()], [...wanted.keys()]);
});

test('a rule more leaves the scan queries of other tables as they are', (t) => {
  const before = JSON.parse(compiled(PACKAGED).get('pack.conf')!) as Pack;
  const after = JSON.parse(compiled([...PACKAGED, SOCKETS]).get('pack.conf')!) as Pack;
  t.deepEqual(Object.keys(after.queries!), ['detections_process_events', 'detections_socket_events']);
  t.deepEqual(after.queries!['detections_process_events'], before.queries!['detections_process_events']);
});

test('events that must be missing are scanned, too', (t) => {
  const { queries } = JSON.parse(compiled([ABSENT]).get('pack.conf')!) as Pack;
  t.deepEqual(Object.keys(queries!), ['detections_process_events', 'detections_socket_events']);
});

test('flags are those that the rules need, each once, with the rules that need it', (t) => {
  const flags = compiled([SOCKETS, KILL]).get('osquery.flags')!;
  t.deepEqual(
    flags.split('\n').filter((line) => line.startsWith('--')),
    [
      ...[
        '--disable_events=false',
        '--disable_audit=false',
        '--audit_allow_config=true',
        '--audit_persist=true',
      ],
      ...['--audit_allow_process_events=true', '--audit_allow_fork_process_events=true'],
      '--audit_allow_kill_process_events=true',
      ...['--audit_allow_sockets=true', '--audit_allow_accept_socket_events=true'],
    ],
  );
  t.regex(
    flags,
    /# process_events, events that come with this flag only\.\n# 1 rule needs it:\n# {3}Rule kill \(kill\)\n--audit_allow_kill/,
  );
  t.regex(
    flags,
    /# socket_events: Moderate.*\n# 1 rule needs it:\n# {3}Rule sockets \(sockets\)\n--audit_allow_sockets/,
  );
  for (const line of flags.split('\n')) t.regex(line, /^(?:#.*|--\w+=\w+)?$/);
  t.false(compiled(PACKAGED).get('osquery.flags')!.includes('kill'));
  t.regex(compiled([]).get('osquery.flags')!, /# No rule needs a flag\.\n$/);
});

test('a flag that dear events need says what they cost', (t) => {
  const flags = compiled([READS]).get('osquery.flags')!;
  t.regex(flags, /# process_file_events: Dear: .*\n# 1 rule needs it:\n# {3}Rule reads \(reads\)\n/);
  t.regex(flags, /--audit_fim_show_accesses=true/);
});

test('a name over several lines stays in its comment', (t) => {
  const hostile = { ...SHADOW, name: 'a\n--disable_events=true\r\nb', id: 'x\n"' };
  const files = compiled([hostile]);
  for (const line of files.get('osquery.flags')!.split(/[\r\n]+/))
    t.regex(line, /^(?:#.*|--(?:disable_events=false|enable_file_events=true))?$/);
  t.deepEqual(configOf(files.get('file_paths.conf')!), { file_paths: { osquery_detect: ['/etc/shadow%'] } });
});

test('file_paths name the rules of each path; reading is watched in a category of its own', (t) => {
  const text = compiled([SHADOW, OPENS]).get('file_paths.conf')!;
  t.deepEqual(configOf(text), {
    file_paths: { osquery_detect: ['/etc/shadow%'], osquery_detect_accesses: ['/etc/shadow%'] },
    file_accesses: ['osquery_detect_accesses'],
  });
  t.regex(text, /\/\/ Rule shadow \(shadow\)\n {6}"\/etc\/shadow%"/);
  t.deepEqual(configOf(compiled(PACKAGED).get('file_paths.conf')!), { file_paths: { osquery_detect: [] } });
  const anywhere = compiled([rule('any', 'file where file.name == "x"')]).get('file_paths.conf')!;
  t.regex(anywhere, /look at files anywhere\..*\n\/\/ {3}Rule any \(any\)\n/);
});

interface Entry {
  readonly [key: string]: unknown;
}

test("Fleet's files are lists that own nothing else, under the older and the newer key", (t) => {
  const files = compiled([...PACKAGED, SOCKETS]);
  const { queries } = JSON.parse(files.get('pack.conf')!) as Pack;
  for (const key of ['queries', 'reports']) {
    const text = files.get(`fleet/${key}.yml`)!;
    t.true(text.includes(`#   ${key}:\n#     - path: lib/${key}.yml\n`), text);
    const entries = parse(text) as readonly Entry[];
    t.deepEqual(
      entries.map(({ name, query }) => [name, query]),
      Object.entries(queries!).map(([name, { query }]) => [name, query]),
    );
    for (const entry of entries) {
      t.like(entry, {
        logging: 'differential_ignore_removals',
        automations_enabled: true,
        platform: 'linux',
        interval: 10,
      });
    }
  }
  const [policy, ...more] = parse(files.get('fleet/policies.yml')!) as readonly Entry[];
  t.deepEqual(more, []);
  t.like(policy, {
    query: "SELECT 1 FROM osquery_extensions WHERE name = 'osquery_detect';",
    platform: 'linux',
  });
  const [label] = parse(files.get('fleet/labels.yml')!) as readonly Entry[];
  t.like(label, { name: 'osquery-detect linux', label_membership_type: 'dynamic', platform: 'linux' });
});

test('a dollar sign in SQL is kept from fleetctl, which would put a variable in its place', (t) => {
  const dollar = rule('dollar', 'process where process.name == "$HOME" and process.args : "$PATH*"');
  const files = compiled([dollar], { light: true });
  const text = files.get('fleet/reports.yml')!;
  t.false(/(?<!\\)\$/.test(text), text);
  const { queries } = JSON.parse(files.get('pack.conf')!) as Pack;
  const [entry] = parse(text.replaceAll('\\$', '$')) as readonly Entry[];
  t.is(entry!['query'], queries!['detections_process_events']!.query);
  t.true(String(entry!['query']).includes('$home') || String(entry!['query']).includes('$HOME'));
});

for (const platform of ['darwin', 'windows'] as const) {
  test(`the files of ${platform} are for its tables`, (t) => {
    const files = compiled([rule('x', 'process where process.name == "x"')], {}, platform);
    const pack = JSON.parse(files.get('pack.conf')!) as Pack;
    t.is(pack.platform, platform);
    const table = platform === 'darwin' ? 'es_process_events' : 'process_etw_events';
    t.deepEqual(Object.keys(pack.queries!), [`detections_${table}`]);
  });
}

const NOW = 1_795_500_000;

test('the views give the alerts of what runs now, and of the last hour, and move no pointer', async (t) => {
  const files = compiled([...PACKAGED, SOCKETS]);
  const { views } = JSON.parse(files.get('views.conf')!) as { views: Record<string, string> };
  t.deepEqual(Object.keys(views), ['detect_recent', 'detect_running']);
  const now = Math.floor(Date.now() / 1000);
  const exec = { syscall: 'execve', path: '/usr/bin/kmod', cwd: '"/"', uid: 0, euid: 0, gid: 0, egid: 0 };
  const scanned: string[] = [];
  const sandbox = await startSandbox({
    schema: [...createSchema('linux').tables.values()].map(({ name, columns }) => ({ name, columns })),
    rows: { processes: [{ pid: 7, parent: 1, path: '/tmp/crond', cmdline: '/tmp/crond', start_time: 1 }] },
    config: { packs: { compiled: JSON.parse(files.get('pack.conf')!) as Pack } },
    flags: { disable_events: 'false' },
    startTime: NOW,
    watchIntervalMs: 0,
    extension: {
      command: [
        process.execPath,
        join(ROOT, 'src/cli/main.ts'),
        'extension',
        '--rules',
        join(ROOT, 'packs/rules'),
      ],
    },
    onExtensionOutput: () => {},
    onResult: (line) => scanned.push((JSON.parse(line) as { columns: { cmdline: string } }).columns.cmdline),
  });
  try {
    await sandbox.registered('osquery_detect');
    const rows = [7200, 60].flatMap((ago, at) => [
      { ...exec, pid: 10 + at, parent: 1, path: '/usr/bin/bash', cmdline: 'bash', time: now - ago },
      { ...exec, pid: 20 + at, parent: 10 + at, cmdline: `rmmod ${ago}`, time: now - ago },
    ]);
    await sandbox.feed('process_events', rows);
    const cmdlines = async (view: string): Promise<readonly string[]> =>
      (await sandbox.query(`SELECT cmdline FROM (${views[view] ?? ''})`)).map((row) =>
        String(row['cmdline']),
      );
    t.deepEqual(await cmdlines('detect_running'), ['/tmp/crond']);
    t.deepEqual(await cmdlines('detect_recent'), ['rmmod 60']);
    t.deepEqual(scanned, []);
    await sandbox.runNow();
    t.deepEqual(scanned, ['rmmod 7200', 'rmmod 60']);
  } finally {
    await sandbox.stop();
  }
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { stringify } from 'yaml';
import { type Finding, type LintOptions, lintPacks } from '../../../src/sql/index.ts';
import { ROOT } from '../../events/recording.ts';

const GOOD = { interval: 60, removed: false, denylist: false };
const EVENTS = 'SELECT path FROM process_events';

function lint(text: string | object, options: LintOptions = {}, name = 'p.conf'): readonly Finding[] {
  return lintPacks([{ name, text: typeof text === 'string' ? text : JSON.stringify(text) }], options)
    .findings;
}

/** The traps that a scheduled query is in, each once. */
function trapsOf(query: string, keys: object = {}, options: LintOptions = {}): readonly string[] {
  const found = lint({ queries: { q: { ...GOOD, query, ...keys } } }, options);
  return [...new Set(found.map(({ trap }) => trap))];
}

const scan = (columns: string): string =>
  `SELECT * FROM detections WHERE stream = 'process_events' AND batch < (SELECT json_group_array(json(r)) FROM (SELECT ${columns} AS r FROM process_events ORDER BY eid DESC LIMIT 20000))`;

/** For each trap that a query's SQL can fall into: queries that do, and near ones that do not. */
const SQL: readonly {
  readonly trap: string;
  readonly bad: readonly string[];
  readonly good: readonly string[];
}[] = [
  {
    trap: 'time-constraint',
    bad: [
      `${EVENTS} WHERE time > 5`,
      `${EVENTS} WHERE 5 < time AND uid = 0`,
      `${EVENTS} WHERE uid = 0 AND (time BETWEEN 1 AND 2)`,
      `${EVENTS} e WHERE e.time >= strftime('%s', 'now') - 60`,
      `${EVENTS} WHERE "time" > (SELECT unix_time - 60 FROM time)`,
      'SELECT * FROM (SELECT * FROM process_events WHERE time > 5)',
      'WITH recent AS (SELECT path FROM process_events WHERE [time] > 5) SELECT * FROM recent',
      `SELECT 1 UNION ALL ${EVENTS} WHERE time > 5`,
      `/* time */ ${EVENTS} -- WHERE\n WHERE time > 5`,
      `SELECT u.username FROM users u JOIN process_events p ON p.uid = u.uid AND p.time > 5`,
    ],
    good: [
      EVENTS,
      `${EVENTS} -- WHERE time > 5`,
      `${EVENTS} /* WHERE time > 5 */`,
      `${EVENTS} WHERE cmdline = 'x WHERE time > 5'`,
      `${EVENTS} WHERE time + 0 > 5`,
      `${EVENTS} WHERE +time > 5`,
      `${EVENTS} WHERE datetime(time, 'unixepoch') > '2030'`,
      'SELECT time FROM process_events ORDER BY time',
      'SELECT * FROM last WHERE time > 5',
      'SELECT p.path, l.time FROM process_events p JOIN last l ON l.pid = p.pid AND l.time > 5',
    ],
  },
  {
    trap: 'two-event-tables',
    bad: [
      'SELECT * FROM process_events p JOIN socket_events s ON s.pid = p.pid',
      'SELECT * FROM process_events, socket_events',
      'SELECT * FROM (process_events p JOIN socket_events s ON s.pid = p.pid)',
      `${EVENTS} WHERE pid IN (SELECT pid FROM socket_events)`,
      `${EVENTS} UNION ALL SELECT path FROM socket_events`,
      'WITH s AS (SELECT pid FROM socket_events) SELECT path FROM process_events JOIN s USING (pid)',
      `SELECT (SELECT count(*) FROM file_events), path FROM process_events`,
    ],
    good: [
      EVENTS,
      'WITH socket_events AS (SELECT 1 AS pid) SELECT path FROM process_events JOIN socket_events USING (pid)',
      'SELECT * FROM process_events p JOIN users u USING (uid)',
      "SELECT * FROM process_events WHERE cmdline LIKE '%socket_events%'",
      'SELECT socket_events.name FROM process_events JOIN osquery_events AS socket_events',
    ],
  },
  {
    trap: 'parents-from-processes',
    bad: [
      'SELECT p.path, pp.name FROM process_events p JOIN processes pp ON pp.pid = p.parent',
      'SELECT path, (SELECT name FROM processes WHERE pid = parent) FROM process_events',
      'SELECT * FROM processes WHERE pid IN (SELECT parent FROM process_events)',
      'SELECT * FROM process_events LEFT JOIN "processes" ON processes.pid = process_events.parent',
    ],
    good: [EVENTS, 'SELECT * FROM processes', "SELECT * FROM process_events WHERE cmdline = 'processes'"],
  },
  {
    trap: 'resolved-path',
    bad: [
      `${EVENTS} WHERE path LIKE '%/rmmod'`,
      `${EVENTS} WHERE path = '/sbin/modprobe'`,
      `${EVENTS} WHERE uid = 0 OR (path IN ('/bin/ls', '/bin/sh'))`,
      `${EVENTS} WHERE path NOT LIKE '%/sh'`,
      `${EVENTS} e WHERE e.path GLOB '*/backup.sh'`,
      "SELECT executable FROM process_file_events WHERE executable = '/usr/bin/vi'",
    ],
    good: [
      `${EVENTS} WHERE path LIKE '%/kmod'`,
      `${EVENTS} WHERE cmdline LIKE 'rmmod %'`,
      `${EVENTS} WHERE path LIKE '/usr/bin/%'`,
      "SELECT path FROM processes WHERE path LIKE '%/rmmod'",
      "SELECT path FROM es_process_events WHERE path LIKE '%/sh'",
      "SELECT e.path FROM process_events e JOIN file f ON f.inode = e.uid AND f.path = '/bin/sh'",
    ],
  },
  {
    trap: 'limit-without-order',
    bad: [
      `${EVENTS} LIMIT 100`,
      `SELECT * FROM (SELECT path FROM process_events) LIMIT 100`,
      `SELECT * FROM (SELECT path FROM process_events LIMIT 5) ORDER BY path`,
      `SELECT DISTINCT path FROM process_events LIMIT 5`,
      'SELECT path FROM process_events UNION ALL SELECT path FROM file LIMIT 5',
    ],
    good: [
      `${EVENTS} ORDER BY eid DESC LIMIT 100`,
      'SELECT count(*) FROM process_events LIMIT 1',
      'SELECT path, count(*) FROM process_events GROUP BY path LIMIT 10',
      `SELECT * FROM (SELECT path FROM process_events ORDER BY eid) LIMIT 100`,
      `SELECT * FROM users WHERE uid IN (SELECT uid FROM process_events) LIMIT 5`,
      `${EVENTS} LIMIT -1`,
      'SELECT * FROM users LIMIT 5',
    ],
  },
  {
    trap: 'unbounded-scan',
    bad: [
      "SELECT * FROM detections WHERE stream = 'process_events' AND batch < (SELECT json_group_array(json_array(eid)) FROM process_events)",
      'SELECT * FROM detections d WHERE d.batch < (SELECT json_group_array(json(r)) FROM (SELECT json_array(eid) AS r FROM process_events ORDER BY eid))',
    ],
    good: [scan('json_array(eid, time)'), 'SELECT json_group_array(json_array(eid)) FROM process_events'],
  },
  {
    trap: 'events-in-list',
    bad: [
      'SELECT * FROM detections WHERE event IN (SELECT json_array(eid) FROM process_events ORDER BY eid DESC LIMIT 20000)',
      'SELECT * FROM detections WHERE event = (SELECT json_array(eid) FROM process_events ORDER BY eid DESC LIMIT 1)',
    ],
    good: [
      scan('json_array(eid, time)'),
      "SELECT * FROM detections WHERE rule_id IN ('a', 'b') AND batch < '[]'",
    ],
  },
  { trap: 'gone-table', bad: ['SELECT path FROM bpf_process_events'], good: [EVENTS] },
  {
    trap: 'unreadable',
    bad: [`${EVENTS} WHERE (uid = 0`, `${EVENTS} WHERE path = 'x`],
    good: [EVENTS, `${EVENTS};`],
  },
];

for (const { trap, bad, good } of SQL) {
  test(`${trap}: it is found where it is, and only there`, (t) => {
    for (const query of bad) t.deepEqual(trapsOf(query), [trap], query);
    for (const query of good) t.deepEqual(trapsOf(query), [], query);
  });
}

const FLAGS = new Map(
  readFileSync(join(ROOT, 'packs/linux/osquery.flags'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('--'))
    .map((line) => line.slice(2).split('=') as [string, string]),
);

const KEYS: readonly {
  readonly trap: string;
  readonly bad: readonly object[];
  readonly good: readonly object[];
  readonly flags?: Readonly<Record<string, string>>;
}[] = [
  {
    trap: 'removed-rows',
    bad: [{ removed: undefined }, { removed: true }, { removed: 'true' }, { removed: 1 }],
    good: [{ removed: false }, { removed: 'false' }, { removed: 0 }],
  },
  {
    trap: 'snapshot-of-events',
    bad: [{ snapshot: true }, { snapshot: true, removed: true }],
    good: [{ snapshot: false }],
  },
  {
    trap: 'denylisting',
    bad: [{ denylist: undefined }, { denylist: true }],
    good: [{ denylist: false }, { denylist: undefined, blacklist: false }],
  },
  {
    trap: 'interval-against-expiry',
    bad: [{ interval: 1201 }, { interval: '3600' }, { interval: undefined }],
    good: [{ interval: 1200 }, { interval: '10' }],
  },
  {
    trap: 'interval-against-expiry',
    flags: { events_expiry: '60' },
    bad: [{ interval: 21 }],
    good: [{ interval: 20 }],
  },
  {
    trap: 'interval-against-expiry',
    flags: { events_expiry: '86400' },
    bad: [{ interval: 28801 }],
    good: [{ interval: 28800 }],
  },
];

for (const { trap, bad, good, flags } of KEYS) {
  test(`${trap}: a query's keys decide, if it asks event tables${flags ? `: ${JSON.stringify(flags)}` : ''}`, (t) => {
    const options = flags === undefined ? {} : { flags: new Map([...FLAGS, ...Object.entries(flags)]) };
    for (const keys of bad) {
      t.deepEqual(trapsOf(EVENTS, keys, options), [trap], JSON.stringify(keys));
      t.deepEqual(trapsOf('SELECT * FROM users', keys, options), []);
      t.deepEqual(trapsOf('SELECT * FROM osquery_events', keys, options), []);
    }
    for (const keys of good) t.deepEqual(trapsOf(EVENTS, keys, options), [], JSON.stringify(keys));
  });
}

test('missing-flag: where flags are known, those that a table needs are missed, by platform', (t) => {
  const found = (
    flags: Readonly<Record<string, string>>,
    query = EVENTS,
    platform = 'linux',
  ): readonly string[] =>
    lint({ platform, queries: { q: { ...GOOD, query } } }, { flags: new Map(Object.entries(flags)) }).map(
      ({ what }) => what,
    );
  t.deepEqual(found({}, 'SELECT * FROM file_events'), [
    'file_events stays empty without --disable_events=false --enable_file_events=true.',
  ]);
  t.deepEqual(found({ disable_events: '0', enable_file_events: 'yes' }, 'SELECT * FROM file_events'), []);
  t.deepEqual(found(Object.fromEntries(FLAGS)), []);
  t.deepEqual(found({ ...Object.fromEntries(FLAGS), disable_audit: 'true' }), [
    'process_events stays empty without --disable_audit=false.',
  ]);
  t.deepEqual(found(Object.fromEntries(FLAGS), 'SELECT * FROM es_process_events', 'darwin'), [
    'es_process_events stays empty without --disable_endpointsecurity=false.',
  ]);
  t.deepEqual(lint({ queries: { q: { ...GOOD, query: EVENTS } } }), []);
});

test('flags and file_paths of any of the files count for all', (t) => {
  const pack = JSON.stringify({ queries: { q: { ...GOOD, query: 'SELECT * FROM file_events' } } });
  const traps = (config: object): readonly string[] =>
    lintPacks([
      { name: 'pack.conf', text: pack },
      { name: 'osquery.conf', text: JSON.stringify(config) },
    ]).findings.map(({ file, trap }) => `${file} ${trap}`);
  const on = { disable_events: false, enable_file_events: 'true' };
  t.deepEqual(traps({ options: on, file_paths: { etc: ['/etc/%%'] } }), []);
  t.deepEqual(traps({ options: on }), ['pack.conf missing-file-paths']);
  t.deepEqual(traps({ options: { disable_events: true }, file_paths: {} }), ['pack.conf missing-flag']);
});

test('discovery-of-extension: a pack asks whether an extension is there', (t) => {
  const found = (...discovery: readonly string[]): readonly string[] =>
    lint({ discovery, queries: { q: { ...GOOD, query: EVENTS } } }).map(({ trap }) => trap);
  t.deepEqual(found("SELECT 1 FROM osquery_extensions WHERE name = 'x'"), ['discovery-of-extension']);
  t.deepEqual(found('SELECT 1 FROM osquery_registry WHERE name = "detections"'), ['discovery-of-extension']);
  t.deepEqual(found("SELECT 1 FROM osquery_flags WHERE name = 'disable_events' AND value = 'false'"), []);
  t.deepEqual(found("SELECT 1 FROM processes WHERE name = 'osquery_extensions'"), []);
});

const FLEET = {
  name: 'F',
  query: EVENTS,
  interval: 60,
  automations_enabled: true,
  logging: 'differential_ignore_removals',
};
const FORMS: readonly {
  readonly form: string;
  readonly wrap: (query: object) => object | readonly object[];
}[] = [
  { form: 'an included list', wrap: (query) => [query] },
  { form: 'queries of GitOps', wrap: (query) => ({ policies: null, queries: [query] }) },
  { form: 'reports of GitOps', wrap: (query) => ({ name: 'team', reports: [{ path: 'x.yml' }, query] }) },
  { form: 'kind: query', wrap: (spec) => ({ apiVersion: 'v1', kind: 'query', spec }) },
  { form: 'kind: report', wrap: (spec) => ({ apiVersion: 'v1', kind: 'report', spec }) },
];

for (const { form, wrap } of FORMS) {
  test(`Fleet's queries are read in its own terms: ${form}`, (t) => {
    const traps = (keys: object): readonly string[] =>
      lint(stringify(wrap({ ...FLEET, ...keys })), {}, 'f.yml').map(({ query, trap }) => `${query} ${trap}`);
    t.deepEqual(traps({}), []);
    t.deepEqual(traps({ logging: 'differential' }), ['F removed-rows']);
    t.deepEqual(traps({ logging: undefined }), ['F snapshot-of-events']);
    t.deepEqual(traps({ logging: 'snapshot', automations_enabled: false }), ['F snapshot-of-events']);
    t.deepEqual(traps({ automations_enabled: undefined }), ['F not-sent']);
    t.deepEqual(traps({ query: `${EVENTS} WHERE time > 5` }), ['F time-constraint']);
    t.deepEqual(traps({ interval: 0 }), ['F ad-hoc-without-time']);
    t.deepEqual(traps({ interval: 0, query: `${EVENTS} WHERE time > 5` }), []);
  });
}

test('policies and labels of Fleet run beside the schedule, and must leave its pointers alone', (t) => {
  const text = stringify({
    policies: [{ name: 'P', query: EVENTS }],
    labels: [{ name: 'L', query: `${EVENTS} WHERE time > 5` }],
    agent_options: {
      config: { options: { disable_events: false } },
      command_line_flags: { events_expiry: 30 },
    },
    queries: [{ ...FLEET, interval: 11 }],
  });
  const traps = lint(text, {}, 'f.yml').filter(({ trap }) => trap !== 'missing-flag');
  t.deepEqual(
    traps.map(({ query, trap }) => `${query} ${trap}`),
    ['P ad-hoc-without-time', 'F interval-against-expiry'],
  );
});

test('agent options of Fleet hold a configuration of osquery', (t) => {
  const config = { schedule: { s: { query: EVENTS, interval: 10 } }, options: Object.fromEntries(FLAGS) };
  const documents = [
    { agent_options: { config } },
    { config, command_line_flags: {} },
    { apiVersion: 'v1', kind: 'config', spec: { agent_options: { config } } },
    { apiVersion: 'v1', kind: 'team', spec: { team: { name: 't', agent_options: { config } } } },
  ];
  for (const document of documents) {
    t.deepEqual(
      lint(stringify(document), {}, 'f.yml').map(({ query, trap }) => `${query} ${trap}`),
      ['s removed-rows', 's denylisting'],
      Object.keys(document).join(),
    );
  }
});

const CONFIG = `# The configuration
{
  // options first
  "options": { "host_identifier": "uuid" },
  "schedule": {
    "a": {
      "query": "SELECT path \\
        FROM process_events \\
        WHERE \\u0074ime > 5;",
      # removed is set
      "interval": 60, "removed": false, "denylist": false
    }
  },
  "packs": {
    "elsewhere": "/etc/osquery/packs/x.conf",
    "inline": {
      "platform": "linux",
      "queries": {
\t"b": { "query": "SELECT path FROM process_events LIMIT 5", "interval": 60, "removed": false, "denylist": false }
      }
    }
  }
}
`;

test('lines are those of the file, whatever osquery takes out of it before it reads it', (t) => {
  const found = lint(CONFIG, { flags: FLAGS }, 'osquery.conf');
  t.deepEqual(
    found.map(({ file, line, query, trap }) => `${file}:${line} ${query} ${trap}`),
    ['osquery.conf:9 a time-constraint', 'osquery.conf:19 inline/b limit-without-order'],
  );
});

test('lines of a block of YAML are those of the file', (t) => {
  const text = `# a comment
- name: F
  query: |-
    SELECT path
    FROM process_events
    -- a comment
    WHERE time > 5
  interval: 60
  logging: differential_ignore_removals
  automations_enabled: true
`;
  t.deepEqual(
    lint(text, {}, 'f.yml').map(({ line, trap }) => `${line} ${trap}`),
    ['7 time-constraint'],
  );
});

test('several packs in one file are each read, by name', (t) => {
  const pack = { queries: { q: { query: EVENTS, interval: 60, removed: false } } };
  t.deepEqual(
    lint({ one: pack, two: pack }).map(({ query, trap }) => `${query} ${trap}`),
    ['one/q denylisting', 'two/q denylisting'],
  );
});

const BROKEN: readonly { readonly name: string; readonly text: string; readonly line: number }[] = [
  { name: 'a comma too many', text: '{\n"queries": {\n},\n}', line: 4 },
  { name: 'a comment behind a value', text: '{\n"a": 1 // one\n}', line: 2 },
  { name: 'an end too early', text: '{\n"queries": {', line: 2 },
];

for (const { name, text, line } of BROKEN) {
  test(`what osquery does not take is told with its line, and other files are read: ${name}`, (t) => {
    const good = JSON.stringify({ queries: { q: { ...GOOD, query: `${EVENTS} LIMIT 1` } } });
    const { findings } = lintPacks([
      { name: 'broken.conf', text },
      { name: 'good.conf', text: good },
    ]);
    t.deepEqual(
      findings.map(({ file, line: at, trap }) => `${file}:${at} ${trap}`),
      [`broken.conf:${line} unreadable`, 'good.conf:1 limit-without-order'],
    );
  });
}

test('broken YAML is told with its line', (t) => {
  const [found] = lint('queries:\n  - name: x\n   query: y\n', {}, 'f.yml');
  t.is(found?.trap, 'unreadable');
  t.is(found?.line, 3);
});

test('queries that nest without end are refused, and do no harm', (t) => {
  const deep = `SELECT ${'('.repeat(50_000)}1${')'.repeat(50_000)} FROM process_events`;
  t.deepEqual(trapsOf(deep), ['unreadable']);
  const long = `${EVENTS} WHERE ${Array.from({ length: 20_000 }, (_, i) => `uid = ${i}`).join(' OR ')}`;
  t.deepEqual(trapsOf(long), []);
});

test('documents that nest without end are refused', (t) => {
  for (const name of ['deep.conf', 'deep.yml']) {
    const [found] = lint(`{"queries": ${'['.repeat(20_000)}${']'.repeat(20_000)}}`, {}, name);
    t.is(found?.trap, 'unreadable', name);
  }
});

test('the packs of this project are in no trap', (t) => {
  const names = [
    'pack.conf',
    'pack-sql.conf',
    'fleet/reports.yml',
    'fleet/queries.yml',
    'fleet/policies.yml',
    'fleet/labels.yml',
  ];
  const texts = names.map((name) => ({ name, text: readFileSync(join(ROOT, 'packs/linux', name), 'utf8') }));
  const { findings, queries } = lintPacks(texts, { flags: FLAGS });
  t.deepEqual(findings, []);
  for (const name of names) t.true(queries.get(name)! > 0, name);
});

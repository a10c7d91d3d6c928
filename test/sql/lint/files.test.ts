import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { lintPacks } from '../../../src/sql/index.ts';
import { ROOT } from '../../events/recording.ts';
import { EVENTS, FLAGS, GOOD, lint } from './linting.ts';

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

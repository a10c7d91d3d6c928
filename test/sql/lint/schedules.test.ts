import test from 'ava';
import { lintPacks } from '../../../src/sql/index.ts';
import { EVENTS, FLAGS, GOOD, lint, trapsOf } from './linting.ts';

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

import {
  chmodSync,
  chownSync,
  readdirSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname } from 'node:path';
import test from 'ava';
import SQLite from 'better-sqlite3';
import { openStore, readStore, type Store } from '../../src/store/index.ts';
import { alert, crashImage, NOBODY, storePath } from './fixtures.ts';

const idsOf = (alerts: readonly { readonly id: string }[]): readonly string[] => alerts.map(({ id }) => id);
const waiting = (store: Store, most = 100): readonly string[] => idsOf(store.waiting('', most, NOBODY));
const isRoot = process.getuid?.() === 0;

test('alerts wait until they are delivered, in the order of storing, also in a later process', async (t) => {
  const path = storePath(t);
  const first = await openStore({ path });
  t.deepEqual(idsOf(first.add([alert('a'), alert('b'), alert('c')])), ['a', 'b', 'c']);
  t.deepEqual(waiting(first), ['a', 'b', 'c']);
  t.deepEqual(idsOf(first.waiting('', 1, new Set(['a']))), ['b']);
  first.deliver(['b']);
  first.close();
  const second = await openStore({ path });
  t.deepEqual(waiting(second), ['a', 'c']);
  t.deepEqual(idsOf(second.list()), ['c', 'b', 'a']);
  t.like(second.health, { state: 'file', trouble: null, alerts: 3, waiting: 2 });
});

test('what is in the file survives a process that is killed', async (t) => {
  const path = storePath(t);
  const store = await openStore({ path });
  store.add([alert('a')]);
  store.saveSnapshot(new Map([['tree', Buffer.from('x')]]));
  const later = await openStore({ path: crashImage(t, path) });
  t.deepEqual(waiting(later), ['a']);
  t.deepEqual(later.loadSnapshot()?.parts.get('tree'), Buffer.from('x'));
});

test('an alert whose id is known is not stored again, delivered or not, in one call or two', async (t) => {
  const store = await openStore({ path: storePath(t) });
  t.deepEqual(idsOf(store.add([alert('a'), alert('a'), alert('b')])), ['a', 'b']);
  store.deliver(['a']);
  t.deepEqual(store.add([alert('a'), alert('b')]), []);
  t.deepEqual(waiting(store), ['b']);
});

test('the alerts of one feed are not those of another', async (t) => {
  const store = await openStore({ path: storePath(t) });
  store.add([alert('a'), alert('b', { feed: 'own' })]);
  t.deepEqual(waiting(store), ['a']);
  t.deepEqual(idsOf(store.waiting('own', 10, NOBODY)), ['b']);
});

test('the file, its log and its lock are for their owner alone', async (t) => {
  const path = storePath(t);
  writeFileSync(path, '', { mode: 0o644 });
  const store = await openStore({ path });
  store.add([alert('a')]);
  for (const suffix of ['', '-wal', '-shm', '.lock']) t.is(statSync(`${path}${suffix}`).mode & 0o777, 0o600);
});

const UNSAFE: readonly { name: string; root?: true; spoil(path: string): void; want: RegExp }[] = [
  {
    name: 'a folder that others can write',
    spoil: (path) => chmodSync(dirname(path), 0o777),
    want: /chmod go-w/,
  },
  {
    name: 'a file that others can write',
    spoil(path) {
      writeFileSync(path, '');
      chmodSync(path, 0o666);
    },
    want: /chmod go-w/,
  },
  { name: 'a link', spoil: (path) => symlinkSync('/etc/passwd', path), want: /no ordinary file/ },
  {
    name: "someone else's file",
    root: true,
    spoil(path) {
      writeFileSync(path, '');
      chownSync(path, 12_345, 12_345);
    },
    want: /belongs to user 12345/,
  },
  { name: 'a folder that is not there', spoil: (path) => chmodSync(dirname(path), 0o700), want: /ENOENT/ },
];

for (const { name, root = false, spoil, want } of UNSAFE) {
  test(`${name} is not used: alerts are in memory, and the reason is told`, async (t) => {
    if (root && !isRoot) {
      t.pass('only root can give a file away');
      return;
    }
    const path = storePath(t);
    spoil(path);
    const store = await openStore({ path: /ENOENT/.test(want.source) ? `${path}/no/store.db` : path });
    store.add([alert('a')]);
    t.deepEqual(waiting(store), ['a']);
    t.is(store.health.state, 'memory');
    t.regex(store.health.trouble!, /ENOENT/.test(want.source) ? /ENOENT|ENOTDIR/ : want);
  });
}

const CORRUPT: readonly { name: string; spoil(path: string): void }[] = [
  { name: 'other bytes', spoil: (path) => writeFileSync(path, 'no database at all '.repeat(500)) },
  { name: 'a header and nothing else', spoil: (path) => truncateSync(path, 100) },
  {
    name: 'a page of zeros in the middle',
    spoil(path) {
      const db = new SQLite(path);
      db.pragma('wal_checkpoint(TRUNCATE)');
      db.close();
      const bytes = Buffer.from(new SQLite(path, { readonly: true }).serialize());
      writeFileSync(path, bytes.fill(0, 4096, bytes.length));
    },
  },
  {
    name: "a newer program's version",
    spoil: (path) => void new SQLite(path).pragma('user_version = 1000'),
  },
  { name: "another program's tables", spoil: (path) => void new SQLite(path).exec('DROP TABLE alerts') },
];

for (const { name, spoil } of CORRUPT) {
  test(`a file with ${name} is put aside, told, and a new one begun`, async (t) => {
    const path = storePath(t);
    const before = await openStore({ path });
    before.add([alert('a')]);
    before.close();
    spoil(path);
    const told: string[] = [];
    const log = { info() {}, warn: (_: object, message: string) => void told.push(message) };
    const store = await openStore({ path, log, nowMs: () => Date.UTC(2026, 10, 24, 3, 16, 15) });
    t.deepEqual(idsOf(store.add([alert('b')])), ['b']);
    t.deepEqual(waiting(store), ['b']);
    t.like(store.health, { state: 'file', trouble: null, putAside: `${path}.put-aside-20261124T031615Z` });
    t.deepEqual(told, ['the store cannot be used and is begun anew']);
    store.close();
    t.deepEqual(waiting(await openStore({ path })), ['b']);
  });
}

test('only the last two files that were put aside are kept', async (t) => {
  const path = storePath(t);
  for (let day = 1; day <= 4; day++) {
    writeFileSync(path, 'no database at all '.repeat(500));
    const store = await openStore({ path, nowMs: () => Date.UTC(2026, 0, day) });
    store.add([alert(day)]);
    store.close();
  }
  const aside = readdirSync(dirname(path)).filter((name) => name.startsWith(`${basename(path)}.put-aside`));
  t.deepEqual(
    aside.map((name) => name.slice(-16)),
    ['20260103T000000Z', '20260104T000000Z'],
  );
});

test('of more alerts than may be kept the oldest delivered go first, then the oldest, which is told', async (t) => {
  const store = await openStore({ path: storePath(t), mostAlerts: 10 });
  for (let id = 1; id <= 8; id++) store.add([alert(id)]);
  store.deliver(['7', '8']);
  for (let id = 9; id <= 12; id++) store.add([alert(id)]);
  t.deepEqual(waiting(store), ['1', '2', '3', '4', '5', '6', '9', '10', '11', '12']);
  store.add([alert(13)]);
  t.is(waiting(store)[0], '2');
  t.like(store.health, { alerts: 10, dropped: 1 });
});

test('delivered alerts are kept for their time', async (t) => {
  let now = 0;
  const store = await openStore({ path: storePath(t), keepMs: 1_000, nowMs: () => now });
  store.add([alert('old'), alert('waits')]);
  store.deliver(['old']);
  now = 2_000;
  store.add([alert('new')]);
  t.deepEqual(idsOf(store.list()), ['new', 'waits']);
});

test('the file never grows over its bound, whatever is stored', async (t) => {
  const path = storePath(t);
  const mostBytes = 1 << 20;
  const store = await openStore({ path, mostBytes, mostAlerts: 400 });
  const document = JSON.stringify('x'.repeat(5_000));
  for (let id = 0; id < 2_000; id++) {
    store.add([alert(id, { document })]);
    if (id % 2 === 0) store.deliver([String(id)]);
  }
  t.true(statSync(path).size <= mostBytes);
  t.true(statSync(`${path}-wal`).size <= 8 << 20);
  t.true(waiting(store, 5_000).includes('1999'));
  t.true(store.saveSnapshot(new Map([['tree', Buffer.alloc(100_000)]])), 'there is room for a snapshot');
  t.false(store.saveSnapshot(new Map([['tree', Buffer.alloc(2 << 20)]])), 'more than fits');
  t.true(waiting(store, 5_000).includes('1999'));
});

/** A SQLite that fails as it does on a disk that cannot be written, while it is told to. */
function fragile(): { readonly sqlite: typeof SQLite; failure: string | null } {
  const state = { failure: null as string | null };
  class Fragile extends SQLite {
    override transaction<F extends (...args: never[]) => unknown>(act: F): SQLite.Transaction<F> {
      if (state.failure !== null) throw new SQLite.SqliteError('disk', state.failure);
      return super.transaction(act as never) as never;
    }
  }
  return Object.assign(state, { sqlite: Fragile as unknown as typeof SQLite });
}

for (const failure of ['SQLITE_READONLY', 'SQLITE_FULL', 'SQLITE_IOERR']) {
  test(`while the disk answers ${failure} alerts go out from memory, and are written when it is over`, async (t) => {
    const path = storePath(t);
    const disk = fragile();
    let now = 0;
    const store = await openStore({ path, sqlite: disk.sqlite, nowMs: () => now });
    store.add([alert('a'), alert('b')]);
    disk.failure = failure;
    t.deepEqual(idsOf(store.add([alert('b'), alert('c')])), ['c'], 'what is in the file is known');
    t.deepEqual(waiting(store), ['a', 'b', 'c']);
    store.deliver(['a', 'c']);
    t.deepEqual(waiting(store), ['b'], 'delivered is delivered');
    t.like(store.health, { state: 'memory', trouble: 'disk', unwritten: 1, waiting: 1 });
    t.false(store.saveSnapshot(new Map()));
    disk.failure = null;
    t.is(store.health.state, 'memory', 'it is not tried at once');
    now = 31_000;
    store.add([alert('d')]);
    t.like(store.health, { state: 'file', trouble: null, unwritten: 0 });
    const later = await openStore({ path: crashImage(t, path) });
    t.deepEqual(waiting(later), ['b', 'd']);
    t.deepEqual(idsOf(later.list()), ['d', 'c', 'b', 'a']);
  });
}

test('after the clock was set back, a file that failed is tried again all the same', async (t) => {
  const disk = fragile();
  let now = 1_000_000_000;
  const store = await openStore({ path: storePath(t), sqlite: disk.sqlite, nowMs: () => now });
  disk.failure = 'SQLITE_FULL';
  store.add([alert('a')]);
  disk.failure = null;
  now = 0;
  store.add([alert('b')]);
  t.is(store.health.state, 'file');
});

test('memory holds so many alerts, and tells of those that it gave up', async (t) => {
  const store = await openStore({ path: null });
  store.add(Array.from({ length: 10_100 }, (_, id) => alert(id)));
  t.like(store.health, { alerts: 10_000, waiting: 10_000, dropped: 100, state: 'memory', trouble: null });
  t.is(waiting(store)[0], '100');
});

test('two processes do not write one file: the second waits in memory until the first is gone', async (t) => {
  const path = storePath(t);
  let now = 0;
  const first = await openStore({ path });
  first.add([alert('a')]);
  const second = await openStore({ path, nowMs: () => now });
  t.regex(second.health.trouble!, /another process/);
  second.add([alert('b')]);
  t.deepEqual(waiting(second), ['b']);
  first.close();
  now = 31_000;
  t.deepEqual(waiting(second), ['a', 'b']);
  t.is(second.health.state, 'file');
});

test('who is patient owns the file as soon as the other is gone, and finds what it left', async (t) => {
  const path = storePath(t);
  const first = await openStore({ path });
  const second = await openStore({ path });
  const owned = second.own(60_000);
  first.add([alert('a')]);
  first.saveSnapshot(new Map([['tree', Buffer.from('x')]]));
  first.close();
  await owned;
  t.is(second.health.state, 'file');
  t.deepEqual(waiting(second), ['a']);
  t.truthy(second.loadSnapshot());
  const third = await openStore({ path });
  await third.own(0);
  t.is(third.health.state, 'memory');
});

test('another process reads what is stored while the owner goes on writing', async (t) => {
  const path = storePath(t);
  const reader = await readStore(path);
  t.deepEqual(reader.list(), []);
  t.truthy(reader.health.trouble);
  const owner = await openStore({ path });
  owner.add([alert('a')]);
  t.deepEqual(idsOf(reader.list()), ['a']);
  owner.add([alert('b')]);
  owner.saveSnapshot(new Map([['tree', Buffer.from('x')]]));
  t.deepEqual(idsOf(reader.list({ ruleId: 'rule', most: 1 })), ['b']);
  t.deepEqual([...(reader.loadSnapshot()?.parts.keys() ?? [])], ['tree']);
  t.like(reader.health, { state: 'reading', trouble: null, alerts: 2, waiting: 2 });
  owner.close();
  t.deepEqual(idsOf(reader.list()), ['b', 'a']);
});

test('a snapshot takes the place of the one before, whole', async (t) => {
  const path = storePath(t);
  const store = await openStore({ path, nowMs: () => 7 });
  t.is(store.loadSnapshot(), null);
  store.saveSnapshot(
    new Map([
      ['a', Buffer.from('1')],
      ['b', Buffer.from('2')],
    ]),
  );
  store.saveSnapshot(new Map([['b', Buffer.from('3')]]));
  t.deepEqual(store.loadSnapshot(), { savedMs: 7, parts: new Map([['b', Buffer.from('3')]]) });
  t.like(store.health, { snapshotMs: 7, snapshotBytes: 1 });
});

test('alerts are found by id, rule, time and whether they wait', async (t) => {
  const store = await openStore({ path: storePath(t) });
  store.add([
    alert('a', { ruleId: 'x', timeMs: 1 }),
    alert('b', { ruleId: 'y', timeMs: 2 }),
    alert('c', { timeMs: 3 }),
  ]);
  store.deliver(['b']);
  t.deepEqual(idsOf(store.list({ id: 'b' })), ['b']);
  t.deepEqual(idsOf(store.list({ ruleId: 'x' })), ['a']);
  t.deepEqual(idsOf(store.list({ sinceMs: 2 })), ['c', 'b']);
  t.deepEqual(idsOf(store.list({ waiting: true })), ['c', 'a']);
  t.deepEqual(idsOf(store.list({ waiting: false })), ['b']);
});

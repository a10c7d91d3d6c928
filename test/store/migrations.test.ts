import test from 'ava';
import SQLite from 'better-sqlite3';
import { openStore } from '../../src/store/index.ts';
import { alert, NOBODY, storePath } from './fixtures.ts';

/** What the first version made. */
const FIRST_VERSION = `
  CREATE TABLE alerts (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, alert_id TEXT NOT NULL UNIQUE, feed TEXT NOT NULL,
    time_ms INTEGER NOT NULL, stored_ms INTEGER NOT NULL, delivered_ms INTEGER, rule_id TEXT NOT NULL,
    rule_name TEXT NOT NULL, severity TEXT NOT NULL, risk_score REAL NOT NULL, row TEXT NOT NULL,
    document TEXT NOT NULL
  );
  CREATE INDEX alerts_waiting ON alerts (feed, sequence) WHERE delivered_ms IS NULL;
  CREATE TABLE snapshot (name TEXT PRIMARY KEY, saved_ms INTEGER NOT NULL, body BLOB NOT NULL);
  PRAGMA user_version = 1;`;

test('a file of the first version keeps its alerts, what became of them, and its snapshot, also when it is full', async (t) => {
  const path = storePath(t);
  const mostBytes = 1 << 20;
  const count = 200;
  const documentOf = (n: number): string => `{"n": "${n} ${'x'.repeat(4_000)}"}`;
  const old = new SQLite(path);
  old.exec(FIRST_VERSION);
  const insert = old.prepare(
    "INSERT INTO alerts VALUES (?, ?, '', 1000, 2000, ?, 'rule', 'Rule', 'low', 21, '{}', ?)",
  );
  for (let n = 1; n <= count; n += 1) insert.run(n, String(n), n % 2 === 0 ? 3_000 : null, documentOf(n));
  old.exec("INSERT INTO snapshot VALUES ('tree', 1, x'01')");
  t.true(Number(old.pragma('page_count', { simple: true })) * 4096 > 0.7 * mostBytes);
  old.close();

  const store = await openStore({ path, mostBytes, nowMs: () => 4_000 });
  t.like(store.health, { state: 'file', trouble: null, putAside: null, alerts: count, waiting: count / 2 });
  const listed = store.list();
  t.is(listed.length, count);
  for (const { id, document, deliveredMs } of listed) {
    t.is(document, documentOf(Number(id)));
    t.is(deliveredMs, Number(id) % 2 === 0 ? 3_000 : null);
  }
  t.is(store.waiting('', 1, NOBODY)[0]!.document, documentOf(1));
  t.deepEqual(store.loadSnapshot()?.parts.get('tree'), Buffer.of(1));
  t.deepEqual(
    store.add([alert(1), alert('new')]).map(({ id }) => id),
    ['new'],
  );
  store.close();
});

test('a document goes with its alert', async (t) => {
  const path = storePath(t);
  const store = await openStore({ path, mostAlerts: 10 });
  for (let n = 0; n < 50; n += 1) store.add([alert(n, { document: `{"n": ${n}}` })]);
  store.close();
  const db = new SQLite(path, { readonly: true });
  t.is(db.prepare('SELECT count(*) FROM documents').pluck().get(), 10);
  t.is(db.prepare('SELECT count(*) FROM alerts JOIN documents USING (sequence)').pluck().get(), 10);
  db.close();
});

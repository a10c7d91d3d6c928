import type SQLite from 'better-sqlite3';
import type { Database, Statement } from 'better-sqlite3';
import type { AlertFilter, NewAlert, StoredAlert } from './alert.ts';
import type { Snapshot } from './store.ts';

export type Sqlite = typeof SQLite;

/** Alerts that one removal of old ones takes at the most, so that no query waits for it. */
const MOST_PRUNED = 1_000;
/** Which part of the alerts goes when they take too much room: one in so many. */
const SHARE_PRUNED = 20;

/** How many alerts may be kept, how much of the file may be in use, and for how long delivered ones are kept. */
export interface Bounds {
  readonly most: number;
  readonly mostBytes: number;
  readonly deliveredBeforeMs: number;
}

/** An alert as `StoredAlert` has it, without what is not wanted of its two long texts. */
function columnsOf(without: readonly string[] = []): string {
  const row = without.includes('row') ? "''" : 'row';
  const document = without.includes('document') ? "''" : DOCUMENT;
  return `sequence, alert_id AS id, feed, time_ms AS timeMs, stored_ms AS storedMs, delivered_ms AS deliveredMs,
    rule_id AS ruleId, rule_name AS ruleName, severity, risk_score AS riskScore, ${row} AS row, ${document} AS document`;
}

const DOCUMENT = '(SELECT document FROM documents WHERE documents.sequence = alerts.sequence)';

/** The open file, as statements. Each may throw what SQLite throws. */
export class StoreDatabase {
  readonly #db: Database;
  readonly #statements = new Map<string, Statement<unknown[], unknown>>();

  constructor(db: Database) {
    this.#db = db;
  }

  /** Writes alerts, all or none; gives those whose ids were not there. */
  add(alerts: readonly NewAlert[], storedMs: number): readonly NewAlert[] {
    const insert = this.#statement(
      `INSERT OR IGNORE INTO alerts (alert_id, feed, time_ms, stored_ms, delivered_ms, rule_id, rule_name, severity,
       risk_score, row) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    const insertDocument = this.#statement('INSERT INTO documents (sequence, document) VALUES (?, ?)');
    return this.#write(() =>
      alerts.filter((alert) => {
        const { storedMs: keptMs = storedMs, deliveredMs = null } = alert as Partial<StoredAlert>;
        const { id, feed, timeMs, ruleId, ruleName, severity, riskScore, row, document } = alert;
        const values = [id, feed, timeMs, keptMs, deliveredMs, ruleId, ruleName, severity, riskScore];
        const { changes, lastInsertRowid } = insert.run(...values, row);
        if (changes > 0) insertDocument.run(lastInsertRowid, document);
        return changes > 0;
      }),
    );
  }

  /** Those of the ids that are there. */
  known(ids: readonly string[]): ReadonlySet<string> {
    const find = this.#statement('SELECT 1 FROM alerts WHERE alert_id = ?');
    return new Set(ids.filter((id) => find.get(id) !== undefined));
  }

  waiting(feed: string, most: number): readonly StoredAlert[] {
    const sql = `SELECT ${columnsOf()} FROM alerts WHERE delivered_ms IS NULL AND feed = ? ORDER BY sequence LIMIT ?`;
    return this.#statement(sql).all(feed, most) as StoredAlert[];
  }

  deliver(ids: Iterable<string>, deliveredMs: number): void {
    const update = this.#statement(
      'UPDATE alerts SET delivered_ms = ? WHERE alert_id = ? AND delivered_ms IS NULL',
    );
    this.#write(() => {
      for (const id of ids) update.run(deliveredMs, id);
    });
  }

  list({ id, ruleId, sinceMs, waiting, most = 10_000, without }: AlertFilter): readonly StoredAlert[] {
    const tests: string[] = [];
    const values: (string | number)[] = [];
    const test = (sql: string, value?: string | number): void => {
      tests.push(sql);
      if (value !== undefined) values.push(value);
    };
    if (id !== undefined) test('alert_id = ?', id);
    if (ruleId !== undefined) test('rule_id = ?', ruleId);
    if (sinceMs !== undefined) test('time_ms >= ?', sinceMs);
    if (waiting !== undefined) test(`delivered_ms IS ${waiting ? '' : 'NOT '}NULL`);
    const where = tests.length === 0 ? '' : `WHERE ${tests.join(' AND ')}`;
    const sql = `SELECT ${columnsOf(without)} FROM alerts ${where} ORDER BY sequence DESC LIMIT ?`;
    return this.#statement(sql).all(...values, most) as StoredAlert[];
  }

  counts(): { readonly alerts: number; readonly waiting: number } {
    return { alerts: this.#count(''), waiting: this.#count('WHERE delivered_ms IS NULL') };
  }

  /**
   * Removes alerts that were delivered long ago, and the oldest of too many, delivered ones first; gives how many
   * went while they waited.
   */
  prune({ most, mostBytes, deliveredBeforeMs }: Bounds): number {
    return this.#write(() => {
      const remove = (which: string, ...values: number[]): number =>
        this.#statement(
          `DELETE FROM alerts WHERE sequence IN (SELECT sequence FROM alerts ${which} ORDER BY sequence LIMIT ?)`,
        ).run(...values).changes;
      remove('WHERE delivered_ms < ?', deliveredBeforeMs, MOST_PRUNED);
      const alerts = this.#count('');
      const tooLarge = this.#usedBytes > mostBytes ? Math.ceil(alerts / SHARE_PRUNED) : 0;
      const over = Math.min(Math.max(alerts - most, tooLarge), MOST_PRUNED);
      if (over <= 0) return 0;
      const delivered = remove('WHERE delivered_ms IS NOT NULL', over);
      return over > delivered ? remove('', over - delivered) : 0;
    });
  }

  saveSnapshot(parts: ReadonlyMap<string, Uint8Array>, savedMs: number): void {
    const remove = this.#statement('DELETE FROM snapshot');
    const insert = this.#statement('INSERT INTO snapshot (name, saved_ms, body) VALUES (?, ?, ?)');
    this.#write(() => {
      remove.run();
      for (const [name, body] of parts) insert.run(name, savedMs, body);
    });
  }

  loadSnapshot(): Snapshot | null {
    const rows = this.#statement('SELECT name, saved_ms, body FROM snapshot').all() as {
      readonly name: string;
      readonly saved_ms: number;
      readonly body: Uint8Array;
    }[];
    const [first] = rows;
    if (first === undefined) return null;
    return { savedMs: first.saved_ms, parts: new Map(rows.map(({ name, body }) => [name, body])) };
  }

  get bytes(): number {
    return this.#pragma('page_count') * this.#pragma('page_size');
  }

  get #usedBytes(): number {
    return this.bytes - this.#pragma('freelist_count') * this.#pragma('page_size');
  }

  #count(where: string): number {
    return (this.#statement(`SELECT count(*) AS count FROM alerts ${where}`).get() as { count: number })
      .count;
  }

  #pragma(name: string): number {
    return Number(this.#db.pragma(name, { simple: true }));
  }

  close(): void {
    this.#db.close();
  }

  #write<T>(act: () => T): T {
    return this.#db.transaction(act).immediate();
  }

  #statement(sql: string): Statement<unknown[], unknown> {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#db.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

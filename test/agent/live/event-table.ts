import SQLite from 'better-sqlite3';
import type { Row } from '../../../src/osquery/index.ts';
import { createSchema } from '../../../src/schema/index.ts';

export const SCHEMA = createSchema('linux');
export const READS = SCHEMA.tables.get('process_events')!.reads;

/** What a row is made of here; all else is the same for all. */
export interface Exec {
  readonly pid: number;
  readonly parent?: number;
  readonly path: string;
  readonly cmdline?: string;
}

/**
 * One event table of osquery's, with the pointer of one scheduled query: each row is scanned once, the newest of a
 * backlog only; questions with a constraint on `time` are answered by SQLite, in the order of time and eid.
 */
export class EventTable {
  readonly rows: Readonly<Record<string, string>>[] = [];
  readonly asked: string[] = [];
  /** What the next questions fail with, if they do. */
  failure: Error | null = null;
  readonly #db = new SQLite(':memory:');
  #pointer = 0;
  #eid = 0;
  #silence: Promise<void> | undefined;

  constructor() {
    this.#db.exec(`CREATE TABLE process_events (${READS.map((name) => `${name} TEXT`).join(', ')})`);
  }

  /** Stores rows, as osquery does, at this moment. */
  store(execs: readonly Exec[], nowMs: number): void {
    const insert = this.#db.prepare(`INSERT INTO process_events VALUES (${READS.map(() => '?').join(', ')})`);
    for (const exec of execs) {
      const row: Record<string, string> = {
        ...Object.fromEntries(READS.map((name) => [name, ''])),
        ...{ eid: String(++this.#eid).padStart(10, '0'), time: String(Math.floor(nowMs / 1000)) },
        ...{ syscall: 'execve', pid: String(exec.pid), parent: String(exec.parent ?? 1), path: exec.path },
        ...{ cmdline: exec.cmdline ?? exec.path, uid: '0', euid: '0' },
      };
      this.rows.push(row);
      insert.run(READS.map((name) => row[name]));
    }
  }

  /** Begins anew, as osquery does when its database was lost. */
  reset(): void {
    this.rows.length = 0;
    this.#db.exec('DELETE FROM process_events');
    this.#pointer = 0;
    this.#eid = 0;
  }

  /** Drops the oldest rows, as expiry does. */
  expire(count: number): void {
    for (const { eid } of this.rows.slice(0, count)) {
      this.#db.prepare('DELETE FROM process_events WHERE eid = ?').run(eid);
    }
  }

  /** What the scheduled query hands over: what it has not read, the newest of it, newest first. */
  scan(batch = 20_000): Buffer {
    const unread = this.rows.slice(this.#pointer);
    this.#pointer = this.rows.length;
    return toJson(unread.slice(-batch).reverse());
  }

  /** What the same query hands over when someone runs it by hand: all there is. */
  scanByHand(): Buffer {
    return toJson(this.rows.toReversed());
  }

  /** Leaves questions without an answer until the function that it gives is called. */
  answerNothing(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#silence = promise;
    return resolve;
  }

  readonly ask = async (sql: string): Promise<readonly Row[]> => {
    this.asked.push(sql);
    await new Promise(setImmediate);
    await this.#silence;
    if (this.failure !== null) throw this.failure;
    const [before, limit] = sql.split(' LIMIT ');
    return this.#db.prepare(`${before} ORDER BY CAST(time AS INTEGER), eid LIMIT ${limit}`).all() as Row[];
  };
}

function toJson(rows: readonly Readonly<Record<string, string>>[]): Buffer {
  return Buffer.from(JSON.stringify(rows.map((row) => READS.map((name) => row[name]))));
}

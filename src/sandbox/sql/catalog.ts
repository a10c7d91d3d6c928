import type { Database } from 'better-sqlite3';
import { quoteName, SqlError } from '../../sqlite/index.ts';
import type { KnownColumn, KnownTable } from './known-table.ts';
import type { FedRow, KeptEvents } from './messages.ts';
import type { Pointers } from './pointers.ts';
import type { ExtensionUse } from './rewrite.ts';
import { type SqlValue, toColumn } from './values.ts';

/** What an extension's table answers: rows by column name, or a failure by throwing. */
export type Generate = (use: ExtensionUse, args: readonly SqlValue[]) => Iterable<readonly SqlValue[]>;

interface EventTable {
  /** The last row's number; the first has 1. */
  lastRow: number;
}

/**
 * The tables that a statement may read, in one in-memory database.
 *
 * Rows lie in ordinary tables, for their text may hold any bytes, which a virtual table of better-sqlite3 cannot give.
 * An event table `T` has them in `T rows`; the view `T all` reads those, and the view `T new` those that the running
 * query has not read yet. `T new` is led by a virtual table that gives row numbers one by one and so notices how far it was read.
 */
export class Catalog {
  readonly #db: Database;
  readonly #generate: Generate;
  readonly #known = new Map<string, KnownTable>();
  readonly #events = new Map<string, EventTable>();
  readonly #eventBased = new Set<string>();
  readonly #pointers: Pointers;
  /** The scheduled query that runs now: core's `kExecutingQuery`. */
  #queryName: string | undefined;

  constructor(db: Database, generate: Generate, pointers: Pointers) {
    this.#db = db;
    this.#generate = generate;
    this.#pointers = pointers;
  }

  get known(): ReadonlyMap<string, KnownTable> {
    return this.#known;
  }

  isEventBased(table: string): boolean {
    return this.#eventBased.has(table);
  }

  setQueryName(name: string | undefined): void {
    this.#queryName = name;
  }

  /** Gives the events that a file kept from before. */
  define(name: string, columns: readonly KnownColumn[], events: boolean): KeptEvents {
    const list = columns.map((column) => `${quoteName(column.name)} ${column.type}`).join(', ');
    const rows = quoteName(rowsOf(name, events));
    this.#db.exec(`CREATE TABLE IF NOT EXISTS ${rows} (${list})`);
    this.#known.set(name.toLowerCase(), { name, kind: events ? 'event' : 'plain', columns });
    if (!events) {
      this.#db.exec(`DELETE FROM ${rows}`);
      return { count: 0, lastEid: 0 };
    }
    // Core finds events by their time: its keys begin with it.
    this.#db.exec(`CREATE INDEX IF NOT EXISTS ${quoteName(`${name} by time`)} ON ${rows} (time)`);
    const sql = `SELECT count(*) AS count, max(rowid) AS lastRow, max(CAST(eid AS INTEGER)) AS lastEid FROM ${rows}`;
    const kept = this.#db.prepare(sql).get() as KeptEvents & { readonly lastRow: number | null };
    this.#defineViews(name, columns, kept.lastRow ?? 0);
    return { count: kept.count, lastEid: kept.lastEid ?? 0 };
  }

  #defineViews(name: string, columns: readonly KnownColumn[], lastRow: number): void {
    const table: EventTable = { lastRow };
    this.#events.set(name, table);
    this.#eventBased.add(name);
    const newRows = () => this.#newRows(table);
    this.#db.table(`${name} cursor`, {
      columns: ['id'],
      parameters: [],
      *rows() {
        yield* newRows();
      },
    });
    const list = columns.map((column) => `r.${quoteName(column.name)}`).join(', ');
    const rows = quoteName(`${name} rows`);
    this.#db.exec(`CREATE VIEW IF NOT EXISTS ${quoteName(`${name} all`)} AS SELECT ${list} FROM ${rows} r`);
    // CROSS JOIN keeps SQLite from turning the two around.
    this.#db.exec(
      `CREATE VIEW IF NOT EXISTS ${quoteName(`${name} new`)} AS SELECT ${list}
       FROM ${quoteName(`${name} cursor`)} c CROSS JOIN ${rows} r WHERE r.rowid = c.id`,
    );
  }

  /**
   * Row numbers after the running query's pointer. The pointer moves when the reading comes to its end, and only then:
   * a LIMIT stops it early. The pointer is the query's alone, not the table's, so a query over two event tables mixes
   * them up, as in core. Without a name, as for `query()` over the manager socket, all rows are new.
   * Source: osquery/events/eventsubscriberplugin.cpp (`genTable`, `getOptimizeData`). That core also keeps the *time* of the last
   * reading, and so misses rows stored under an earlier one, is left out: recorded rows keep their times.
   */
  *#newRows(table: EventTable): Generator<[number]> {
    const name = this.#queryName;
    const pointer = name === undefined ? 0 : (this.#pointers.get(name) ?? 0);
    const { lastRow } = table;
    for (let id = pointer + 1; id <= lastRow; id++) yield [id];
    if (name !== undefined) this.#pointers.set(name, lastRow);
  }

  attach(name: string, columns: readonly KnownColumn[], eventBased: boolean): void {
    this.#known.set(name.toLowerCase(), { name, kind: 'extension', columns });
    if (eventBased) this.#eventBased.add(name);
  }

  detach(name: string): void {
    this.#known.delete(name.toLowerCase());
    this.#eventBased.delete(name);
  }

  /** Makes the virtual table of one use; the next use of that name replaces it. */
  prepareUse(use: ExtensionUse): void {
    const { columns } = this.#known.get(use.table.toLowerCase())!;
    const generate = this.#generate;
    this.#db.table(use.module, {
      columns: columns.map(({ name }) => name),
      parameters: use.parameters.map(({ name }) => name),
      *rows(...args: unknown[]) {
        if (args.includes(undefined))
          throw new SqlError(`the sandbox could not hand over a constraint of ${use.table}`);
        for (const row of generate(use, args as SqlValue[])) yield [...row];
      },
    });
  }

  replace(name: string, rows: readonly FedRow[]): void {
    const table = this.#known.get(name.toLowerCase());
    if (table?.kind !== 'plain') throw new Error(`no table to fill: ${name}`);
    this.#db.exec(`DELETE FROM ${quoteName(name)}`);
    this.#insert(table, rows);
  }

  /** Stores events behind those that are there. */
  insertEvents(name: string, rows: readonly FedRow[]): void {
    const table = this.#known.get(name.toLowerCase());
    const events = table === undefined ? undefined : this.#events.get(table.name);
    if (table === undefined || events === undefined) throw new Error(`no event table: ${name}`);
    this.#insert(table, rows);
    events.lastRow += rows.length;
  }

  #insert({ name, kind, columns }: KnownTable, rows: readonly FedRow[]): void {
    const values = columns.map(({ type }) => (type === 'TEXT' ? 'CAST(? AS TEXT)' : '?')).join(', ');
    const insert = this.#db.prepare(
      `INSERT INTO ${quoteName(rowsOf(name, kind === 'event'))} VALUES (${values})`,
    );
    this.#db.transaction(() => {
      for (const row of rows) insert.run(...columns.map((column) => toColumn(row[column.name], column.type)));
    })();
  }
}

function rowsOf(name: string, events: boolean): string {
  return events ? `${name} rows` : name;
}

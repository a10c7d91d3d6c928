import type { ProcessTree } from '../process/index.ts';
import type { OsqueryEvent } from './event.ts';
import type { Host } from './host.ts';
import type { Schema } from './schema.ts';

export interface ReaderOptions {
  readonly schema: Schema;
  /** Fed by the rows that are read. */
  readonly tree: ProcessTree;
  readonly host: Host;
}

/** Reads one row, its values in the order of the columns given to `open`. Null: not an event; counted. */
export type RowReader = (row: readonly unknown[]) => OsqueryEvent | null;

/** Turns osquery's rows into events. Never throws for what a row holds. */
export interface Reader {
  /** A reader of the table's rows whose values come in the order of `columns`. Null when the schema has no such table. */
  open(table: string, columns: readonly string[]): RowReader | null;
  /** Reads one result row given by name. */
  read(table: string, row: Readonly<Record<string, unknown>>): OsqueryEvent | null;
  /** An event as JSON values, its process and ancestors with it, and back; null when it is not one of `save`'s. */
  save(event: OsqueryEvent): unknown;
  load(saved: unknown): OsqueryEvent | null;
  readonly health: ReaderHealth;
}

export interface ReaderHealth {
  /** Rows read, by table. */
  readonly rows: Readonly<Record<string, number>>;
  /** Rows that gave no event, by reason. */
  readonly rejected: Readonly<Record<string, number>>;
  /** Rows that gave an event though something in them was wrong, by reason. */
  readonly repaired: Readonly<Record<string, number>>;
  /** Events whose arguments came in each fidelity. */
  readonly args: Readonly<Record<string, number>>;
}

export declare function createReader(options: ReaderOptions): Reader;

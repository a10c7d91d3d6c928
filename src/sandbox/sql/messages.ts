import type { KnownColumn } from './known-table.ts';

/** A cell as osquery holds it: text, or its bytes where these are no UTF-8. NULL is the empty text. */
export type Cell = string | Uint8Array;
export type CellRow = Readonly<Record<string, Cell>>;

/** A value of a row that is fed in. Numbers are written in decimal; a missing column is NULL. */
export type FedValue = Cell | number | bigint | null;
export type FedRow = Readonly<Record<string, FedValue>>;

/** What a query gave. */
export interface Scan {
  readonly rows: readonly CellRow[];
  /** Whether a table that was read is marked event-based; core asks all tables of a query, those of subqueries too. */
  readonly eventBased: boolean;
}

/** What an event table holds already when it is defined. */
export interface KeptEvents {
  readonly count: number;
  readonly lastEid: number;
}

export interface ColumnOf {
  readonly name: string;
  readonly type: string;
}

/** What the main thread asks of the thread that has SQLite. */
export type Request =
  | { readonly kind: 'query'; readonly sql: string; readonly queryName: string | undefined }
  | { readonly kind: 'columns'; readonly sql: string }
  | {
      readonly kind: 'define';
      readonly table: string;
      readonly columns: readonly KnownColumn[];
      readonly events: boolean;
    }
  | {
      readonly kind: 'attach';
      readonly table: string;
      readonly columns: readonly KnownColumn[];
      readonly eventBased: boolean;
    }
  | { readonly kind: 'detach'; readonly table: string }
  | { readonly kind: 'insert'; readonly table: string; readonly rows: readonly FedRow[] }
  | { readonly kind: 'replace'; readonly table: string; readonly rows: readonly FedRow[] };

/** What comes back: the answer to a request, or a question to be answered before the thread goes on. */
export type Answer =
  | { readonly kind: 'done'; readonly id: number; readonly result: unknown }
  | { readonly kind: 'failed'; readonly id: number; readonly message: string }
  | { readonly kind: 'generate'; readonly table: string; readonly context: Uint8Array };

/** The extension's answer to `generate`. */
export type Generated =
  | { readonly rows: readonly Readonly<Record<string, Uint8Array>>[] }
  | { readonly failure: string };

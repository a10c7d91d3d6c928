import type { Plugin, PluginRow } from './plugin.ts';

export type ColumnType = 'TEXT' | 'INTEGER' | 'BIGINT' | 'UNSIGNED_BIGINT' | 'DOUBLE' | 'BLOB';

/** Bits of a column's `options`. HIDDEN alone gets no constraints: add ADDITIONAL. */
export const COLUMN_OPTIONS = Object.freeze({
  index: 1,
  required: 2,
  additional: 4,
  optimized: 8,
  hidden: 16,
});

/** The `op` of a constraint. */
export const OPERATORS = Object.freeze({
  unique: 1,
  equals: 2,
  greaterThan: 4,
  lessThanOrEquals: 8,
  lessThan: 16,
  greaterThanOrEquals: 32,
  match: 64,
  like: 65,
  glob: 66,
  regexp: 67,
});

export interface TableColumn {
  readonly name: string;
  readonly type: ColumnType;
  /** Bits of `COLUMN_OPTIONS`; 0 when absent. */
  readonly options?: number;
}

/** `column op expr` of the query. */
export interface Constraint {
  readonly op: number;
  /** The expression in the very bytes core sent, JSON escapes undone. Echo these. */
  readonly bytes: Buffer;
  /** The expression as text, invalid UTF-8 replaced; decoded when first read. */
  readonly text: string;
}

export interface ColumnConstraints {
  readonly affinity: string;
  readonly list: readonly Constraint[];
}

/** What core tells a table about the query. */
export interface QueryContext {
  /** By column name; every column that core mentions, an empty list when unconstrained. */
  readonly constraints: ReadonlyMap<string, ColumnConstraints>;
  /** The columns the query reads; `undefined` when core does not say. */
  readonly columnsUsed: ReadonlySet<string> | undefined;
}

export interface TableOptions {
  readonly name: string;
  readonly columns: readonly TableColumn[];
  /** Bits of the `attributes` route; 4 is event-based. */
  readonly attributes?: number;
  /** The rows. A throw or a rejection becomes a failure status that names the table. */
  generate(context: QueryContext): readonly PluginRow[] | Promise<readonly PluginRow[]>;
}

/** A table plugin. */
export function createTable(options: TableOptions): Plugin {
  throw new Error(`not written yet: ${options}`);
}

import type { FieldType, Scalar, Value } from '../rule/index.ts';

export type Platform = 'linux' | 'darwin' | 'windows';

/** EQL's event categories that osquery's tables can fill. */
export type Category =
  | 'process'
  | 'file'
  | 'network'
  | 'dns'
  | 'authentication'
  | 'session'
  | 'iam'
  | 'configuration'
  | 'registry'
  | 'driver';

/** `exact`: what the source says. `approximate`: usually so. `partial`: said of some events only. */
export type Fidelity = 'exact' | 'approximate' | 'partial';

/** A column as osquery declares it. */
export interface ColumnSpec {
  readonly name: string;
  readonly type: 'TEXT' | 'INTEGER' | 'BIGINT' | 'UNSIGNED_BIGINT' | 'DOUBLE' | 'DATETIME';
  readonly hidden: boolean;
}

/**
 * How a field's values come from a row, in terms that SQL can share where `kind` is one of the first four.
 * For `column`, an empty text is no value. For the others the columns are those that the value depends on.
 */
export type Derivation =
  /** The column itself, as text or number. */
  | { readonly kind: 'column'; readonly column: string }
  /** The same for every row of the table. */
  | { readonly kind: 'constant'; readonly value: Value }
  /** Decided by the exact text of one column; `otherwise` for every other text. */
  | {
      readonly kind: 'cases';
      readonly column: string;
      readonly cases: Readonly<Record<string, Value>>;
      readonly otherwise: Value;
    }
  /** Any of `values` is the column; at least one more may come from elsewhere (a name, the process tree). */
  | { readonly kind: 'computed'; readonly columns: readonly string[] }
  /** From the process tree, `users`, `groups` or the host: no column of this row decides. */
  | { readonly kind: 'outside'; readonly columns: readonly string[] };

/** How one table has one field. */
export interface FieldSource {
  readonly field: string;
  readonly type: FieldType;
  readonly derivation: Derivation;
  readonly fidelity: Fidelity;
  /** In plain words: how it is had, and what to beware of. */
  readonly note: string;
  /** All values that it can have, where a derivation does not say and they are few; null: any. */
  readonly among: readonly Scalar[] | null;
}

/** A flag of osqueryd without which rows with these texts in a column do not come. */
export interface Switch {
  readonly column: string;
  readonly texts: readonly string[];
  readonly flag: string;
}

/** An osquery table that rows come from. */
export interface TableSpec {
  readonly name: string;
  /** False for snapshots of a state (`processes`), which have no `eid` and are read for stateless scans only. */
  readonly evented: boolean;
  /** Orders events of one second between tables: process 0, file 1, network 2, user 3. */
  readonly rank: number;
  /** The categories that its events can have. */
  readonly categories: readonly Category[];
  /** Shows events of a special kind alone, not what happens at large: it stands in for no other table. */
  readonly special: boolean;
  /** What osquery has on this platform. */
  readonly columns: readonly ColumnSpec[];
  /** The columns that the scan query reads, in its order; `eid` and `time` first where the table has them. */
  readonly reads: readonly string[];
  /** Columns that are not read, each with the reason. */
  readonly unused: Readonly<Record<string, string>>;
  /** osqueryd's flags without which the table stays empty. */
  readonly flags: readonly string[];
  /** Rows that come only with a flag more: those for which the deciding column has one of the texts. */
  readonly switches: readonly Switch[];
  /** The values that some fields have together, where no one column decides them all; null: any with any. */
  readonly kinds: readonly Readonly<Record<string, Value>>[] | null;
  /** What turning it on costs, and what else is needed (such as `file_paths`). */
  readonly cost: string;
  /** By ECS name. */
  readonly fields: ReadonlyMap<string, FieldSource>;
}

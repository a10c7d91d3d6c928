import type { Fields } from '../rule/index.ts';
import type { FieldSource, TableSpec } from './table.ts';

export type Platform = 'linux' | 'darwin' | 'windows';

/** What osquery can say on one platform. */
export interface Schema {
  readonly platform: Platform;
  /** Every field that any table of the platform has. Slots are the same on all platforms. */
  readonly fields: Fields;
  readonly tables: ReadonlyMap<string, TableSpec>;
  /** The event tables that have events of the category; of any category for null. */
  tablesOf(category: string | null): readonly TableSpec[];
  /** How each table has the field; for a field that none has, why not and what comes near. */
  explain(field: string): Explanation;
}

export interface Explanation {
  readonly sources: readonly { readonly table: string; readonly source: FieldSource }[];
  /** Why no table has it; null when one does. */
  readonly missing: string | null;
}

export declare function createSchema(platform: Platform): Schema;

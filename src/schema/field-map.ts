import type { Platform } from './schema.ts';
import type { Fidelity } from './table.ts';

/** One line of the field map: how a table has a field. */
export interface FieldMapRow {
  readonly field: string;
  readonly table: string;
  /** The column, or the derivation in words. */
  readonly from: string;
  readonly fidelity: Fidelity;
  readonly note: string;
}

/** The fields that osquery's tables have on a platform, sorted by field and table. */
export declare function fieldMap(platform: Platform): readonly FieldMapRow[];

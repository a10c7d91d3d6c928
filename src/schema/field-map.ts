import { createSchema } from './schema.ts';
import type { Derivation, Fidelity, Platform } from './table.ts';

/** One line of the field map: how a table has a field. */
export interface FieldMapRow {
  readonly field: string;
  readonly table: string;
  readonly evented: boolean;
  /** The column, or in words what it is made from. */
  readonly from: string;
  /** The columns that it depends on. None: it is the same in every row, or the host's. */
  readonly columns: readonly string[];
  readonly fidelity: Fidelity;
  readonly note: string;
}

/** The fields that osquery's tables have on a platform, sorted by field and table. */
export function fieldMap(platform: Platform): readonly FieldMapRow[] {
  const rows: FieldMapRow[] = [];
  for (const { name: table, evented, fields } of createSchema(platform).tables.values()) {
    for (const { field, derivation, fidelity, note } of fields.values()) {
      const from = describe(derivation);
      rows.push({ field, table, evented, from, columns: columnsOf(derivation), fidelity, note });
    }
  }
  return rows.sort((a, b) => compare(a.field, b.field) || compare(a.table, b.table));
}

function describe(derivation: Derivation): string {
  switch (derivation.kind) {
    case 'column':
      return derivation.column;
    case 'constant':
      return `always ${[derivation.value].flat().join(', ')}`;
    case 'cases':
      return `decided by ${derivation.column}`;
    case 'computed':
      return `made from ${derivation.columns.join(', ')}`;
    case 'outside':
      return derivation.columns.length === 0 ? 'the host' : `found by ${derivation.columns.join(', ')}`;
  }
}

function columnsOf(derivation: Derivation): readonly string[] {
  if ('columns' in derivation) return derivation.columns;
  return 'column' in derivation ? [derivation.column] : [];
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

import type { CellRow } from './sql/messages.ts';

export interface Differential {
  readonly added: readonly CellRow[];
  readonly removed: readonly CellRow[];
  readonly counter: number;
}

interface Stored {
  query: string;
  rows: readonly CellRow[];
  counter: number;
}

/**
 * What core keeps of a scheduled query's last results, and how it compares.
 *
 * Rows are compared as wholes, as a multiset. The first results, or those of a changed query, are told as they are.
 * The counter tells the runs apart: it starts at 0 and rises with each run, for event-based queries with each run that gave rows.
 * Source: osquery/core/query.cpp (`addNewResults`, `addNewEvents`), osquery/core/sql/diff_results.cpp (`diff`).
 */
export class DifferentialStore {
  readonly #stored = new Map<string, Stored>();

  addResults(name: string, query: string, rows: readonly CellRow[]): Differential {
    const stored = this.#stored.get(name);
    if (stored === undefined) {
      this.#stored.set(name, { query, rows, counter: 0 });
      return { added: rows, removed: [], counter: 0 };
    }
    const counter = stored.query === query ? stored.counter + 1 : 0;
    const difference = compare(stored.rows, rows);
    Object.assign(stored, { query, rows, counter });
    return { ...difference, counter };
  }

  addEvents(name: string, query: string, rows: readonly CellRow[]): Differential {
    const stored = this.#stored.get(name);
    const fresh = stored === undefined || stored.query !== query;
    const counter = fresh ? 0 : stored.counter + 1;
    if (fresh || rows.length > 0) {
      this.#stored.set(name, { query, rows: [], counter: rows.length > 0 ? counter : -1 });
    }
    return { added: rows, removed: [], counter: Math.max(counter, 0) };
  }
}

function compare(
  old: readonly CellRow[],
  current: readonly CellRow[],
): { readonly added: readonly CellRow[]; readonly removed: readonly CellRow[] } {
  const left = new Map<string, CellRow[]>();
  for (const row of old) {
    const key = keyOf(row);
    left.set(key, [...(left.get(key) ?? []), row]);
  }
  const added = current.filter((row) => left.get(keyOf(row))?.pop() === undefined);
  return { added, removed: [...left.values()].flat() };
}

/** Rows come escaped, so their cells are texts. */
function keyOf(row: CellRow): string {
  return JSON.stringify(Object.entries(row).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

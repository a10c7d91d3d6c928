import type { ProcessTree } from '../process/index.ts';
import { COLUMN_COUNT, findColumnId } from './column-ids.ts';
import type { OsqueryEvent } from './event.ts';
import { feedOf, seedFacts } from './feed.ts';
import type { Host } from './host.ts';
import { COLUMNS_OF_THE_MOMENT, LINE_COLUMN, Likenesses } from './likeness.ts';
import type { CompiledTable, Layout } from './row-event.ts';
import {
  type LoadedEvents,
  loadEvents,
  type ReaderState,
  type SavingEvents,
  savingEvents,
} from './saved-events.ts';
import { compiledTable, type Schema } from './schema.ts';
import { Tally } from './tally.ts';

export interface ReaderOptions {
  readonly schema: Schema;
  /** Fed by the rows that are read. */
  readonly tree: ProcessTree;
  readonly host: Host;
}

/**
 * Reads one row, its values in the order of the columns given to `open`. Null: not an event; counted. A `late` row
 * comes after later ones of its table, to fill a gap: it does not undo what those told the tree.
 */
export type RowReader = (row: readonly unknown[], late?: boolean) => OsqueryEvent | null;

/** Turns osquery's rows into events. Never throws for what a row holds. */
export interface Reader {
  /** A reader of rows whose values come in the order of `columns`. Null when the schema has no such table; counted. */
  open(table: string, columns: readonly string[]): RowReader | null;
  /** Reads one row given by name. */
  read(table: string, row: Readonly<Record<string, unknown>>): OsqueryEvent | null;
  /** Tells the tree what runs now: a whole snapshot of the table `processes`. */
  seed(rows: readonly Readonly<Record<string, unknown>>[]): void;
  /** Begins to save the tree, and events with their processes; nothing may be read before `finish`. */
  beginSave(): SavingEvents;
  /** Takes the tree back, and then events of the same state. */
  load(state: ReaderState): LoadedEvents;
  readonly health: ReaderHealth;
}

export interface ReaderHealth {
  /** Rows read, by table. */
  readonly rows: Readonly<Record<string, number>>;
  /** Rows that gave no event, by reason. */
  readonly rejected: Readonly<Record<string, number>>;
  /** Rows that gave an event though something in them was wrong, by reason. */
  readonly repaired: Readonly<Record<string, number>>;
  /** Execs whose command line audit may have cut. */
  readonly cut: number;
}

export function createReader({ schema, tree, host }: ReaderOptions): Reader {
  const tally = new Tally();
  const layouts = new Map<string, Layout>();
  const likenesses = new Likenesses();
  const layoutOf = (name: string, columns: readonly string[]): Layout | null => {
    const table = compiledTable(schema, name);
    if (table === undefined) return null;
    const key = `${name} ${columns.join(' ')}`;
    const layout = layouts.get(key) ?? createLayout(table, columns, { host, tree, likenesses });
    if (layouts.size >= MOST_LAYOUTS) layouts.clear();
    layouts.set(key, layout);
    return layout;
  };
  const open = (name: string, columns: readonly string[]): RowReader | null => {
    const layout = layoutOf(name, columns);
    if (layout === null) {
      tally.reject('unknown table');
      return null;
    }
    const feed = feedOf(layout, { tree, tally });
    return (row, late = false) => {
      tally.row(name);
      if (!Array.isArray(row)) return tally.reject('not a row');
      return feed(row, late);
    };
  };
  const readers = new Map<string, RowReader | null>();
  return {
    open,
    read(name, row) {
      if (typeof row !== 'object' || row === null) return tally.reject('not a row');
      const columns = Object.keys(row);
      const key = `${name} ${columns.join(' ')}`;
      let reader = readers.get(key);
      if (reader === undefined) {
        if (readers.size >= MOST_LAYOUTS) readers.clear();
        reader = open(name, columns);
        readers.set(key, reader);
      }
      return reader === null ? null : reader(Object.values(row));
    },
    seed(rows) {
      tree.seed(rows.map((row) => seedFacts((column) => row[column])));
    },
    beginSave: () => savingEvents(tree),
    load: (state) => loadEvents(state, tree, layoutOf),
    get health() {
      const { rows, rejected, repaired, cut } = tally;
      return { rows, rejected, repaired, cut };
    },
  };
}

/** Lists of columns remembered; a log can hold any number of different ones. */
const MOST_LAYOUTS = 256;

function createLayout(
  table: CompiledTable,
  columns: readonly string[],
  context: Pick<Layout, 'host' | 'tree' | 'likenesses'>,
): Layout {
  const places = new Int16Array(COLUMN_COUNT).fill(-1);
  for (const [place, name] of columns.entries()) {
    const id = findColumnId(name);
    if (id >= 0 && place < 32_000) places[id] = place;
  }
  const read = new Set(table.spec.reads);
  const steady = [...columns.keys()].filter(
    (place) => read.has(columns[place]!) && !COLUMNS_OF_THE_MOMENT.has(columns[place]!),
  );
  const framing = steady.filter((place) => columns[place] !== LINE_COLUMN);
  const line = steady.find((place) => columns[place] === LINE_COLUMN) ?? -1;
  return { table, columns, places, steady, framing, line, ...context };
}

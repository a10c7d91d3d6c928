import { createLogger, type Log, type Plugin } from '../../osquery/index.ts';
import type { Schema } from '../../schema/index.ts';
import type { RowBlock } from '../detector.ts';
import type { Live } from './live.ts';
import { createTableFinder } from './table-finder.ts';

export interface EventFeedOptions {
  /** The logger's name, as osqueryd's `--logger_plugin` has it. */
  readonly name: string;
  readonly schema: Schema;
  readonly live: Pick<Live, 'feed'>;
  readonly log: Log;
}

export interface EventFeedHealth {
  /** Rows that came, rows of tables that no rule asks for, and what was no row. */
  readonly events: number;
  readonly foreign: number;
  readonly malformed: number;
}

/** The columns of rows, and the table that has them. */
interface Layout {
  readonly table: string | null;
  readonly columns: readonly string[];
}

/** Lists of columns remembered: each table has one, or a few. */
const MOST_LAYOUTS = 256;
const UTF8 = new TextDecoder('utf-8');

/**
 * The live feed: a logger that core tells of each event as it stores it, `{"event": ROW}`. Rows go to the engine of the
 * installed rules, which knows by (table, eid) what it has read already; the scan queries go on and bring what
 * this feed missed. Core waits for each answer, so that a table's rows come in their order.
 *
 * Row and alert never meet in one call: the answer is given first, and the rows that came until the next turn of
 * the event loop are read together.
 */
export class EventFeed {
  readonly plugin: Plugin;
  readonly #live: Pick<Live, 'feed'>;
  readonly #findTable: ReturnType<typeof createTableFinder>;
  readonly #layouts = new Map<string, Layout>();
  #waiting: { readonly layout: Layout; readonly rows: unknown[][] }[] = [];
  #events = 0;
  #foreign = 0;
  #malformed = 0;

  constructor({ name, schema, live, log }: EventFeedOptions) {
    this.#live = live;
    this.#findTable = createTableFinder(schema);
    this.plugin = createLogger({ name, log, event: (row) => this.#take(row) });
  }

  get health(): EventFeedHealth {
    return { events: this.#events, foreign: this.#foreign, malformed: this.#malformed };
  }

  #take(json: Buffer): void {
    this.#events += 1;
    const row = parseRow(json);
    if (row === null) {
      this.#malformed += 1;
      return;
    }
    const layout = this.#layoutOf(Object.keys(row));
    if (layout.table === null) {
      this.#foreign += 1;
      return;
    }
    if (this.#waiting.length === 0) setImmediate(() => this.#hand());
    const last = this.#waiting.at(-1);
    if (last?.layout === layout) last.rows.push(Object.values(row));
    else this.#waiting.push({ layout, rows: [Object.values(row)] });
  }

  #hand(): void {
    const pieces = this.#waiting;
    this.#waiting = [];
    for (const { layout, rows } of pieces) {
      void this.#live.feed({ table: layout.table!, columns: layout.columns, rows } satisfies RowBlock);
    }
  }

  #layoutOf(columns: readonly string[]): Layout {
    const key = columns.join('\0');
    const known = this.#layouts.get(key);
    if (known !== undefined) return known;
    if (this.#layouts.size >= MOST_LAYOUTS) this.#layouts.clear();
    const layout = { table: this.#findTable(columns), columns };
    this.#layouts.set(key, layout);
    return layout;
  }
}

function parseRow(json: Buffer): Readonly<Record<string, unknown>> | null {
  try {
    const row: unknown = JSON.parse(UTF8.decode(json));
    return typeof row === 'object' && row !== null && !Array.isArray(row)
      ? (row as Readonly<Record<string, unknown>>)
      : null;
  } catch {
    return null;
  }
}

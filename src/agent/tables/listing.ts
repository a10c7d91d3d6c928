import {
  COLUMN_OPTIONS,
  type ColumnType,
  type Constraint,
  createTable,
  OPERATORS,
  type Plugin,
  type QueryContext,
  type RowWriter,
} from '../../osquery/index.ts';

/** What a cell holds: a text as it is, a number in decimal, null as SQL's NULL. */
export type Cell = string | number | null;

/** A column of a table that lists things: its name and type in osquery, and how its cell is had from a thing. */
export interface ListColumn<T> {
  readonly name: string;
  readonly type: ColumnType;
  /** What queries mostly look things up by; a join asks once for each row of the other table. */
  readonly index?: boolean;
  /** Not part of `SELECT *`: dear to make or to send. */
  readonly hidden?: boolean;
  readonly of: (thing: T) => Cell;
}

/** Waits for what is to be listed; null: it is there. */
export type Ready = () => Promise<unknown> | null;

const AT_ONCE: Ready = () => null;

/** What a query asks for, where a source can find it faster than by making every row. */
export interface Asked {
  /** The only texts that the column may have; null: any. */
  texts(column: string): ReadonlySet<string> | null;
  /** The least whole number that the column may have; null: any. */
  least(column: string): number | null;
  /** Whether the query reads the column. */
  uses(column: string): boolean;
}

export interface Listing<T> {
  readonly name: string;
  readonly columns: readonly ListColumn<T>[];
  /** At least all the things that are asked for. Asks core nothing; a throw fails the one query. */
  readonly list: (asked: Asked) => Iterable<T>;
  readonly ready?: Ready | undefined;
}

/**
 * A table that lists things, one a row.
 *
 * SQLite checks every constraint again on the rows that it gets. So one that is not understood here (`LIKE`, a
 * number written as `1e3`) is passed over: that costs rows and leaves none out. Of the columns only those are made
 * that the query reads; the others are NULL to SQLite, which does not look.
 */
export function createListing<T>({ name, columns, list, ready = AT_ONCE }: Listing<T>): Plugin {
  return createTable({
    name,
    columns: columns.map(({ name: column, type, index = false, hidden = false }) => ({
      name: column,
      type,
      options: (index ? COLUMN_OPTIONS.index : 0) | (hidden ? COLUMN_OPTIONS.hidden : 0),
    })),
    async generate(context, encode) {
      await ready();
      const { columnsUsed } = context;
      const made = columns.filter((column) => columnsUsed?.has(column.name) ?? true);
      const tests = columns.flatMap((column) => testsOf(column, context));
      const things: T[] = [];
      for (const thing of list(new Constraints(context))) {
        if (tests.every((test) => test(thing))) things.push(thing);
      }
      const names = made.map((column) => column.name);
      return encode(names, things.length, (at, row) => write(things[at]!, made, row));
    },
  });
}

function write<T>(thing: T, columns: readonly ListColumn<T>[], row: RowWriter): void {
  for (let at = 0; at < columns.length; at += 1) {
    const cell = columns[at]!.of(thing);
    if (typeof cell === 'string') row.text(at, cell);
    else if (cell !== null) row.integer(at, cell);
  }
}

class Constraints implements Asked {
  readonly #context: QueryContext;

  constructor(context: QueryContext) {
    this.#context = context;
  }

  texts(column: string): ReadonlySet<string> | null {
    return equalsOf(this.#context.constraints.get(column)?.list ?? []);
  }

  least(column: string): number | null {
    const bounds = this.#list(column).flatMap(({ op, text }) =>
      AT_LEAST.has(op) && WHOLE.test(text) ? [Number(text)] : [],
    );
    return bounds.length === 0 ? null : Math.max(...bounds);
  }

  uses(column: string): boolean {
    return this.#context.columnsUsed?.has(column) ?? true;
  }

  #list(column: string): readonly Constraint[] {
    return this.#context.constraints.get(column)?.list ?? [];
  }
}

const AT_LEAST: ReadonlySet<number> = new Set([
  OPERATORS.equals,
  OPERATORS.greaterThan,
  OPERATORS.greaterThanOrEquals,
]);
/** A number that means the same to SQLite and to us. */
const WHOLE = /^(?:0|-?[1-9]\d{0,14})$/;

/** The texts that `=` asks for. Core hands over the whole list of an `IN` for some columns, so any of them will do. */
function equalsOf(list: readonly Constraint[]): ReadonlySet<string> | null {
  const texts = list.flatMap(({ op, text }) => (op === OPERATORS.equals ? [text] : []));
  return texts.length === 0 ? null : new Set(texts);
}

/** Of a column with numbers only plain ones are looked at; text that is not UTF-8 is left to SQLite as well. */
function testsOf<T>(
  { name, type, of }: ListColumn<T>,
  context: QueryContext,
): readonly ((thing: T) => boolean)[] {
  const list = context.constraints.get(name)?.list ?? [];
  const texts = equalsOf(list);
  if (texts === null) return [];
  const understood = [...texts].every((text) =>
    type === 'TEXT' ? !text.includes('\ufffd') : WHOLE.test(text),
  );
  if (!understood) return [];
  const numbers = new Set([...texts].map(Number));
  return [
    (thing) => {
      const cell = of(thing);
      return typeof cell === 'number' ? numbers.has(cell) : texts.has(cell ?? '');
    },
  ];
}

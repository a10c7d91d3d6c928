import { type Comparison, type Node, operatorCode, quoteName, startsQuery } from '../../sqlite/index.ts';
import type { Edits } from './edits.ts';
import { ADDITIONAL, INDEX, type KnownColumn, OPTIMIZED, REQUIRED } from './known-table.ts';

/** What core's `xBestIndex` takes: columns with one of three options, and on text no order. Options 0 mean INDEX to it. */
export function isHandedOver({ options, type }: KnownColumn, { operator }: Comparison): boolean {
  const isOrder = ['<', '<=', '>', '>=', 'BETWEEN'].includes(operator);
  return (
    (options === 0 || (options & (INDEX | REQUIRED | ADDITIONAL)) !== 0) && !(type === 'TEXT' && isOrder)
  );
}

/** Turns one comparison into its constraint, in place: the value's own text stays where it is and is rewritten by others. */
export class ConstraintWriter {
  readonly #edits: Edits;
  readonly #column: KnownColumn;
  readonly #cell: string;
  readonly #add: (op: number, listed: boolean) => string;

  constructor(
    edits: Edits,
    alias: string,
    column: KnownColumn,
    add: (op: number, listed: boolean) => string,
  ) {
    this.#edits = edits;
    this.#column = column;
    // A column of a virtual table has no affinity here: the cast gives it the one that it has in osquery.
    this.#cell = `CAST(${alias}.${quoteName(column.name)} AS ${affinityOf(column.type)})`;
    this.#add = add;
  }

  write(comparison: Comparison): void {
    const { form, values, operator, start, end } = comparison;
    switch (form) {
      case 'columnFirst':
      case 'valueFirst': {
        const parameter = this.#add(operatorCode(operator), false);
        this.#wrap(comparison, values[0]!, `(${this.#check(operator, parameter)} AND ${parameter} = `, ')');
        return;
      }
      case 'between': {
        const [low, high] = [this.#add(operatorCode('>='), false), this.#add(operatorCode('<='), false)];
        const [first, second] = [values[0]!, values[1]!];
        this.#edits.replace(start, first[0]!.start, `(${this.#check('>=', low)} AND ${low} = ${BEFORE}`);
        this.#edits.replace(
          first.at(-1)!.end,
          second[0]!.start,
          `${AFTER} AND ${this.#check('<=', high)} AND ${high} = ${BEFORE}`,
        );
        this.#edits.insert(end, `${AFTER})`);
        return;
      }
      case 'in':
        this.#writeIn(comparison);
    }
  }

  /** osquery takes all values of an IN at once for an OPTIMIZED column, else it calls once for each. */
  #writeIn({ values, start, end }: Comparison): void {
    const [first, last] = [values[0]?.[0], values.at(-1)?.at(-1)];
    if (first === undefined || last === undefined) return;
    const listed = (this.#column.options & OPTIMIZED) !== 0;
    const parameter = this.#add(operatorCode('='), listed);
    const isQuery = startsQuery(values[0]!);
    const [open, between, close] = isQuery ? ['', '', ''] : ['VALUES (', '), (', ')'];
    const typed = `CAST(substr(typeof(v), 1, 1) || v AS BLOB)`;
    const cast = withAffinity('v', affinityOf(this.#column.type));
    const [head, tail] = listed
      ? [
          `(instr(',' || ${parameter} || ',', ',' || (SELECT hex(${typed}) FROM (SELECT ${this.#cell} AS v)) || ',') > 0 AND ${parameter} = (WITH q(v) AS (`,
          `) SELECT group_concat(hex(${typed})) FROM (SELECT DISTINCT ${cast} AS v FROM q WHERE v IS NOT NULL ORDER BY 1)))`,
        ]
      : [
          `(${this.#check('=', parameter)} AND ${parameter} IN (WITH q(v) AS (`,
          `) SELECT ${typed} FROM (SELECT DISTINCT ${cast} AS v FROM q WHERE v IS NOT NULL)))`,
        ];
    this.#edits.replace(start, first.start, head + open);
    for (const [index, value] of values.slice(1).entries()) {
      this.#edits.replace(values[index]!.at(-1)!.end, value[0]!.start, between);
    }
    this.#edits.replace(last.end, end, close + tail);
  }

  #wrap({ start, end }: Comparison, value: readonly Node[], before: string, after: string): void {
    this.#edits.replace(start, value[0]!.start, before + BEFORE);
    this.#edits.replace(value.at(-1)!.end, end, AFTER + after);
  }

  #check(operator: string, parameter: string): string {
    return `${this.#cell} ${operator} ${untyped(parameter)}`;
  }
}

/**
 * Around a value: its type's letter and its bytes as one blob. A blob, because better-sqlite3 gives text to JavaScript
 * as text, where bytes that are no UTF-8 are lost. `v` is computed once: SQLite flattens no subquery without FROM.
 */
const BEFORE = '(SELECT CAST(substr(typeof(v), 1, 1) || v AS BLOB) FROM (SELECT ';
const AFTER = ' AS v))';

/** What comparing the value with a column of that affinity makes of it. Source: https://www.sqlite.org/datatype3.html#comparisons */
function withAffinity(value: string, affinity: string): string {
  const integer = `CAST(${value} AS INTEGER)`;
  switch (affinity) {
    case 'TEXT':
      return `CASE typeof(${value}) WHEN 'blob' THEN ${value} ELSE CAST(${value} AS TEXT) END`;
    case 'INTEGER':
      return (
        `CASE WHEN typeof(${value}) = 'real' AND ${integer} = ${value}` +
        ` OR typeof(${value}) = 'text' AND CAST(${integer} AS TEXT) = trim(${value}) THEN ${integer} ELSE ${value} END`
      );
    default:
      return value;
  }
}

function untyped(parameter: string): string {
  const rest = `CAST(substr(${parameter}, 2) AS TEXT)`;
  return (
    `CASE CAST(substr(${parameter}, 1, 1) AS TEXT) WHEN 't' THEN ${rest} WHEN 'i' THEN CAST(${rest} AS INTEGER)` +
    ` WHEN 'r' THEN CAST(${rest} AS REAL) ELSE substr(${parameter}, 2) END`
  );
}

/** The type to cast a column of osquery's type to. */
export function affinityOf(type: string): string {
  switch (type) {
    case 'INTEGER':
    case 'BIGINT':
    case 'UNSIGNED_BIGINT':
      return 'INTEGER';
    case 'DOUBLE':
      return 'REAL';
    case 'BLOB':
      return 'BLOB';
    default:
      return 'TEXT';
  }
}

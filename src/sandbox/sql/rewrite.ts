import {
  type ColumnName,
  type Comparison,
  group,
  isSymbol,
  type Node,
  nameOf,
  quoteName,
  readComparison,
  type Select,
  type Source,
  SqlError,
  selectsOf,
  startsQuery,
  type Term,
  tokenize,
  withNames,
} from '../../sqlite/index.ts';
import { affinityOf, ConstraintWriter, isHandedOver } from './constraint-writer.ts';
import { Edits } from './edits.ts';
import { HIDDEN, type KnownColumn, type KnownTable } from './known-table.ts';

/** One place where a statement reads a table that is not SQLite's own. */
export type TableUse = EventUse | ExtensionUse;

export interface EventUse {
  readonly kind: 'event';
  readonly table: string;
}

export interface ExtensionUse {
  readonly kind: 'extension';
  readonly table: string;
  /** The virtual table's name in the rewritten text. */
  readonly module: string;
  readonly parameters: readonly Parameter[];
  readonly columnsUsed: readonly string[];
}

/** A hidden column of the virtual table that carries the value of one constraint: a letter for its type, then its bytes. */
export interface Parameter {
  readonly name: string;
  readonly column: string;
  readonly op: number;
  /** The value is a list: each in hexadecimal, separated by commas. */
  readonly listed: boolean;
}

export interface Rewritten {
  readonly sql: string;
  readonly uses: readonly TableUse[];
}

/**
 * Rewrites one statement, so that better-sqlite3 can run it as osquery's SQLite would.
 *
 * - A table of an extension becomes a virtual table of its own, and each term `column op value` on one of its
 *   columns that osquery would hand over becomes `column op (what was handed over) AND parameter = value`:
 *   better-sqlite3 hands over equality on hidden columns only. The value is computed once, bytes and all, goes to
 *   the extension, and the rows that come back are compared with it again.
 * - An event table becomes the view of its new rows, or of all rows when a term constrains `time`.
 * - `*` becomes the columns that are not hidden.
 *
 * What it reads is SELECT (also compound, nested, WITH). Limits, each an `SqlError` unless SQLite itself says no:
 * joins in parentheses; `*` with NATURAL, or with USING and a subquery; a hidden column of an extension's table under OR.
 * `IS` and terms of HAVING or of CASE are not handed over.
 */
export function rewrite(sql: string, tables: ReadonlyMap<string, KnownTable>): Rewritten {
  const nodes = group(tokenize(sql));
  const shadowed = withNames(nodes);
  const edits = new Edits();
  const uses: TableUse[] = [];
  for (const select of selectsOf(nodes)) {
    const joined = select.sources.find(({ grouped }) => grouped);
    if (joined !== undefined)
      throw new SqlError(`the sandbox reads no join in parentheses (at ${joined.start})`);
    const known = select.sources.map(({ table }) =>
      table === undefined || shadowed.has(table) ? undefined : tables.get(table),
    );
    const reader = new SelectRewriter(select, known, edits, uses);
    reader.rewrite();
  }
  return { sql: edits.apply(sql), uses };
}

class SelectRewriter {
  readonly #select: Select;
  readonly #known: readonly (KnownTable | undefined)[];
  readonly #edits: Edits;
  readonly #uses: TableUse[];

  constructor(select: Select, known: readonly (KnownTable | undefined)[], edits: Edits, uses: TableUse[]) {
    this.#select = select;
    this.#known = known;
    this.#edits = edits;
    this.#uses = uses;
  }

  rewrite(): void {
    this.#expandStars();
    this.#known.forEach((table, index) => {
      if (table?.kind === 'event') this.#useEvents(table, index);
      if (table?.kind === 'extension') this.#useExtension(table, index);
    });
  }

  #useEvents(table: KnownTable, index: number): void {
    const timed = this.#comparisonsOn(index).some(({ column }) => column.name === 'time');
    this.#uses.push({ kind: 'event', table: table.name });
    this.#replaceSource(index, quoteName(timed ? `${table.name} all` : `${table.name} new`));
  }

  #useExtension(table: KnownTable, index: number): void {
    const module = `${table.name} ${this.#uses.length}`;
    const parameters: Parameter[] = [];
    const alias = quoteName(this.#select.sources[index]!.alias!);
    for (const comparison of this.#comparisonsOn(index)) {
      const column = columnOf(table, comparison.column.name)!;
      if (!isHandedOver(column, comparison) || this.#isMutual(comparison, index)) continue;
      const writer = new ConstraintWriter(this.#edits, alias, column, (op, listed) => {
        const name = `${module} ${parameters.length}`;
        parameters.push({ name, column: column.name, op, listed });
        return `${alias}.${quoteName(name)}`;
      });
      writer.write(comparison);
    }
    this.#refuseHiddenUnderOr(table, index);
    this.#uses.push({
      kind: 'extension',
      table: table.name,
      module,
      parameters,
      columnsUsed: this.#columnsUsed(table, index),
    });
    this.#replaceSource(index, this.#typed(table, index, module, parameters));
  }

  /**
   * The virtual table with its columns cast to their types, which better-sqlite3's virtual tables do not declare: SQLite
   * compares by affinity. It flattens this subquery, and so the parameters get to the table, but not
   * behind an outer join: there the columns go uncast, but for the terms that are handed over.
   */
  #typed(table: KnownTable, index: number, module: string, parameters: readonly Parameter[]): string {
    if (this.#select.sources[index]!.outer) return quoteName(module);
    const columns = table.columns.map(
      ({ name, type }) => `CAST(${quoteName(name)} AS ${affinityOf(type)}) AS ${quoteName(name)}`,
    );
    const all = [...columns, ...parameters.map(({ name }) => quoteName(name))];
    return `(SELECT ${all.join(', ')} FROM ${quoteName(module)})`;
  }

  #replaceSource(index: number, text: string): void {
    const { start, end, alias } = this.#select.sources[index]!;
    this.#edits.replace(start, end, `${text} AS ${quoteName(alias!)}`);
  }

  #comparisonsOn(index: number): readonly Comparison[] {
    return this.#select.terms
      .filter(({ onlyFor }) => onlyFor === undefined || onlyFor === index)
      .map(({ nodes }) => readComparison(nodes))
      .filter((comparison) => comparison !== undefined)
      .filter(({ column }) => this.#isColumnOf(column, index));
  }

  /** An unqualified name belongs to the first known table that has it; SQLite complains where that is ambiguous. */
  #isColumnOf(column: ColumnName, index: number): boolean {
    const { qualifier, name } = column;
    const owner =
      qualifier === undefined
        ? this.#known.findIndex((table) => table !== undefined && columnOf(table, name) !== undefined)
        : this.#select.sources.findIndex(({ alias }) => alias === qualifier);
    return owner === index && columnOf(this.#known[index]!, name) !== undefined;
  }

  /** Whether the value reads the table itself, or another extension's table that already waits for this one. */
  #isMutual({ values }: Comparison, index: number): boolean {
    return this.#known.some(
      (table, at) =>
        table?.kind === 'extension' &&
        at >= index &&
        values.some((value) =>
          table.columns.some(({ name }) => this.#names(value, name, at, startsQuery(value))),
        ),
    );
  }

  /** SQLite would call the table once for each branch of an OR; here that is no constraint, and what a hidden column says would be lost. */
  #refuseHiddenUnderOr(table: KnownTable, index: number): void {
    const isOr = ({ nodes }: Term): boolean =>
      nodes.some((node) => node.kind === 'word' && node.value === 'OR');
    for (const { name, options } of table.columns) {
      if ((options & HIDDEN) === 0) continue;
      for (const term of this.#select.terms.filter(isOr)) {
        if (this.#names(term.nodes, name, index)) {
          throw new SqlError(`the sandbox hands over no constraint under OR: ${table.name}.${name}`);
        }
      }
    }
  }

  #columnsUsed(table: KnownTable, index: number): readonly string[] {
    const stars = this.#stars().some(({ qualifier }) => this.#isExpanded(qualifier, index));
    const shared = new Set(this.#select.sources.flatMap(({ using }) => using));
    return table.columns
      .filter(
        ({ name, options }) =>
          (stars && (options & HIDDEN) === 0) ||
          shared.has(name.toLowerCase()) ||
          this.#names(this.#select.nodes, name, index),
      )
      .map(({ name }) => name);
  }

  /** Whether the column is named there. Inside a query of its own an unqualified name belongs, in all likelihood, to that query. */
  #names(nodes: readonly Node[], column: string, index: number, nested = false): boolean {
    const { alias } = this.#select.sources[index]!;
    return nodes.some((node, at) => {
      if (node.kind === 'group') {
        return this.#names(node.nodes, column, index, nested || startsQuery(node.nodes));
      }
      if (nameOf(node) !== column.toLowerCase()) return false;
      if (isSymbol(nodes[at - 1], '.')) return nameOf(nodes[at - 2]) === alias;
      const unqualified = { qualifier: undefined, name: column.toLowerCase() };
      return !nested && nodes[at + 1]?.kind !== 'group' && this.#isColumnOf(unqualified, index);
    });
  }

  #stars(): readonly Star[] {
    const { columns } = this.#select;
    return columns.flatMap((node, at): readonly Star[] => {
      if (!isSymbol(node, '*')) return [];
      if (at === 0 || isSymbol(columns[at - 1], ',')) return [{ qualifier: undefined, ...spanOf(node) }];
      const owner = isSymbol(columns[at - 1], '.') ? columns[at - 2] : undefined;
      const qualifier = nameOf(owner);
      return qualifier === undefined ? [] : [{ qualifier, start: owner!.start, end: node.end }];
    });
  }

  #isExpanded(qualifier: string | undefined, index: number): boolean {
    return qualifier === undefined || this.#select.sources[index]?.alias === qualifier;
  }

  #expandStars(): void {
    const { sources } = this.#select;
    const expands = this.#known.map(
      (table) =>
        table?.kind === 'extension' || table?.columns.some(({ options }) => (options & HIDDEN) !== 0),
    );
    for (const { qualifier, start, end } of this.#stars()) {
      const chosen = sources
        .map((source, index) => ({ source, table: this.#known[index], index }))
        .filter(({ index }) => this.#isExpanded(qualifier, index));
      if (!chosen.some(({ index }) => expands[index])) continue;
      const lists = chosen.map(({ source, table }) =>
        visibleColumns(source, table, qualifier === undefined ? source.using : []),
      );
      this.#edits.replace(start, end, lists.join(', '));
    }
  }
}

interface Star {
  readonly qualifier: string | undefined;
  readonly start: number;
  readonly end: number;
}

/** `shown` are columns that another table of the join shows. */
function visibleColumns(
  { alias, natural }: Source,
  table: KnownTable | undefined,
  shown: readonly string[],
): string {
  if (alias === undefined) throw new SqlError('the sandbox needs an alias for a subquery beside *');
  if (natural || (table === undefined && shown.length > 0)) {
    throw new SqlError('the sandbox expands no * with NATURAL, or with USING and a subquery');
  }
  if (table === undefined) return `${quoteName(alias)}.*`;
  return table.columns
    .filter(({ name, options }) => (options & HIDDEN) === 0 && !shown.includes(name.toLowerCase()))
    .map(({ name }) => `${quoteName(alias)}.${quoteName(name)}`)
    .join(', ');
}

function spanOf({ start, end }: Node): { readonly start: number; readonly end: number } {
  return { start, end };
}

function columnOf(table: KnownTable, name: string): KnownColumn | undefined {
  return table.columns.find((column) => column.name.toLowerCase() === name);
}

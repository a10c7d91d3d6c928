import type { Database, Statement } from 'better-sqlite3';
import { group, isSymbol, isWord, type Token, tokenize } from '../../sqlite/index.ts';
import type { Catalog } from './catalog.ts';
import { REQUIRED } from './known-table.ts';
import type { Cell, ColumnOf, Scan } from './messages.ts';
import { type Rewritten, rewrite, type TableUse } from './rewrite.ts';
import { toCell } from './values.ts';

/** What core's authorizer lets through, by first word. Source: osquery/sql/sqlite_util.cpp (`kAllowedSQLiteActionCodes`). */
const ALLOWED = ['SELECT', 'WITH', 'VALUES', 'EXPLAIN', 'PRAGMA'];
const MISTAKEN_QUOTES = /^no such column: "(.*)" - should this be a string literal in single-quotes\?$/s;

/** Runs a query text, which may hold several statements: their rows follow one another, as in core. */
export function runQuery(db: Database, catalog: Catalog, sql: string): Scan {
  const rows: Record<string, Cell>[] = [];
  let eventBased = false;
  for (const text of statementsOf(sql)) {
    const { statement, uses, sql: rewritten } = prepare(db, catalog, text);
    const names = statement.columns().map(({ name }) => name);
    eventBased ||= uses.some(({ table }) => catalog.isEventBased(table));
    for (const cells of readCells(db, statement, rewritten, names.length)) {
      rows.push(Object.fromEntries(names.map((name, index) => [name, cells[index]!])));
    }
  }
  return { rows, eventBased };
}

/** The columns of a query's first statement. Core works out the types of expressions from SQLite's program; here they are unknown. */
export function columnsOf(db: Database, catalog: Catalog, sql: string): readonly ColumnOf[] {
  const [text] = statementsOf(sql);
  if (text === undefined) return [];
  const { statement, uses } = prepare(db, catalog, text);
  const extensions = uses.flatMap((use) =>
    use.kind === 'extension' ? (catalog.known.get(use.table.toLowerCase())?.columns ?? []) : [],
  );
  return statement.columns().map(({ name, type }) => {
    // A column of an extension's table has lost its table by now; it is known by its name.
    const declared = type ?? extensions.find((column) => column.name === name)?.type;
    return { name, type: declared ?? 'UNKNOWN' };
  });
}

interface Prepared extends Rewritten {
  readonly statement: Statement;
}

function prepare(db: Database, catalog: Catalog, sql: string): Prepared {
  const rewritten = rewrite(sql, catalog.known);
  for (const use of rewritten.uses) if (use.kind === 'extension') catalog.prepareUse(use);
  refuseMissing(rewritten.uses, catalog);
  try {
    return { ...rewritten, statement: db.prepare(rewritten.sql) };
  } catch (error) {
    // osquery's SQLite takes "text" in double quotes for a string where it names no column; better-sqlite3's does not.
    const text = error instanceof Error ? MISTAKEN_QUOTES.exec(error.message)?.[1] : undefined;
    const requoted = text === undefined ? sql : requote(sql, text);
    if (requoted === sql) throw error;
    return prepare(db, catalog, requoted);
  }
}

/** Core fails a scan of a table whose REQUIRED column has no constraint, with SQLite's words. */
function refuseMissing(uses: readonly TableUse[], catalog: Catalog): void {
  for (const use of uses) {
    if (use.kind !== 'extension') continue;
    const required = catalog.known
      .get(use.table.toLowerCase())!
      .columns.filter(({ options }) => options & REQUIRED);
    const given = use.parameters.some(({ column }) => required.some(({ name }) => name === column));
    if (required.length > 0 && !given) throw new Error('constraint failed');
  }
}

function requote(sql: string, text: string): string {
  return tokenize(sql)
    .filter((token) => token.kind === 'quoted' && token.text.startsWith('"') && token.value === text)
    .toReversed()
    .reduce(
      (result, { start, end }) =>
        `${result.slice(0, start)}'${text.replaceAll("'", "''")}'${result.slice(end)}`,
      sql,
    );
}

/** Each cell as bytes: text of any bytes gets out of better-sqlite3 only as a blob. */
function readCells(
  db: Database,
  statement: Statement,
  sql: string,
  width: number,
): readonly (readonly Cell[])[] {
  const first = tokenize(sql)[0]!;
  if (!isWord(first, 'SELECT', 'WITH', 'VALUES')) {
    const rows = statement.raw().all() as unknown[][];
    return rows.map((row) => row.map((value) => (value === null ? '' : String(value))));
  }
  const names = Array.from({ length: width }, (_, index) => `c${index}`);
  const casts = names.map((name) => `CAST(${name} AS BLOB)`).join(', ');
  const wrapped = db.prepare(`WITH r(${names.join(', ')}) AS (${sql}\n) SELECT ${casts} FROM r`);
  const rows = wrapped.raw().all() as (Buffer | null)[][];
  return rows.map((row) => row.map(toCell));
}

function statementsOf(sql: string): readonly string[] {
  const statements: Token[][] = [[]];
  const tokens = tokenize(sql);
  group(tokens);
  for (const token of tokens) {
    if (isSymbol(token, ';')) statements.push([]);
    else statements.at(-1)!.push(token);
  }
  const texts = statements
    .filter((list) => list.length > 0)
    .map((list) => {
      if (!isWord(list[0], ...ALLOWED)) throw new Error('not authorized');
      return sql.slice(list[0].start, list.at(-1)!.end);
    });
  if (texts.length === 0) throw new Error('incomplete input');
  return texts;
}

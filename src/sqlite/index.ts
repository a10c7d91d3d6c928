/**
 * SQL texts as SQLite reads them.
 *
 * Owns tokens, parentheses, the selects of a statement with their tables and terms, and comparisons of a column.
 * Reads queries of any author: comments, strings, quoted names, subqueries, WITH, aliases. Runs nothing, and
 * knows no table.
 */
export { type ColumnName, type Comparison, operatorCode, readComparison } from './comparison.ts';
export { type Select, type Source, selectsAt, selectsOf, type Term, withNames } from './select.ts';
export {
  type Group,
  group,
  isSymbol,
  isWord,
  type Node,
  nameOf,
  quoteName,
  SqlError,
  startsQuery,
  type Token,
  tokenize,
} from './tokens.ts';

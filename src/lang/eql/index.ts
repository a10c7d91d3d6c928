/**
 * EQL, Elasticsearch's current dialect: text to syntax tree, syntax tree to text, syntax tree to `Query`.
 *
 * Owns the grammar, the names and signatures of functions, type checks and what null means where. Every
 * error is a `RuleError` at its place: EQL_SYNTAX (malformed), EQL_UNSUPPORTED (by name), EQL_TYPE,
 * EQL_FUNCTION, EQL_FIELD, EQL_REGEX, EQL_LIMIT. Knows no event table, and not how conditions are tested.
 */
export type * from './ast.ts';
export { compileEql, type EqlLimit, type EqlOptions, type EqlQuery, lowerEql } from './lower.ts';
export { parseEql } from './parse.ts';
export { printEql } from './print.ts';

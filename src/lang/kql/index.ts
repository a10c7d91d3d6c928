/**
 * KQL, the Kibana Query Language: parsing, printing, and lowering to conditions.
 *
 * Owns KQL's grammar (Kibana's, kbn-es-query's grammar.peggy, to the letter) and what Kibana makes
 * Elasticsearch do with a query. Knows no table of osquery and not how a condition is tested; which fields
 * there are it asks only to resolve wildcards in field names.
 */

export type { Literal, Node } from './ast.ts';
export { compileKql } from './compile.ts';
export { type LowerOptions, lowerKql } from './lower.ts';
export { parseKql } from './parse.ts';
export { printKql } from './print.ts';

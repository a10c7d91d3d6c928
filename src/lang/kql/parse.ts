import type { Source } from '../../text/index.ts';
import type { Node } from './ast.ts';
import { Parser } from './parser.ts';

/** Parses a KQL query. Throws a RuleError `KQL_SYNTAX` on the first thing that Kibana's grammar does not allow. */
export function parseKql(source: Source): Node {
  return new Parser(source).parseQuery();
}

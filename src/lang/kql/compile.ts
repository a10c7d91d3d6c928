import { type EventQuery, simplify } from '../../rule/index.ts';
import type { Source } from '../../text/index.ts';
import { type LowerOptions, lowerKql } from './lower.ts';
import { parseKql } from './parse.ts';

/** Parses and lowers a KQL query to a query for single events of any category. Throws a RuleError. */
export function compileKql(source: Source, options: LowerOptions = {}): EventQuery {
  const condition = simplify(lowerKql(parseKql(source), source, options));
  return Object.freeze({ kind: 'event', category: null, condition });
}

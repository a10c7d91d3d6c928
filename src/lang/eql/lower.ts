import type { Fields, Query } from '../../rule/index.ts';
import type { Source, Span } from '../../text/index.ts';
import type { Statement } from './ast.ts';
import { parseEql } from './parse.ts';

export interface EqlOptions {
  /** Where given, types are checked, and a field that is neither there nor optional is EQL_FIELD. */
  readonly fields?: Fields;
}

/** A query and the pipes after it. A stream of events knows no `head` and no `tail`: who runs one decides. */
export interface EqlQuery {
  readonly query: Query;
  readonly limits: readonly EqlLimit[];
}

/** Keeps the first (`head`) or last (`tail`) `count` events, sequences or samples, in the order of the pipes. */
export interface EqlLimit {
  readonly kind: 'head' | 'tail';
  readonly count: number;
  readonly span: Span;
}

/** Parses EQL and lowers it. Throws RuleError. */
export function compileEql(source: Source, options: EqlOptions = {}): EqlQuery {
  return lowerEql(parseEql(source), source, options);
}

/** Checks a statement and gives its meaning. Throws RuleError. */
export function lowerEql(_statement: Statement, _source: Source, _options: EqlOptions = {}): EqlQuery {
  throw new Error('not written yet');
}

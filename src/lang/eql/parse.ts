import type { Source } from '../../text/index.ts';
import type { Statement } from './ast.ts';

/** Parses a statement of EQL. Throws RuleError. */
export function parseEql(_source: Source): Statement {
  throw new Error('not written yet');
}

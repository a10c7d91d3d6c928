import {
  ANY_ONE,
  ANYTHING,
  type Condition,
  field,
  type Pattern,
  type PatternPart,
} from '../../rule/index.ts';
import type { Source } from '../../text/index.ts';
import { type Literal, lowerKql, type Node } from '../kql/index.ts';

/**
 * Tests that Kibana writes as queries to Elasticsearch instead of in KQL. They mean what the same test means in
 * KQL, so its lowering makes them. All are definite: Elasticsearch finds an event or does not.
 */
const NOWHERE = { start: 0, end: 0 };

/** Whether the field has any of the values, as text, number or boolean, whichever the field holds. */
export function isAnyOf(source: Source, name: string, values: readonly string[]): Condition {
  return lowerKql(
    {
      kind: 'or',
      args: values.map((value) => ({ kind: 'is', field: text(name), value: text(value), span: NOWHERE })),
      span: NOWHERE,
    },
    source,
  );
}

export function isInRange(
  source: Source,
  name: string,
  bounds: readonly (readonly [Bound, string])[],
): Condition {
  const args = bounds.map(
    ([op, value]): Node => ({ kind: 'range', field: text(name), op, value: text(value), span: NOWHERE }),
  );
  return lowerKql({ kind: 'and', args, span: NOWHERE }, source);
}

export type Bound = 'lt' | 'le' | 'gt' | 'ge';

export function exists(name: string): Condition {
  return { kind: 'exists', operand: field(name) };
}

/** Whether the field's text fits any of the patterns of Elasticsearch's wildcard query. */
export function fits(name: string, patterns: readonly Pattern[], ignoreCase: boolean): Condition {
  return { kind: 'like', operand: field(name), patterns, ignoreCase };
}

/** Reads a pattern of Elasticsearch's wildcard query: `*`, `?`, and a backslash before what is meant as it is. */
export function parseWildcard(pattern: string): Pattern {
  const parts: PatternPart[] = [];
  let plain = '';
  const flush = (): void => {
    if (plain !== '') parts.push(plain);
    plain = '';
  };
  for (let i = 0; i < pattern.length; i += 1) {
    const unit = pattern[i]!;
    if (unit === '*' || unit === '?') {
      flush();
      if (unit === '?') parts.push(ANY_ONE);
      else if (parts.at(-1) !== ANYTHING) parts.push(ANYTHING);
    } else if (unit === '\\' && i + 1 < pattern.length) {
      i += 1;
      plain += pattern[i];
    } else plain += unit;
  }
  flush();
  return Object.freeze(parts);
}

function text(value: string): Literal {
  return { kind: 'text', value, quoted: true, span: NOWHERE };
}

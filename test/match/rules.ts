import type { Query, Rule } from '../../src/rule/index.ts';

/** A rule with this query, and only what the engine reads of it. */
export function ruleOf(id: string, query: Query, parts: Partial<Rule> = {}): Rule {
  return { id, query, exceptions: [], suppression: null, ...parts } as unknown as Rule;
}

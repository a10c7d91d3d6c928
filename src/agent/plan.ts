import type { Rule } from '../rule/index.ts';
import type { Schema } from '../schema/index.ts';
import type { RulePlan } from '../sql/index.ts';
import { narrowToIndices } from './indices.ts';
import { judgeRule } from './verdict.ts';

/** What of a set of rules is to run on one platform. */
export interface Plan {
  readonly rules: readonly RulePlan[];
  /** The others, each with why it cannot run, a sentence each. */
  readonly left: readonly { readonly rule: Rule; readonly reasons: readonly string[] }[];
}

/**
 * Gives each rule the tables that show its events: of several that could, the one that loses least. Each rule is
 * looked at alone, so that none changes what another is given. Tables named in `without` are not used.
 */
export function planRules(
  rules: readonly Rule[],
  schema: Schema,
  without: ReadonlySet<string> = new Set(),
): Plan {
  const planned = rules.map((rule) => ({ rule, ...planRule(rule, schema, without) }));
  return {
    rules: planned.flatMap(({ rule, tables, reasons }) =>
      reasons.length > 0
        ? []
        : [{ rule: narrowToIndices(rule), tables: tables.map((name) => schema.tables.get(name)!) }],
    ),
    left: planned.flatMap(({ rule, reasons }) => (reasons.length === 0 ? [] : [{ rule, reasons }])),
  };
}

function planRule(
  rule: Rule,
  schema: Schema,
  without: ReadonlySet<string>,
): { readonly tables: readonly string[]; readonly reasons: readonly string[] } {
  if (!rule.enabled) return { tables: [], reasons: ['It is not enabled.'] };
  const { verdict, reasons, needs } = judgeRule(rule, schema);
  if (verdict === 'unsupported') return { tables: [], reasons };
  const chosen = needs.map(({ tables }) => tables.find((table) => !without.has(table)));
  const missing = needs.filter((_, at) => chosen[at] === undefined);
  return {
    tables: [...new Set(chosen.filter((table) => table !== undefined))],
    reasons: missing.map(({ tables }) => {
      const left = tables.filter((table) => without.has(table));
      return `It needs events of ${left.join(' or ')}, which is left out.`;
    }),
  };
}

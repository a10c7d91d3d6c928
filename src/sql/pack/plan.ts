import { type Condition, fieldsOf, type Rule } from '../../rule/index.ts';
import { bindCondition, canHold, switchesFor, type TableSpec } from '../../schema/index.ts';
import { eventConditions } from '../rule-sieves.ts';

/** A rule that is to run on a fleet, and the tables that it is given. */
export interface RulePlan {
  readonly rule: Rule;
  readonly tables: readonly TableSpec[];
}

/** The tables of all plans by name, each with its rules by id. */
export function tablesOf(plans: readonly RulePlan[]): ReadonlyMap<TableSpec, readonly Rule[]> {
  const tables = [...new Set(plans.flatMap((plan) => plan.tables))].sort(byName);
  return new Map(
    tables.map((table) => [
      table,
      plans
        .filter((plan) => plan.tables.includes(table))
        .map(({ rule }) => rule)
        .sort(byId),
    ]),
  );
}

/** What a rule asks of events of the table, where it can have them. */
function asksOf(rule: Rule, table: TableSpec): readonly Condition[] {
  return eventConditions(rule).filter((condition) => canHold(condition, table));
}

/** The same without what is decided by the table. */
export function openAsksOf(rule: Rule, table: TableSpec): readonly Condition[] {
  return asksOf(rule, table).map((condition) => bindCondition(condition, table));
}

/**
 * The table's switches that a rule asks for: `needed` where some event of the rule comes with it alone, else
 * `useful`, where more events come.
 */
export function switchesOf(
  rule: Rule,
  table: TableSpec,
): { readonly needed: readonly string[]; readonly useful: readonly string[] } {
  const all = asksOf(rule, table).flatMap((condition) => switchesFor(condition, table));
  const needed = new Set(all.filter(({ only }) => only).map(({ flag }) => flag));
  const useful = new Set(all.map(({ flag }) => flag).filter((flag) => !needed.has(flag)));
  return { needed: [...needed].sort(), useful: [...useful].sort() };
}

/**
 * Whether a rule asks for what the process tree tells: parents, or of a row that tells of a pid alone, its program.
 * The tree knows what rows of `process_events` were handed over.
 */
export function asksTree({ rule, tables }: RulePlan): boolean {
  const names = eventConditions(rule).flatMap((condition) => [...fieldsOf(condition).keys()]);
  return tables.some(({ fields }) =>
    names.some((name) => {
      const derivation = fields.get(name)?.derivation;
      if (derivation?.kind !== 'outside' || name === 'process.entity_id') return false;
      return derivation.columns.includes('pid');
    }),
  );
}

/** As comments and summaries call a rule: its name on one line, and its id. */
export function titleOf({ name, id }: Rule): string {
  return `${name.replace(/\s+/g, ' ').trim()} (${id.replace(/\s+/g, ' ')})`;
}

function byName(a: TableSpec, b: TableSpec): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

function byId(a: Rule, b: Rule): number {
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

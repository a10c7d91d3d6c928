import {
  and,
  type Condition,
  definite,
  type EventQuery,
  field,
  literal,
  not,
  or,
  type Rule,
} from '../rule/index.ts';
import { bindCondition, canHold, type TableSpec } from '../schema/index.ts';
import { any } from './expression.ts';
import { type PrefilterFidelity, type PrefilterOptions, type Sieve, sieveOf } from './prefilter.ts';
import { isSelective } from './selective.ts';

/** What of a rule's events SQL can pick from one table. */
export interface RuleSieve extends Sieve {
  readonly rule: Rule;
  /** Whether a row that passes for sure is a match of the rule by itself. */
  readonly alone: boolean;
  /** Whether nearly every row passes, and each is for the rule to decide: SQL is of no help. */
  readonly wide: boolean;
}

/** The sieves of all rules that can have an event in the table, by the rules' ids. */
export function ruleSieves(
  rules: readonly Rule[],
  table: TableSpec,
  options: PrefilterOptions = {},
): readonly RuleSieve[] {
  return [...rules]
    .sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0))
    .map((rule) => ruleSieve(rule, table, options))
    .filter((sieve) => sieve !== null);
}

/** Null when no row of the table can be an event of the rule. */
export function ruleSieve(rule: Rule, table: TableSpec, options: PrefilterOptions = {}): RuleSieve | null {
  const sieves = eventConditions(rule)
    .filter((condition) => canHold(condition, table))
    .map((condition) => sieveOf(bindCondition(condition, table), table, options))
    .filter(({ fidelity }) => fidelity !== 'none');
  if (sieves.length === 0) return null;
  const alone = rule.query.kind === 'event' && rule.suppression === null && !rule.buildingBlock;
  const sieve = joined(sieves);
  const wide = !isSelective(sieve.plain) && !(alone && sieve.fidelity === 'exact');
  return { rule, alone, wide, ...sieve };
}

/** Each kind of event that a rule looks for, or looks that there is none of. */
export function eventConditions(rule: Rule): readonly Condition[] {
  const allowed = rule.exceptions.length === 0 ? [] : [not(definite(or(...rule.exceptions)))];
  return eventQueries(rule).map(({ category, condition }) =>
    and(...inCategory(category), condition, ...allowed),
  );
}

function eventQueries({ query }: Rule): readonly EventQuery[] {
  switch (query.kind) {
    case 'event':
      return [query];
    case 'threshold':
    case 'newTerms':
      return [query.event];
    case 'sample':
      return query.steps.map(({ event }) => event);
    case 'sequence':
      return [...query.steps, ...(query.until === null ? [] : [query.until])].map(({ event }) => event);
  }
}

function inCategory(category: string | null): readonly Condition[] {
  if (category === null) return [];
  const left = field('event.category');
  return [{ kind: 'compare', op: 'eq', left, right: literal(category), ignoreCase: false }];
}

/** A row passes when it passes any. */
function joined(sieves: readonly Sieve[]): Sieve {
  return {
    fidelity: worst(sieves.map(({ fidelity }) => fidelity)),
    plain: any(sieves.map(({ plain }) => plain)),
    coarse: any(sieves.map(({ coarse }) => coarse)),
    oddities: [...new Set(sieves.flatMap(({ oddities }) => oddities))].sort(),
    ordered: sieves.some(({ ordered }) => ordered),
  };
}

function worst(fidelities: readonly PrefilterFidelity[]): PrefilterFidelity {
  return (['all', 'narrows', 'exact'] as const).find((one) => fidelities.includes(one)) ?? 'none';
}

import { compileCondition } from '../../src/match/index.ts';
import {
  and,
  type Condition,
  definite,
  type EventQuery,
  type Fields,
  field,
  literal,
  not,
  or,
  type Query,
  type Rule,
} from '../../src/rule/index.ts';
import type { OsqueryEvent, Schema, TableSpec } from '../../src/schema/index.ts';
import { candidateQueries } from '../../src/sql/index.ts';
import type { EventTable } from './event-table.ts';

/** What came of asking SQL and the matcher the same questions. */
export interface PairReport {
  /** Rules times events: of each pair, both were asked. */
  readonly pairs: number;
  /** Pairs in which the rule has an event, as the matcher says. */
  readonly matched: number;
  /** Pairs that SQL was sure of, and those that it left to the rule. */
  readonly sure: number;
  readonly candidates: number;
  /** Where SQL was wrong, in words. */
  readonly violations: readonly string[];
}

type Predicate = (event: OsqueryEvent) => boolean;

/** Whether an event is one that the rule looks for, as the matcher tells: any step of it. */
export function predicateOf({ query, exceptions }: Rule, fields: Fields): Predicate {
  const tests = eventsOf(query).map(({ category, condition }) => {
    const parts: Condition[] = [condition];
    const left = field('event.category');
    if (category !== null)
      parts.unshift({ kind: 'compare', op: 'eq', left, right: literal(category), ignoreCase: false });
    if (exceptions.length > 0) parts.push(not(definite(or(...exceptions))));
    return compileCondition(and(...parts), fields);
  });
  return (event) => tests.some((test) => test(event) === true);
}

/** Each kind of event that a rule looks for. */
export function eventsOf(query: Query): readonly EventQuery[] {
  switch (query.kind) {
    case 'event':
      return [query];
    case 'threshold':
    case 'newTerms':
      return [query.event];
    default:
      return [
        ...query.steps,
        ...(query.kind === 'sequence' && query.until !== null ? [query.until] : []),
      ].map(({ event }) => event);
  }
}

/** The rules that SQL names for a row. */
export interface Said {
  readonly sure: ReadonlySet<string>;
  readonly candidates: ReadonlySet<string>;
}

/** What the SQL made of these rules says of each row, by `eid`. */
export function askSql(
  rules: readonly Rule[],
  table: TableSpec,
  { db, events }: EventTable,
): ReadonlyMap<number, Said> {
  const said = new Map<number, { sure: Set<string>; candidates: Set<string> }>();
  for (const query of candidateQueries(rules, table, { batch: events.size })) {
    const rows = db.prepare<[], { eid: string; rules: string; candidates: string }>(query).iterate();
    for (const { eid, rules: sure, candidates } of rows) {
      const row = said.get(Number(eid)) ?? { sure: new Set(), candidates: new Set() };
      said.set(Number(eid), row);
      for (const id of idsIn(sure)) row.sure.add(id);
      for (const id of idsIn(candidates)) row.candidates.add(id);
    }
  }
  return said;
}

function idsIn(list: string): readonly string[] {
  return list === '' ? [] : list.split(',');
}

/** Holds the merged SQL of all rules against the matcher, for every rule and every event of the table. */
export function comparePairs(
  rules: readonly Rule[],
  schema: Schema,
  table: TableSpec,
  rows: EventTable,
): PairReport {
  const predicates = rules.map((rule) => ({ rule, matches: predicateOf(rule, schema.fields) }));
  const said = askSql(rules, table, rows);
  const counts = { pairs: 0, matched: 0, sure: 0, candidates: 0 };
  const violations: string[] = [];
  for (const [eid, event] of rows.events) {
    if (event === null) continue;
    const row = said.get(eid);
    for (const { rule, matches } of predicates) {
      const matched = matches(event);
      const [sure, candidate] = [row?.sure.has(rule.id) === true, row?.candidates.has(rule.id) === true];
      counts.pairs++;
      if (matched) counts.matched++;
      if (sure) counts.sure++;
      if (candidate) counts.candidates++;
      const wrong = matched && !sure && !candidate ? 'lost' : sure && !matched ? 'not a match' : null;
      if (wrong !== null)
        violations.push(`${wrong}: ${rule.name} (${rule.id})\n${JSON.stringify(event.columns())}`);
    }
  }
  return { ...counts, violations };
}

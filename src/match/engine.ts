import {
  type Condition,
  definite,
  type EventQuery,
  type Fields,
  not,
  or,
  type Query,
  type Rule,
} from '../rule/index.ts';
import type { Budget } from './budget.ts';
import { RuleIndex } from './candidates/rule-index.ts';
import { AlikeConditions } from './condition/alike.ts';
import { SharedTests } from './condition/shared-tests.ts';
import { asksOnly } from './condition/weaken.ts';
import { compileMachine } from './machines/compile-machine.ts';
import { bitOf, type Machine } from './machines/machine.ts';
import type { MachineOptions } from './machines/plan.ts';
import { type Engine, RuleEngine, type RuleFault } from './rule-engine.ts';
import { type Holdings, type RuleCounters, Runner } from './runner.ts';
import { eventQueriesOf, transformQuery } from './transform-query.ts';

export interface EngineOptions {
  readonly rules: readonly Rule[];
  /** The fields of all events that are pushed. */
  readonly fields: Fields;
  /** The field that has EQL's event category; `event.category` unless given. */
  readonly categoryField?: string;
  /** How much older than the stream's time a row may be and still be put in its place; 5,000 ms unless given. */
  readonly slackMs?: number;
  /** How many events may wait for their place; 20,000 unless given. */
  readonly mostWaiting?: number;
  /** How many pending sequences, keys or terms each rule may hold; 10,000 unless given. */
  readonly mostHeld?: number;
  /** How many of them all rules together may hold; 200,000 unless given. The rule with the most gives up first. */
  readonly mostHeldInAll?: number;
  /** How long new terms rules only learn after the stream's first event; a day or their history unless given. */
  readonly learnMs?: number;
  /** The sources that may have events of a query; unless given, any source may. */
  readonly sourcesOf?: (query: EventQuery) => Iterable<string>;
  /** Whether an index finds the rules that an event may matter to; true unless given. Without it all are asked. */
  readonly index?: boolean;
  /** What one rule may cost before it is stopped. */
  readonly budget?: Budget;
  /** Called for each rule that was stopped for its cost; its `stopped` says more. */
  readonly onStop?: (counters: RuleCounters) => void;
  /** A clock for costs, milliseconds with fractions; `performance.now` unless given. */
  readonly clockMs?: () => number;
}

const SLACK_MS = 5000;
const MOST_WAITING = 20_000;
const MOST_HELD = 10_000;
const MOST_HELD_IN_ALL = 200_000;

/** Compiles rules. Those that cannot be compiled are among the `faults` and the others run. */
export function createEngine(options: EngineOptions): Engine {
  const steps = compile(options);
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

/** The same, for a process that has other things to do: between two rules `giveWay` lets them have their turn. */
export async function createEngineInTurns(
  options: EngineOptions,
  giveWay: () => Promise<void> | undefined,
): Promise<Engine> {
  const steps = compile(options);
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
    await giveWay();
  }
}

function* compile(options: EngineOptions): Generator<undefined, Engine> {
  const {
    fields,
    slackMs = SLACK_MS,
    mostWaiting = MOST_WAITING,
    clockMs = () => performance.now(),
  } = options;
  const machineOptions: MachineOptions = {
    fields,
    categoryField: options.categoryField ?? 'event.category',
    mostHeld: options.mostHeld ?? MOST_HELD,
    ...(options.learnMs !== undefined && { learnMs: options.learnMs }),
  };
  const queries = options.rules.map((rule) => ({ rule, query: withExceptions(rule) }));
  const alike = new AlikeConditions();
  const shared = new SharedTests(
    queries.flatMap(({ query }) => conditionsIn(query)),
    alike,
  );
  const holdings: Holdings = { held: 0 };
  const runners: Runner[] = [];
  const running: Query[] = [];
  const faults: RuleFault[] = [];
  for (const { rule, query } of queries) {
    try {
      const create = () => compileMachine(query, { ...machineOptions, shared });
      const first = runners.at(-1)?.end ?? 0;
      const steady = eventQueriesOf(query).map(({ condition }) =>
        asksOnly(condition, fields, ({ ofTheMoment }) => ofTheMoment !== true),
      );
      const beginsIn = (machine: Machine) => beginningOf(query, machine, options.sourcesOf);
      runners.push(new Runner(rule, { create, first, holdings, clockMs, steady, beginsIn }));
      running.push(query);
    } catch (error) {
      faults.push({ rule, error });
    }
    yield;
  }
  const indexed = running.flatMap(eventQueriesOf);
  return new RuleEngine({
    ...{ runners, faults, shared, holdings, fields, slackMs, mostWaiting },
    index: options.index === false ? null : new RuleIndex(indexed, { ...machineOptions, alike }),
    mostHeldInAll: options.mostHeldInAll ?? MOST_HELD_IN_ALL,
    budget: options.budget ?? {},
    onStop: options.onStop ?? (() => {}),
  });
}

/** The only source of events that the machine of a query can begin with. */
function beginningOf(
  query: Query,
  { beginning }: Machine,
  sourcesOf: EngineOptions['sourcesOf'],
): string | null {
  if (sourcesOf === undefined || beginning === null) return null;
  const first = eventQueriesOf(query).filter((_, test) => (beginning.bits & bitOf(test)) !== 0);
  const [source = null, ...others] = new Set(first.flatMap((one) => [...sourcesOf(one)]));
  return others.length === 0 ? source : null;
}

function conditionsIn(query: Query): readonly Condition[] {
  return eventQueriesOf(query).map(({ condition }) => condition);
}

/** An event that an exception lets pass is no event for any part of the query, as in Elastic's detection engine. */
function withExceptions({ query, exceptions }: Rule): Query {
  if (exceptions.length === 0) return query;
  const allowed = not(definite(or(...exceptions)));
  const narrowed = (condition: Condition): Condition => ({ kind: 'and', args: [condition, allowed] });
  return transformQuery(query, narrowed);
}

import {
  type Condition,
  definite,
  type Event,
  type EventQuery,
  type Fields,
  not,
  or,
  type Query,
  type Rule,
} from '../rule/index.ts';
import { compileMachine } from './compile-machine.ts';
import type { EventCodec, Found, Machine, Match } from './machine.ts';
import type { MachineOptions } from './plan.ts';
import { RuleIndex } from './rule-index.ts';
import { SharedTests } from './shared-tests.ts';
import { eventQueriesOf, transformQuery } from './transform-query.ts';

/** Called for each match of a rule as it completes. */
export type RuleFound = (rule: Rule, match: Match) => void;

export interface EngineOptions {
  readonly rules: readonly Rule[];
  /** The fields of all events that are pushed. */
  readonly fields: Fields;
  /** The field that has EQL's event category; `event.category` unless given. */
  readonly categoryField?: string;
  /** How much older than the newest event a row may be and still be put in its place; 5,000 ms unless given. */
  readonly slackMs?: number;
  /** How many pending sequences, keys or terms each rule may hold; 10,000 unless given. */
  readonly mostHeld?: number;
  /** How long new terms rules only learn after the stream's first event; a day or their history unless given. */
  readonly learnMs?: number;
  /** Whether an index finds the rules that an event may matter to; true unless given. Without it all are asked. */
  readonly index?: boolean;
}

const SLACK_MS = 5000;
const MOST_HELD = 10_000;
/** The clock is read for one evaluation in so many, a power of two: reading it costs as much as a test. */
const SAMPLE_EACH = 64;

/** What a rule has cost and done since it was loaded. */
export interface RuleCounters {
  readonly rule: Rule;
  /** Events that were tested against it: those that the index did not rule out. */
  readonly evaluated: number;
  readonly matched: number;
  /** Evaluations whose time was taken, one of many, and the time that they took in all. */
  readonly sampled: number;
  readonly sampledMs: number;
  /** State held now, and state given up at the bound. */
  readonly held: number;
  readonly evicted: number;
  /** How often it failed while running, and the last failure. */
  readonly failed: number;
  readonly lastFailure: unknown;
}

/** A rule that could not be compiled, and why. */
export interface RuleFault {
  readonly rule: Rule;
  readonly error: unknown;
}

/**
 * All rules at work on one stream of events. A rule that fails, compiling or running, is counted and never stops
 * the others. What it finds depends on the events alone, never on when it is called.
 */
export interface Engine {
  push(event: Event, found: RuleFound): void;
  /** Says that no event before `nowMs` will come any more: buffered events are placed, absences are certain. */
  advance(nowMs: number, found: RuleFound): void;
  /** The state of all rules as a JSON value. */
  save(codec: EventCodec): unknown;
  /** Takes a saved state back; gives the ids of rules whose state was refused, which start with none. */
  load(state: unknown, codec: EventCodec): readonly string[];
  readonly counters: readonly RuleCounters[];
  /** Rules that did not compile. */
  readonly faults: readonly RuleFault[];
}

/** Compiles rules. Those that cannot be compiled are among the `faults` and the others run. */
export function createEngine(options: EngineOptions): Engine {
  const machineOptions: MachineOptions = {
    fields: options.fields,
    categoryField: options.categoryField ?? 'event.category',
    slackMs: options.slackMs ?? SLACK_MS,
    mostHeld: options.mostHeld ?? MOST_HELD,
    ...(options.learnMs !== undefined && { learnMs: options.learnMs }),
  };
  const queries = options.rules.map((rule) => ({ rule, query: withExceptions(rule) }));
  const shared = new SharedTests(queries.flatMap(({ query }) => conditionsIn(query)));
  const runners: Runner[] = [];
  const indexed: (readonly EventQuery[])[] = [];
  const faults: RuleFault[] = [];
  for (const { rule, query } of queries) {
    try {
      runners.push(new Runner(rule, () => compileMachine(query, { ...machineOptions, shared })));
      indexed.push(eventQueriesOf(query));
    } catch (error) {
      faults.push({ rule, error });
    }
  }
  const index = options.index === false ? null : new RuleIndex(indexed, machineOptions);
  return new RuleEngine({ runners, faults, shared, index, slackMs: machineOptions.slackMs });
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

interface Parts {
  readonly runners: readonly Runner[];
  readonly faults: readonly RuleFault[];
  readonly shared: SharedTests;
  readonly index: RuleIndex | null;
  readonly slackMs: number;
}

class RuleEngine implements Engine {
  readonly faults: readonly RuleFault[];
  private readonly runners: readonly Runner[];
  /** Those that hold state, or wait for the time to pass. */
  private readonly stateful: readonly Runner[];
  private readonly everyRule: readonly number[];
  private readonly shared: SharedTests;
  private readonly index: RuleIndex | null;
  private readonly slackMs: number;
  private started = false;

  constructor({ runners, faults, shared, index, slackMs }: Parts) {
    this.runners = runners;
    this.stateful = runners.filter(({ rule }) => rule.query.kind !== 'event');
    this.everyRule = [...runners.keys()];
    this.faults = faults;
    this.shared = shared;
    this.index = index;
    this.slackMs = slackMs;
  }

  get counters(): readonly RuleCounters[] {
    return this.runners;
  }

  push(event: Event, found: RuleFound): void {
    if (!this.started) this.start(event, found);
    const candidates = this.candidates(event);
    if (candidates.length === 0) return;
    this.shared.begin(event);
    try {
      for (let i = 0; i < candidates.length; i += 1) this.runners[candidates[i]!]!.push(event, found);
    } finally {
      this.shared.end();
    }
  }

  advance(nowMs: number, found: RuleFound): void {
    for (const runner of this.stateful) runner.advance(nowMs, found);
  }

  /** Tells every rule when the stream began: some are asked of their first event much later. */
  private start(event: Event, found: RuleFound): void {
    this.started = true;
    this.advance(event.timeMs - this.slackMs, found);
  }

  /**
   * The rules that an event may matter to, in the order of the rules. Without an index, its twin: all of them, as
   * for an event that cannot be read, so that each rule counts its own failure.
   */
  private candidates(event: Event): readonly number[] {
    if (this.index === null) return this.everyRule;
    try {
      return this.index.candidates(event);
    } catch {
      return this.everyRule;
    }
  }

  save(codec: EventCodec): unknown {
    const rules = this.runners.map(({ rule, machine }) => [rule.id, machine.save(codec)] as const);
    return { rules: Object.fromEntries(rules.filter(([, state]) => state !== null)) };
  }

  load(state: unknown, codec: EventCodec): readonly string[] {
    const saved = (state as { rules?: Record<string, unknown> } | null)?.rules ?? {};
    const byId = new Map(this.runners.map((runner) => [runner.rule.id, runner]));
    return Object.entries(saved)
      .filter(([id, one]) => byId.get(id)?.load(one, codec) !== true)
      .map(([id]) => id);
  }
}

/** A rule at work: keeps its failures to itself and counts. What the callback throws is the caller's own. */
class Runner implements RuleCounters {
  readonly rule: Rule;
  machine: Machine;
  evaluated = 0;
  matched = 0;
  sampled = 0;
  sampledMs = 0;
  failed = 0;
  lastFailure: unknown;
  private readonly create: () => Machine;
  private matches: Match[] = [];
  private readonly collect: Found = (match) => {
    this.matches.push(match);
  };

  constructor(rule: Rule, create: () => Machine) {
    this.rule = rule;
    this.create = create;
    this.machine = create();
  }

  get held(): number {
    return this.machine.held;
  }

  get evicted(): number {
    return this.machine.evicted;
  }

  push(event: Event, found: RuleFound): void {
    this.evaluated += 1;
    const startMs = (this.evaluated & (SAMPLE_EACH - 1)) === 0 ? performance.now() : null;
    try {
      this.machine.push(event, this.collect);
    } catch (error) {
      this.fail(error);
    }
    if (startMs !== null) {
      this.sampled += 1;
      this.sampledMs += performance.now() - startMs;
    }
    if (this.matches.length > 0) this.report(found);
  }

  advance(nowMs: number, found: RuleFound): void {
    try {
      this.machine.advance(nowMs, this.collect);
    } catch (error) {
      this.fail(error);
    }
    if (this.matches.length > 0) this.report(found);
  }

  load(state: unknown, codec: EventCodec): boolean {
    try {
      if (this.machine.load(state, codec)) return true;
    } catch (error) {
      this.fail(error);
    }
    this.machine = this.create();
    return false;
  }

  private report(found: RuleFound): void {
    const { matches } = this;
    this.matches = [];
    this.matched += matches.length;
    for (const match of matches) found(this.rule, match);
  }

  private fail(error: unknown): void {
    this.failed += 1;
    this.lastFailure = error;
  }
}

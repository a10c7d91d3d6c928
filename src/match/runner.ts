import type { Event, Rule } from '../rule/index.ts';
import { bitOf, type EventCodec, type Found, type Machine, type Match } from './machines/machine.ts';

/** Called for each match of a rule as it completes. */
export type RuleFound = (rule: Rule, match: Match) => void;

/** What a rule has cost and done since it was loaded. */
export interface RuleCounters {
  readonly rule: Rule;
  /** Events that were tested against it: those that the index did not rule out and that said something new. */
  readonly evaluated: number;
  readonly matched: number;
  /**
   * Evaluations whose time was taken, one of 64, and the time that they took in all, with what one of 64 events
   * took to be followed up by a rule that keeps state.
   */
  readonly sampled: number;
  readonly sampledMs: number;
  /** State held now, and state given up at the bound. */
  readonly held: number;
  readonly evicted: number;
  /** How often it failed while running, and the last failure. */
  readonly failed: number;
  readonly lastFailure: unknown;
  /** Why it no longer runs; null while it does. */
  readonly stopped: RuleStopped | null;
}

/** A rule that cost more than it may, and runs no more until rules are loaded anew. */
export interface RuleStopped {
  /** What it cost in the last windows, spread over all events of the stream. */
  readonly microsecondsPerEvent: number;
  /** What it may cost. */
  readonly budgetMicroseconds: number;
  /** The time of the event by which it was stopped, Unix milliseconds. */
  readonly timeMs: number;
}

/** State held over all rules. */
export interface Holdings {
  held: number;
}

export interface RunnerOptions {
  /** For each of its tests, whether it asks for no field of the moment. */
  readonly steady: readonly boolean[];
  /** Makes the rule's machine. */
  readonly create: () => Machine;
  /** The name of its first test: tests are numbered through over all rules. */
  readonly first: number;
  /** The only source that has events which its machine can begin with; null: not known, or there are several. */
  readonly beginsIn: (machine: Machine) => string | null;
  readonly holdings: Holdings;
  /** A clock for costs, milliseconds with fractions. */
  readonly clockMs: () => number;
}

/** The clock is read for one evaluation in so many, a power of two: reading it costs as much as a test. */
export const SAMPLE_EACH = 64;

/** A rule at work: keeps its failures to itself and counts. What the callback throws is the caller's own. */
export class Runner implements RuleCounters {
  readonly rule: Rule;
  machine: Machine;
  evaluated = 0;
  matched = 0;
  sampled = 0;
  sampledMs = 0;
  failed = 0;
  lastFailure: unknown;
  stopped: RuleStopped | null = null;
  /** Its tests have the names from `first` on, below `end`. */
  readonly first: number;
  readonly end: number;
  /** Whether all of its tests say the same of all events of one likeness. */
  readonly isSteady: boolean;
  private readonly steady: readonly boolean[];
  private readonly beginsIn: string | null;
  /** Nothing that is held, or waits for its place, began later. */
  private begunMs = Number.NEGATIVE_INFINITY;
  private taken = 0;
  private windowMs = 0;
  private slowestMs = 0;
  private readonly create: () => Machine;
  private readonly holdings: Holdings;
  private readonly clockMs: () => number;
  private matches: Match[] = [];
  private readonly collect: Found = (match) => {
    this.matches.push(match);
  };

  constructor(rule: Rule, { create, first, holdings, clockMs, steady, beginsIn }: RunnerOptions) {
    this.rule = rule;
    this.create = create;
    this.holdings = holdings;
    this.clockMs = clockMs;
    this.machine = create();
    this.beginsIn = beginsIn(this.machine);
    this.first = first;
    this.end = first + this.machine.tests.length;
    this.steady = steady;
    this.isSteady = steady.every((one) => one);
  }

  isSteadyTest(name: number): boolean {
    return this.steady[name - this.first]!;
  }

  get held(): number {
    return this.machine.held;
  }

  get evicted(): number {
    return this.machine.evicted;
  }

  /** The bits of its tests that an event passes, of those that are named from one place of the list on. */
  test(event: Event, names: readonly number[], from: number): number {
    this.evaluated += 1;
    if (this.stopped !== null) return 0;
    if ((this.evaluated & (SAMPLE_EACH - 1)) !== 0) return this.testAll(event, names, from);
    const startMs = this.clockMs();
    const passed = this.testAll(event, names, from);
    this.sampled += 1;
    this.spend(this.clockMs() - startMs);
    return passed;
  }

  private testAll(event: Event, names: readonly number[], from: number): number {
    const { first, end } = this;
    const { tests } = this.machine;
    let passed = 0;
    try {
      for (let i = from; i < names.length && names[i]! < end; i += 1) {
        const test = names[i]! - first;
        if (tests[test]!(event)) passed |= bitOf(test);
      }
    } catch (error) {
      this.fail(error);
      return 0;
    }
    return passed;
  }

  /** Whether some events that pass its tests need not be followed up, whatever comes before them. */
  get mayBeIndifferent(): boolean {
    return this.machine.isIndifferentTo !== undefined;
  }

  /** Whether an event that passed some tests need not be followed up, whatever comes before it. */
  isIndifferentTo(event: Event): boolean {
    if (this.stopped !== null) return true;
    try {
      return this.machine.isIndifferentTo?.(event) ?? false;
    } catch (error) {
      this.fail(error);
      return false;
    }
  }

  /** Whether events that passed these tests can begin something. */
  canBegin(passed: number): boolean {
    const { beginning } = this.machine;
    return beginning !== null && (passed & beginning.bits) !== 0;
  }

  /** Says that something that it holds, or that waits, may have begun at that time. */
  holdsUpTo(timeMs: number): void {
    this.begunMs = Math.max(this.begunMs, timeMs);
  }

  /** Whether some events that passed these tests may be passed over (`passesOver`). */
  mayPassOver(passed: number): boolean {
    return this.beginsIn !== null && !this.canBegin(passed);
  }

  /**
   * Whether an event that can begin nothing, and before which none of its source is missing, changes nothing once it is
   * in its place: it can only go on with something, all that begins something comes from the same source and so has
   * come, and nothing of it is open any more.
   */
  passesOver({ source, timeMs }: Event): boolean {
    return source === this.beginsIn && timeMs - this.begunMs > this.machine.beginning!.spanMs;
  }

  /** Whether an event that passed just these tests would change nothing if it came now. */
  ignores(passed: number): boolean {
    return this.stopped !== null || this.machine.ignores(passed);
  }

  /** Follows up an event that passed some tests. */
  take(event: Event, passed: number, found: RuleFound): void {
    if (this.ignores(passed)) return;
    this.taken += 1;
    const isSampled = (this.taken & (SAMPLE_EACH - 1)) === 0;
    const startMs = isSampled ? this.clockMs() : 0;
    const before = this.machine.held;
    try {
      this.machine.push(event, passed, this.collect);
    } catch (error) {
      this.fail(error);
    }
    this.holdings.held += this.machine.held - before;
    if (isSampled) this.spend(this.clockMs() - startMs);
    if (this.matches.length > 0) this.report(found);
  }

  advance(nowMs: number, found: RuleFound): void {
    if (this.stopped !== null) return;
    const before = this.machine.held;
    try {
      this.machine.advance(nowMs, this.collect);
    } catch (error) {
      this.fail(error);
    }
    this.holdings.held += this.machine.held - before;
    if (this.matches.length > 0) this.report(found);
  }

  /** Gives up so much of what it has held for longest, or all that it holds. */
  evict(count: number): void {
    const before = this.machine.held;
    while (this.machine.held > 0 && before - this.machine.held < count) this.machine.evict();
    this.holdings.held += this.machine.held - before;
  }

  /** Ends its work: what it holds is given up. */
  stop(why: RuleStopped): void {
    this.evict(this.machine.held);
    this.stopped = why;
  }

  private spend(ms: number): void {
    this.sampledMs += ms;
    this.windowMs += ms;
    this.slowestMs = Math.max(this.slowestMs, ms);
  }

  /** What the samples since the last call took, in all and the slowest of them. */
  endWindow(): { readonly totalMs: number; readonly slowestMs: number } {
    const window = { totalMs: this.windowMs, slowestMs: this.slowestMs };
    this.windowMs = 0;
    this.slowestMs = 0;
    return window;
  }

  load(state: unknown, codec: EventCodec): boolean {
    const before = this.machine.held;
    let loaded = false;
    try {
      loaded = this.machine.load(state, codec);
    } catch (error) {
      this.fail(error);
    }
    if (!loaded) this.machine = this.create();
    this.holdings.held += this.machine.held - before;
    return loaded;
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

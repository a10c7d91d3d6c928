import type { Event, Fields, Frame, Likeness, Rule } from '../rule/index.ts';
import { type Answer, Answers, passedNow } from './answers.ts';
import { type Budget, BudgetWatch } from './budget.ts';
import { ByNumber } from './candidates/by-number.ts';
import type { RuleIndex } from './candidates/rule-index.ts';
import type { SharedTests } from './condition/shared-tests.ts';
import type { EventCodec } from './machines/machine.ts';
import type { Holdings, RuleCounters, RuleFound, Runner } from './runner.ts';
import { Feed, type Place, type SavedFeed } from './stream/feed.ts';
import { sameRowBy } from './stream/same-row.ts';
import { handOver, type Passed, type Wanting } from './wanting.ts';

/** A rule that could not be compiled, and why. */
export interface RuleFault {
  readonly rule: Rule;
  readonly error: unknown;
}

/**
 * All rules at work on one stream of events. A rule that fails, compiling or running, is counted and never stops
 * the others; one that costs too much is stopped. What it finds depends on the events alone, never on when it is
 * called.
 */
export interface Engine {
  /** `isComplete`: no event of its source that comes later belongs before it. */
  push(event: Event, found: RuleFound, isComplete?: boolean): void;
  /** Says that no event before `nowMs` will come any more: buffered events are placed, absences are certain. */
  advance(nowMs: number, found: RuleFound): void;
  /** The state of all rules as a JSON value. */
  save(codec: EventCodec): unknown;
  /** Takes a saved state back; gives the ids of rules whose state was refused, which start with none. */
  load(state: unknown, codec: EventCodec): readonly string[];
  readonly counters: readonly RuleCounters[];
  /** Events that wait for their place in the order. */
  readonly waiting: number;
  /** Rules that did not compile. */
  readonly faults: readonly RuleFault[];
}

export interface EngineParts {
  readonly runners: readonly Runner[];
  readonly faults: readonly RuleFault[];
  readonly shared: SharedTests;
  readonly holdings: Holdings;
  /** Of the tests of all runners, numbered through; null: all are asked. */
  readonly index: RuleIndex | null;
  readonly fields: Fields;
  readonly slackMs: number;
  readonly mostWaiting: number;
  readonly mostHeldInAll: number;
  readonly budget: Budget;
  readonly onStop: (counters: RuleCounters) => void;
}

const NONE: readonly number[] = [];

/**
 * Each event goes through three steps: the index names the tests that it may pass, those are asked, and the rules
 * whose tests it passed take it: those that keep an order once it is in its place, the others at once. Events are
 * put in order once for all rules. For an event that says the same as an earlier one, the answers of the first two
 * steps are known.
 */
export class RuleEngine implements Engine {
  readonly faults: readonly RuleFault[];
  private readonly runners: readonly Runner[];
  /** By the name of a test. */
  private readonly runnerOf: readonly Runner[];
  private readonly everyTest: readonly number[];
  /** Those that hold state, or wait for the time to pass. */
  private readonly stateful: readonly Runner[];
  private readonly parts: EngineParts;
  private readonly feed: Feed<Wanting>;
  private readonly place: Place<Wanting>;
  private readonly watch: BudgetWatch;
  private answers = new Answers();
  /** What was said of likenesses. Null without an index: its twin knows nothing beforehand. */
  private known: ByNumber<Likeness, Answer> | null;
  private started = false;
  private found: RuleFound = () => {};

  constructor(parts: EngineParts) {
    const { runners, faults, budget } = parts;
    this.parts = parts;
    this.runners = runners;
    this.faults = faults;
    this.stateful = runners.filter(({ rule }) => rule.query.kind !== 'event');
    this.runnerOf = runners.flatMap((runner) => runner.machine.tests.map(() => runner));
    this.everyTest = [...this.runnerOf.keys()];
    this.feed = new Feed(parts);
    const isSame = sameRowBy(parts.fields);
    this.place = (moment) => handOver(moment, isSame, this.found);
    this.watch = new BudgetWatch(runners, budget);
    this.known = parts.index === null ? null : new ByNumber();
  }

  get counters(): readonly RuleCounters[] {
    return this.runners;
  }

  get waiting(): number {
    return this.feed.size;
  }

  push(event: Event, found: RuleFound, isComplete = false): void {
    this.found = found;
    const { feed, parts } = this;
    const inOrder = this.follow(event, this.answerOf(event));
    feed.clock.see(event.timeMs);
    if (!this.started && feed.clock.beganMs !== null) this.start(feed.clock.beganMs);
    const wanting = inOrder.of(event, isComplete);
    if (wanting !== null) this.putInPlace(event, wanting);
    feed.settle(this.place);
    if (parts.holdings.held > parts.mostHeldInAll) this.giveUp();
    this.watch.count(event.timeMs, this.forget);
  }

  advance(nowMs: number, found: RuleFound): void {
    this.found = found;
    const { clock } = this.feed;
    clock.advance(nowMs);
    if (!this.started) this.start(clock.beganMs ?? nowMs);
    this.feed.advance(nowMs, this.place);
    for (const runner of this.stateful) runner.advance(nowMs, found);
  }

  /** A stopped rule says nothing more: what it said of likenesses must not make events wait for it. */
  private readonly forget = (stopped: Runner): void => {
    this.answers = new Answers();
    if (this.known !== null) this.known = new ByNumber();
    this.parts.onStop(stopped);
  };

  /** Tells every rule when the stream began: some are asked of their first event much later. */
  private start(beganMs: number): void {
    this.started = true;
    for (const runner of this.stateful) runner.advance(beganMs - this.parts.slackMs, this.found);
  }

  /**
   * The tests that an event may pass, in the order of the rules. Without an index, its twin: all of them, as for an
   * event that cannot be read, so that each rule counts its own failure.
   */
  private candidates(event: Event, frame: Frame | null): readonly number[] {
    const { index } = this.parts;
    if (index === null) return this.everyTest;
    try {
      return index.candidates(event, frame);
    } catch {
      return this.everyTest;
    }
  }

  /** What the rules say of the event. */
  private answerOf(event: Event): Answer {
    const likeness = this.known === null ? null : (event.likeness ?? null);
    if (this.known === null || likeness === null) return this.ask(event, this.candidates(event, null));
    const known = this.known.get(likeness);
    if (known !== undefined) return known;
    const answer = this.ask(event, this.candidates(event, likeness.frame));
    this.known.set(likeness, answer);
    return answer;
  }

  /** Asks the tests whose answers hold for all events of the same likeness; the others are left to `follow`. */
  private ask(event: Event, names: readonly number[]): Answer {
    const { shared } = this.parts;
    const rules: Passed[] = [];
    shared.begin(event);
    try {
      for (let at = 0; at < names.length; ) {
        const runner = this.runnerOf[names[at]!]!;
        let until = at + 1;
        while (until < names.length && names[until]! < runner.end) until += 1;
        const ask = runner.isSteady
          ? NONE
          : names.slice(at, until).filter((name) => !runner.isSteadyTest(name));
        const passed =
          ask.length === 0
            ? runner.test(event, names, at)
            : this.askSteady(event, runner, names.slice(at, until));
        if (passed !== 0 || ask.length > 0) rules.push({ runner, passed, ask });
        at = until;
      }
    } finally {
      shared.end();
    }
    return this.answers.of(rules);
  }

  private askSteady(event: Event, runner: Runner, names: readonly number[]): number {
    const steady = names.filter((name) => runner.isSteadyTest(name));
    return steady.length === 0 ? 0 : runner.test(event, steady, 0);
  }

  /** Hands the event to the rules that take it at once; gives those that want it in its place. */
  private follow(event: Event, { atOnce, inOrder, isSettled }: Answer): Wanting {
    if (isSettled) {
      for (let i = 0; i < atOnce.length; i += 1) atOnce[i]!.runner.take(event, atOnce[i]!.passed, this.found);
      return inOrder;
    }
    const { shared } = this.parts;
    shared.begin(event);
    try {
      for (const one of atOnce) {
        const passed = passedNow(event, one);
        if (passed !== 0) one.runner.take(event, passed, this.found);
      }
      const waiting: Passed[] = [];
      for (const one of inOrder.rules) {
        const passed = passedNow(event, one);
        if (passed !== 0) waiting.push({ runner: one.runner, passed, ask: NONE });
      }
      return this.answers.of(waiting).inOrder;
    } finally {
      shared.end();
    }
  }

  private putInPlace(event: Event, wanting: Wanting): void {
    const { rules } = wanting;
    wanting.waits(event);
    if (!this.feed.isPast(event.timeMs)) this.feed.push(event, wanting, this.place);
    else for (let i = 0; i < rules.length; i += 1) rules[i]!.runner.take(event, rules[i]!.passed, this.found);
  }

  /** Over the bound of all rules: the one that holds most gives up a tenth, again and again. */
  private giveUp(): void {
    const { holdings, mostHeldInAll } = this.parts;
    while (holdings.held > mostHeldInAll) {
      const most = this.stateful.reduce((a, b) => (b.held > a.held ? b : a));
      most.evict(Math.ceil(most.held / 10));
    }
  }

  save(codec: EventCodec): unknown {
    const rules = this.runners.map(({ rule, machine }) => [rule.id, machine.save(codec)] as const);
    const feed = this.feed.save((event, wanting) => ({
      event: codec.save(event),
      rules: wanting.rules.map(({ runner, passed }) => [runner.rule.id, passed]),
    }));
    return { rules: Object.fromEntries(rules.filter(([, state]) => state !== null)), feed };
  }

  load(state: unknown, codec: EventCodec): readonly string[] {
    const { rules = {}, feed } = (state ?? {}) as SavedEngine;
    const byId = new Map(this.runners.map((runner) => [runner.rule.id, runner]));
    const refused = Object.entries(rules)
      .filter(([id, one]) => byId.get(id)?.load(one, codec) !== true)
      .map(([id]) => id);
    for (const id of refused) byId.delete(id);
    if (feed !== undefined) refused.push(...this.loadFeed(feed, codec, byId));
    return refused;
  }

  /** Gives the rules that an event waited for that could not be read. */
  private loadFeed(saved: SavedFeed, codec: EventCodec, byId: ReadonlyMap<string, Runner>): Iterable<string> {
    const lost = new Set<string>();
    this.feed.load(saved, (item) => {
      const { event, rules } = item as SavedWaiting;
      const known = rules.filter(([id]) => byId.has(id));
      try {
        const loaded = codec.load(event);
        const passed = known.map(([id, bits]) => ({ runner: byId.get(id)!, passed: bits, ask: NONE }));
        const reason = this.answers.of(passed).inOrder;
        reason.waits(loaded);
        return { event: loaded, reason };
      } catch {
        for (const [id] of known) lost.add(id);
        return null;
      }
    });
    const { clock } = this.feed;
    this.started = clock.beganMs !== null;
    for (const runner of byId.values()) if (runner.held > 0) runner.holdsUpTo(clock.newestMs);
    return lost;
  }
}

interface SavedEngine {
  readonly rules?: Readonly<Record<string, unknown>>;
  readonly feed?: SavedFeed;
}

interface SavedWaiting {
  readonly event: unknown;
  readonly rules: readonly (readonly [id: string, passed: number])[];
}

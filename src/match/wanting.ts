import type { Event } from '../rule/index.ts';
import { bitOf } from './machines/machine.ts';
import type { RuleFound, Runner } from './runner.ts';
import { inOrder } from './stream/in-order.ts';
import type { Moment } from './stream/moments.ts';
import type { SameRow } from './stream/same-row.ts';

/** A rule some of whose tests an event passed, or may pass. */
export interface Passed {
  readonly runner: Runner;
  /** The bits of the tests that it passed. */
  readonly passed: number;
  /** The names of tests that ask for fields of the moment: each event is asked anew. */
  readonly ask: readonly number[];
}

/** A rule that does not want every event which passed the same of its tests. */
interface Asked {
  readonly runner: Runner;
  readonly bit: number;
  readonly passable: boolean;
}

/** Parts remembered of one: which rules want an event is mostly one of a few. */
const MOST_PARTS = 64;

/**
 * Rules that want an event in its place. The same rules are mostly the same object, and events that wait are told apart
 * by it.
 */
export class Wanting {
  readonly rules: readonly Passed[];
  /** The bits of the rules (`bitOf`) that want every such event, and those of which each event must be asked. */
  private readonly always: number;
  private readonly sometimes: readonly Asked[];
  /** Those in which such an event can begin something. */
  private readonly begun: readonly Runner[];
  private readonly parts = new Map<number, Wanting>();

  constructor(rules: readonly Passed[]) {
    this.rules = rules;
    const all = rules.map(({ runner, passed }, place) => {
      const passable = runner.mayPassOver(passed);
      return { runner, bit: bitOf(place), passable, isAsked: passable || runner.mayBeIndifferent };
    });
    this.always = all.reduce((bits, { isAsked, bit }) => (isAsked ? bits : bits | bit), 0);
    this.sometimes = all.filter(({ isAsked }) => isAsked);
    this.begun = rules.filter(({ runner, passed }) => runner.canBegin(passed)).map(({ runner }) => runner);
  }

  /** Those of the rules to which an event makes a difference once it is in its place; null where there are none. */
  of(event: Event, isComplete: boolean): Wanting | null {
    const { sometimes } = this;
    let bits = this.always;
    for (let i = 0; i < sometimes.length; i += 1) {
      const { runner, bit, passable } = sometimes[i]!;
      if (runner.isIndifferentTo(event)) continue;
      if (!passable || !isComplete || !runner.passesOver(event)) bits |= bit;
    }
    return bits === 0 ? null : this.only(bits);
  }

  /** Says that such an event waits for its place. */
  waits({ timeMs }: Event): void {
    const { begun } = this;
    for (let i = 0; i < begun.length; i += 1) begun[i]!.holdsUpTo(timeMs);
  }

  private only(bits: number): Wanting {
    const { rules, parts } = this;
    const known = parts.get(bits);
    if (known !== undefined) return known;
    const some = rules.filter((_, place) => (bits & bitOf(place)) !== 0);
    const part = some.length === rules.length ? this : new Wanting(some);
    if (parts.size >= MOST_PARTS) parts.clear();
    parts.set(bits, part);
    return part;
  }
}

/**
 * Hands the events of one time to the rules that want them, in their order. A rule that ignores all that it could be
 * handed stays as it is, and so ignores each of them: events that only such rules want are passed over unseen. What the
 * callback throws is thrown when all are handed over: it costs no other event and no other rule.
 */
export function handOver({ groups }: Moment<Wanting>, isSame: SameRow, found: RuleFound): void {
  const awake = new Set<Runner>();
  for (const { rules } of groups.keys()) {
    for (const { runner, passed } of rules) if (!runner.ignores(passed)) awake.add(runner);
  }
  if (awake.size === 0) return;
  const items: { readonly event: Event; readonly rules: readonly Passed[] }[] = [];
  for (const [{ rules }, events] of groups) {
    if (rules.some(({ runner }) => awake.has(runner)))
      for (const event of events) items.push({ event, rules });
  }
  const thrown: unknown[] = [];
  for (const { event, rules } of inOrder(items, isSame)) {
    for (const { runner, passed } of rules) {
      try {
        runner.take(event, passed, found);
      } catch (error) {
        thrown.push(error);
      }
    }
  }
  if (thrown.length > 0) throw thrown[0];
}

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

const MOST_PARTS = 64;

/** Rules that want an event in its place. The same rules are mostly the same object: events that wait are told apart by it. */
export class Wanting {
  readonly rules: readonly Passed[];
  private readonly parts = new Map<number, Wanting>();

  constructor(rules: readonly Passed[]) {
    this.rules = rules;
  }

  /** Those of the rules whose places have a bit (`bitOf`). */
  only(bits: number): Wanting {
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
 * handed stays as it is, and so ignores each of them: events that only such rules want are passed over unseen.
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
  for (const { event, rules } of inOrder(items, isSame)) {
    for (const { runner, passed } of rules) runner.take(event, passed, found);
  }
}

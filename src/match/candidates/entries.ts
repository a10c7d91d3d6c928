import type { Condition, Fields } from '../../rule/index.ts';
import { type Known, needsOf } from './necessary.ts';
import type { KeySet } from './necessary-keys.ts';

/** One alternative of a query: an event may pass it when it has a key of each set. */
export interface Entry {
  readonly query: number;
  readonly sets: readonly KeySet[];
}

export interface Entries {
  /** Queries that any event may pass. */
  readonly always: readonly number[];
  readonly entries: readonly Entry[];
}

/** What asking a query costs, in look-ups of a short text, about. */
const ASKING = 3;

/**
 * What is looked up for the queries, in one kind of event. A field is looked up only where that saves more than it
 * costs: with a few rules asking them is cheaper, with thousands looking up is.
 */
export function entriesOf(queries: readonly Condition[], fields: Fields, known: Known): Entries {
  const all = queries.flatMap((condition, query) =>
    needsOf(condition, fields, known).map((sets): Entry => ({ query, sets })),
  );
  let kept: readonly Entry[] = all;
  for (;;) {
    const useless = cheapestLoss(kept);
    if (useless === null) break;
    kept = kept.map((entry) => ({ ...entry, sets: without(entry.sets, useless) }));
  }
  const always = new Set(kept.filter(({ sets }) => sets.length === 0).map(({ query }) => query));
  return { always: [...always], entries: kept.filter(({ query }) => !always.has(query)) };
}

/** The field that is worth least, when it is not worth its price. */
function cheapestLoss(entries: readonly Entry[]): number | null {
  const losses = new Map<number, { loss: number; price: number }>();
  for (const { sets } of entries) {
    const share = shareOf(sets);
    for (const slot of slotsOf(sets)) {
      const known = losses.get(slot) ?? { loss: 0, price: 0 };
      known.loss += (shareOf(without(sets, slot)) - share) * ASKING;
      known.price = Math.max(known.price, ...sets.map((one) => (uses(one, slot) ? one.price : 0)));
      losses.set(slot, known);
    }
  }
  let least: number | null = null;
  let worth = 0;
  for (const [slot, { loss, price }] of losses) {
    if (loss - price >= worth) continue;
    worth = loss - price;
    least = slot;
  }
  return least;
}

function without(sets: readonly KeySet[], slot: number): readonly KeySet[] {
  return sets.filter((set) => !uses(set, slot));
}

function uses({ keys }: KeySet, slot: number): boolean {
  return keys.some((key) => key.slot === slot);
}

function slotsOf(sets: readonly KeySet[]): Set<number> {
  return new Set(sets.flatMap(({ keys }) => keys.map(({ slot }) => slot)));
}

/** What part of events is thought to pass the sets. */
function shareOf(sets: readonly KeySet[]): number {
  return sets.reduce((product, { share }) => product * Math.min(1, share), 1);
}

import type { Event, SampleQuery } from '../../rule/index.ts';
import type { Predicate } from '../condition/closure.ts';
import { type SameRow, sameRowBy } from '../stream/same-row.ts';
import { fingerprint } from './fingerprint.ts';
import { decodeScalar, encodeScalar, type Key, type KeyReader, keyText } from './keys.ts';
import { type EventCodec, type Found, type Machine, passes } from './machine.ts';
import { type MachineOptions, planSteps } from './plan.ts';
import { Recency } from './recency.ts';

/** What is known of one key: for each step the first events that fit it, or that the key was reported. */
interface Group {
  readonly key: Key;
  lists: Event[][] | null;
}

/**
 * Compiles a sample to a machine: each key is reported once, as soon as every step has an event of its own. Of
 * each step the first events count, as many as there are steps: more are never needed to find different ones.
 * Events are taken as Elasticsearch's `SampleIterator.matchSample` does: for each step the first that leaves
 * enough for the others.
 *
 * Elasticsearch searches all events at once; a stream reports what the events so far allow. Keys without a
 * report are forgotten, oldest first, when there are too many; so are reported ones, which may then be
 * reported again.
 */
export function createSampleMachine(query: SampleQuery, options: MachineOptions): Machine {
  return new SampleMachine(query, options);
}

class SampleMachine implements Machine {
  evicted = 0;
  readonly isOrdered = false;
  readonly beginning = null;
  readonly tests: readonly Predicate[];
  private readonly testOf: readonly number[];
  private readonly keysOf: readonly KeyReader[];
  private readonly mostHeld: number;
  private readonly query: SampleQuery;
  private readonly isSame: SameRow;
  private readonly groups = new Recency<Group>();

  constructor(query: SampleQuery, options: MachineOptions) {
    const plan = planSteps(query.steps, options);
    this.tests = plan.tests;
    this.testOf = plan.testOf;
    this.keysOf = plan.keysOf;
    this.mostHeld = options.mostHeld;
    this.isSame = sameRowBy(options.fields);
    this.query = query;
  }

  get held(): number {
    return this.groups.size;
  }

  ignores(): boolean {
    return false;
  }

  push(event: Event, passed: number, found: Found): void {
    const touched = new Set<Group>();
    for (const [step, test] of this.testOf.entries()) {
      if (!passes(this.tests, test, passed, event)) continue;
      for (const key of this.keysOf[step]!(event)) {
        const group = this.groupOf(key);
        if (group.lists !== null && this.add(group.lists, step, event)) touched.add(group);
      }
    }
    for (const group of touched) {
      const events = group.lists === null ? null : chooseDifferent(group.lists);
      if (events === null) continue;
      group.lists = null;
      found({ events, keys: group.key.values });
    }
  }

  advance(): void {}

  evict(): void {
    if (this.groups.oldest === null) return;
    this.groups.delete(this.groups.oldest.key);
    this.evicted += 1;
  }

  private groupOf(key: Key): Group {
    const known = this.groups.get(key.text);
    if (known !== undefined) return known;
    if (this.groups.size >= this.mostHeld) this.evict();
    const group: Group = { key, lists: this.testOf.map(() => []) };
    this.groups.touch(key.text, group);
    return group;
  }

  /** A row that was read twice is one event in all lists. */
  private add(lists: Event[][], step: number, event: Event): boolean {
    const list = lists[step]!;
    if (list.length >= lists.length) return false;
    const known = lists.flatMap((some) => some.find((other) => this.isSame(other, event)) ?? [])[0] ?? event;
    if (list.includes(known)) return false;
    list.push(known);
    return true;
  }

  save(codec: EventCodec): unknown {
    return {
      version: fingerprint(this.query),
      evicted: this.evicted,
      groups: [...this.groups].map(([, { key, lists }]) => ({
        keys: key.values.map(encodeScalar),
        lists: lists?.map((list) => list.map((event) => codec.save(event))) ?? null,
      })),
    };
  }

  load(state: unknown, codec: EventCodec): boolean {
    const saved = state as SavedSample | null;
    if (saved?.version !== fingerprint(this.query)) return false;
    this.evicted = saved.evicted;
    for (const { keys, lists } of saved.groups) {
      const values = keys.map(decodeScalar);
      const key = { text: keyText(values), values };
      this.groups.touch(key.text, { key, lists: lists === null ? null : this.loadLists(lists, codec) });
    }
    return true;
  }

  private loadLists(saved: readonly (readonly unknown[])[], codec: EventCodec): Event[][] {
    const lists: Event[][] = this.testOf.map(() => []);
    for (const [step, list] of saved.entries()) {
      for (const event of list) this.add(lists, step, codec.load(event));
    }
    return lists;
  }
}

interface SavedSample {
  readonly version: string;
  readonly evicted: number;
  readonly groups: readonly {
    readonly keys: readonly string[];
    readonly lists: readonly unknown[][] | null;
  }[];
}

/**
 * Chooses a different event from each list, the first possible from the first list and so on; null when there are
 * not enough. Trying all choices costs n! in hostile streams; whether the rest can still be served is asked by
 * matching lists to events along augmenting paths, n³ in all.
 */
export function chooseDifferent(lists: readonly (readonly Event[])[]): Event[] | null {
  if (lists.some((list) => list.length === 0)) return null;
  const chosen: Event[] = [];
  const free = (event: Event): boolean => !chosen.includes(event);
  for (let i = 0; i < lists.length; i += 1) {
    const next = lists[i]!.find((event) => {
      if (!free(event)) return false;
      chosen.push(event);
      const rest = lists.slice(i + 1).map((list) => list.filter(free));
      const enough = canServe(rest);
      if (!enough) chosen.pop();
      return enough;
    });
    if (next === undefined) return null;
  }
  return chosen;
}

/** Whether each list can have an event of its own. */
function canServe(lists: readonly (readonly Event[])[]): boolean {
  const takenBy = new Map<Event, number>();
  const serve = (list: number, tried: Set<Event>): boolean => {
    for (const event of lists[list]!) {
      if (tried.has(event)) continue;
      tried.add(event);
      const holder = takenBy.get(event);
      if (holder === undefined || serve(holder, tried)) {
        takenBy.set(event, list);
        return true;
      }
    }
    return false;
  };
  return lists.every((_, list) => serve(list, new Set()));
}

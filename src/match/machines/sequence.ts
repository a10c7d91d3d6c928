import type { Event, SequenceQuery } from '../../rule/index.ts';
import type { Predicate } from '../condition/closure.ts';
import { compareEvents } from '../stream/order.ts';
import { Absences, Sightings } from './absence.ts';
import { fingerprint } from './fingerprint.ts';
import { decodeScalar, encodeScalar, type Key, keyText } from './keys.ts';
import { type Beginning, bitOf, type EventCodec, type Found, type Machine, passes } from './machine.ts';
import { lastOf, type Pending, PendingSequences } from './pending.ts';
import { type MachineOptions, planSteps } from './plan.ts';
import { inOrderOfEffect, isBeginning, type Role, roleOf } from './roles.ts';

/**
 * Compiles a sequence to a machine, after Elasticsearch's `SequenceMatcher` and `TumblingWindow`:
 * - An event moves the newest sequence of its key that waits for its step; older ones go.
 * - `maxspan` counts from the first event to each later one; both ends are included.
 * - An event that fits `until` ends all sequences of its key, those that it has just moved too; one that it
 *   has just completed stands.
 * - `![…]` between two steps: no such event at a time between theirs. Before the first: none so late that it
 *   and the last step lie within `maxspan`. After the last: none within `maxspan` from the first. Both before
 *   and after: none after within `maxspan` of the last one before.
 * - An event may take part in several sequences, and in several steps of different ones, never twice in one.
 *
 * Events come in their order; one that comes too late for it still takes part as it comes, but only behind
 * older events.
 */
export function createSequenceMachine(query: SequenceQuery, options: MachineOptions): Machine {
  return new SequenceMachine(query, options);
}

class SequenceMachine implements Machine {
  evicted = 0;
  readonly isOrdered = true;
  readonly tests: readonly Predicate[];
  readonly beginning: Beginning;
  private readonly roles: readonly Role[];
  private readonly lastPlace: number;
  private readonly maxSpanMs: number;
  private readonly mostHeld: number;
  private readonly isMissingFirst: boolean;
  private readonly isMissingLast: boolean;
  private readonly query: SequenceQuery;

  private readonly pending = new PendingSequences();
  private readonly sightings: Sightings;
  private readonly absences = new Absences();

  constructor(query: SequenceQuery, options: MachineOptions) {
    const { steps, until, maxSpanMs } = query;
    const all = until === null ? steps : [...steps, until];
    const plan = planSteps(all, options);
    this.tests = plan.tests;
    this.roles = all
      .map((step, i) => ({ ...roleOf(query, step, i), test: plan.testOf[i]!, keys: plan.keysOf[i]! }))
      .sort(inOrderOfEffect);
    this.lastPlace = steps.filter(({ missing }) => !missing).length - 1;
    this.isMissingFirst = steps[0]?.missing === true;
    this.isMissingLast = steps.at(-1)?.missing === true;
    if (this.lastPlace < 0) throw new Error('a sequence needs a step that is not missing');
    if (maxSpanMs === null && (this.isMissingFirst || this.isMissingLast)) {
      throw new Error('a sequence that begins or ends with a missing event needs a maxspan');
    }
    this.maxSpanMs = maxSpanMs ?? Number.POSITIVE_INFINITY;
    const bits = this.roles.filter(isBeginning).reduce((some, { test }) => some | bitOf(test), 0);
    this.beginning = { bits, spanMs: this.maxSpanMs };
    this.mostHeld = options.mostHeld;
    this.sightings = new Sightings(this.maxSpanMs);
    this.query = query;
  }

  get held(): number {
    return this.pending.size + this.sightings.size + this.absences.size;
  }

  ignores(passed: number): boolean {
    if (this.absences.size > 0) return false;
    for (let i = 0; i < this.roles.length; i += 1) {
      const role = this.roles[i]!;
      if ((passed & bitOf(role.test)) !== 0 && !this.isIdle(role)) return false;
    }
    return true;
  }

  push(event: Event, passed: number, found: Found): void {
    this.tidy(event.timeMs, found);
    for (const role of this.roles) {
      if (this.isIdle(role) || !passes(this.tests, role.test, passed, event)) continue;
      for (const key of role.keys(event)) this.act(role, { key, event, found });
    }
    this.evictExcess();
  }

  advance(nowMs: number, found: Found): void {
    this.tidy(nowMs, found);
  }

  /** Whether there is nothing that an event in this role could change, whatever its keys, which can be dear to read. */
  private isIdle({ act, place }: Role): boolean {
    switch (act) {
      case 'step':
        return place > 0 && !this.pending.isAt(place - 1);
      case 'between':
        return !this.pending.isAt(place);
      case 'until':
        return this.pending.size === 0;
      case 'trailing':
        return this.absences.size === 0;
      case 'leading':
        return false;
    }
  }

  private tidy(nowMs: number, found: Found): void {
    this.absences.settle(nowMs, found);
    this.pending.expire(nowMs - this.maxSpanMs);
    this.sightings.expire(nowMs);
  }

  private act(role: Role, { key, event, found }: { key: Key; event: Event; found: Found }): void {
    switch (role.act) {
      case 'step':
        if (role.place === 0) this.start(key, event, found);
        else this.continue(role.place, { key, event, found });
        return;
      case 'until':
        this.pending.removeAll(key.text);
        return;
      case 'leading':
        this.sightings.see(key.text, event.timeMs);
        return;
      case 'trailing':
        this.absences.see(key.text, event);
        return;
      case 'between': {
        const before = this.pending.at(role.place, key.text);
        if (before !== undefined && event.timeMs > lastOf(before).timeMs) {
          before.interruptedMs = Math.min(before.interruptedMs, event.timeMs);
        }
      }
    }
  }

  private start(key: Key, event: Event, found: Found): void {
    const pending: Pending = {
      key,
      events: [event],
      leadingMs: this.isMissingFirst
        ? this.sightings.lastBefore(key.text, event.timeMs)
        : Number.NEGATIVE_INFINITY,
      interruptedMs: Number.POSITIVE_INFINITY,
      doomed: false,
      older: null,
      newer: null,
    };
    if (this.lastPlace === 0) this.complete(pending, found);
    else this.pending.start(pending);
  }

  private continue(place: number, { key, event, found }: { key: Key; event: Event; found: Found }): void {
    const pending = this.pending.at(place - 1, key.text);
    if (pending === undefined || compareEvents(lastOf(pending), event) >= 0) return;
    if (event.timeMs - pending.events[0]!.timeMs > this.maxSpanMs) {
      this.pending.remove(pending);
      return;
    }
    if (pending.interruptedMs < event.timeMs) pending.doomed = true;
    if (place < this.lastPlace) {
      this.pending.advance(pending, event);
    } else {
      this.pending.remove(pending);
      pending.events.push(event);
      this.complete(pending, found);
    }
  }

  /** All steps are there; what remains is what must be missing before and after. */
  private complete(pending: Pending, found: Found): void {
    if (pending.doomed) return;
    const match = { events: pending.events, keys: pending.key.values };
    const endMs = lastOf(pending).timeMs;
    const { leadingMs } = pending;
    if (!this.isMissingLast) {
      if (!this.isMissingFirst || endMs - leadingMs > this.maxSpanMs) found(match);
      return;
    }
    const fromMs = this.isMissingFirst ? leadingMs : pending.events[0]!.timeMs;
    const deadlineMs = fromMs + this.maxSpanMs;
    if (deadlineMs <= endMs) found(match);
    else this.absences.await({ key: pending.key.text, match, endMs, deadlineMs });
  }

  private evictExcess(): void {
    while (this.pending.size > this.mostHeld) this.evictFrom(this.pending);
    while (this.sightings.size > this.mostHeld) this.evictFrom(this.sightings);
    while (this.absences.size > this.mostHeld) this.evictFrom(this.absences);
  }

  /** Of what it holds most of. */
  evict(): void {
    const { pending, sightings, absences } = this;
    const [largest] = [pending, sightings, absences].sort((a, b) => b.size - a.size);
    if (largest !== undefined && largest.size > 0) this.evictFrom(largest);
  }

  private evictFrom(part: { evict(): void }): void {
    part.evict();
    this.evicted += 1;
  }

  save(codec: EventCodec): unknown {
    const events = (list: readonly Event[]): unknown[] => list.map((event) => codec.save(event));
    return {
      version: fingerprint(this.query),
      pending: [...this.pending].map((one) => ({
        keys: one.key.values.map(encodeScalar),
        events: events(one.events),
        leadingMs: finite(one.leadingMs),
        interruptedMs: finite(one.interruptedMs),
        doomed: one.doomed,
      })),
      sightings: this.sightings.save(),
      absences: this.absences.waiting.map(({ match, endMs, deadlineMs }) => ({
        keys: (match.keys as Key['values']).map(encodeScalar),
        events: events(match.events),
        endMs,
        deadlineMs,
      })),
      evicted: this.evicted,
    };
  }

  load(state: unknown, codec: EventCodec): boolean {
    const saved = state as SavedSequence | null;
    if (saved?.version !== fingerprint(this.query)) return false;
    const events = (list: readonly unknown[]): Event[] => list.map((event) => codec.load(event));
    this.evicted = saved.evicted;
    for (const one of saved.pending) {
      this.pending.start({
        key: loadKey(one.keys),
        events: events(one.events),
        leadingMs: one.leadingMs ?? Number.NEGATIVE_INFINITY,
        interruptedMs: one.interruptedMs ?? Number.POSITIVE_INFINITY,
        doomed: one.doomed,
        older: null,
        newer: null,
      });
    }
    this.sightings.load(saved.sightings);
    for (const one of saved.absences) {
      const key = loadKey(one.keys);
      const match = { events: events(one.events), keys: key.values };
      this.absences.await({ key: key.text, match, endMs: one.endMs, deadlineMs: one.deadlineMs });
    }
    return true;
  }
}

interface SavedSequence {
  readonly version: string;
  readonly pending: readonly {
    readonly keys: readonly string[];
    readonly events: readonly unknown[];
    readonly leadingMs: number | null;
    readonly interruptedMs: number | null;
    readonly doomed: boolean;
  }[];
  readonly sightings: unknown;
  readonly absences: readonly {
    readonly keys: readonly string[];
    readonly events: readonly unknown[];
    readonly endMs: number;
    readonly deadlineMs: number;
  }[];
  readonly evicted: number;
}

/** JSON has no infinities. */
function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function loadKey(keys: readonly string[]): Key {
  const values = keys.map(decodeScalar);
  return { text: keyText(values), values };
}

import type { Event } from '../../rule/index.ts';
import { compareEvents } from '../stream/order.ts';
import type { Key } from './keys.ts';

/** A sequence that has matched some of its steps. */
export interface Pending {
  readonly key: Key;
  /** One for each step that matched. */
  readonly events: Event[];
  /** When an event that must be missing before it last came; -Infinity when none did. */
  readonly leadingMs: number;
  /** When an event first came that must be missing before the next step; Infinity while none did. */
  interruptedMs: number;
  /** An event came between two steps that must be missing: it takes its place but never matches. */
  doomed: boolean;
  older: Pending | null;
  newer: Pending | null;
}

export function lastOf(pending: Pending): Event {
  return pending.events[pending.events.length - 1]!;
}

/**
 * The pending sequences of a rule: one for each key and step that they have reached, the newest, as in
 * Elasticsearch's `KeyToSequences`, where the newest sequence before an event takes it and those before it go.
 *
 * All of them are also linked from the oldest start to the newest, so that expiry and eviction look at the
 * oldest alone: what starts later expires later.
 */
export class PendingSequences {
  private readonly byKey = new Map<string, (Pending | undefined)[]>();
  private oldest: Pending | null = null;
  private newest: Pending | null = null;
  private count = 0;
  /** By the last step that matched: how many there are. */
  private readonly counts: number[] = [];

  get size(): number {
    return this.count;
  }

  /** Whether there is any whose last step is `step`. */
  isAt(step: number): boolean {
    return (this.counts[step] ?? 0) > 0;
  }

  /** The sequence with this key whose last step is `step`. */
  at(step: number, key: string): Pending | undefined {
    return this.byKey.get(key)?.[step];
  }

  /** Puts a new sequence in its place; it goes if there is one with a newer last event. */
  start(pending: Pending): void {
    if (!this.place(pending)) return;
    pending.older = this.newest;
    pending.newer = null;
    if (this.newest === null) this.oldest = pending;
    else this.newest.newer = pending;
    this.newest = pending;
    this.count += 1;
  }

  /** Adds an event to a sequence, which moves to the next step. */
  advance(pending: Pending, event: Event): void {
    this.clear(pending);
    pending.events.push(event);
    pending.interruptedMs = Number.POSITIVE_INFINITY;
    if (!this.place(pending)) this.unlink(pending);
  }

  /** Takes a sequence out. */
  remove(pending: Pending): void {
    this.clear(pending);
    this.unlink(pending);
  }

  /** Takes out all sequences of a key. */
  removeAll(key: string): void {
    for (const pending of this.byKey.get(key) ?? []) {
      if (pending === undefined) continue;
      this.add(pending, -1);
      this.unlink(pending);
    }
    this.byKey.delete(key);
  }

  /** Takes out the sequences that started before `startMs`, which later ones of the same start may outlive. */
  expire(startMs: number): void {
    while (this.oldest !== null && this.oldest.events[0]!.timeMs < startMs) this.remove(this.oldest);
  }

  evict(): void {
    if (this.oldest !== null) this.remove(this.oldest);
  }

  /** From the oldest start to the newest. */
  *[Symbol.iterator](): Iterator<Pending> {
    for (let one = this.oldest; one !== null; one = one.newer) yield one;
  }

  private place(pending: Pending): boolean {
    const step = pending.events.length - 1;
    let steps = this.byKey.get(pending.key.text);
    if (steps === undefined) {
      steps = [];
      this.byKey.set(pending.key.text, steps);
    }
    const other = steps[step];
    if (other !== undefined) {
      if (compareEvents(lastOf(other), lastOf(pending)) > 0) return false;
      this.add(other, -1);
      this.unlink(other);
    }
    steps[step] = pending;
    this.add(pending, 1);
    return true;
  }

  private add(pending: Pending, count: number): void {
    const step = pending.events.length - 1;
    this.counts[step] = (this.counts[step] ?? 0) + count;
  }

  private clear(pending: Pending): void {
    const steps = this.byKey.get(pending.key.text);
    if (steps === undefined) return;
    this.add(pending, -1);
    steps[pending.events.length - 1] = undefined;
    for (let i = 0; i < steps.length; i += 1) if (steps[i] !== undefined) return;
    this.byKey.delete(pending.key.text);
  }

  private unlink(pending: Pending): void {
    if (pending.older === null) this.oldest = pending.newer;
    else pending.older.newer = pending.newer;
    if (pending.newer === null) this.newest = pending.older;
    else pending.newer.older = pending.older;
    pending.older = null;
    pending.newer = null;
    this.count -= 1;
  }
}

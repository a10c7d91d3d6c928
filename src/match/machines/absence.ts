import type { Event } from '../../rule/index.ts';
import type { Found, Match } from './machine.ts';
import { Recency } from './recency.ts';

const NEVER = Number.NEGATIVE_INFINITY;

/** When an event that must be missing before a sequence was last seen, and when before that. */
interface Sighting {
  readonly lastMs: number;
  /** The time before `lastMs`, or -Infinity. */
  beforeMs: number;
}

/**
 * Remembers, for each key, when an event was last seen that must be missing before a sequence. Two times are
 * kept because an event at the same time as the sequence's first does not count. Keys not seen for the span are
 * forgotten.
 */
export class Sightings {
  private readonly byKey = new Recency<Sighting>();
  private readonly spanMs: number;

  constructor(spanMs: number) {
    this.spanMs = spanMs;
  }

  get size(): number {
    return this.byKey.size;
  }

  see(key: string, timeMs: number): void {
    const known = this.byKey.get(key);
    if (known === undefined || timeMs > known.lastMs) {
      this.byKey.touch(key, { lastMs: timeMs, beforeMs: known?.lastMs ?? NEVER });
    } else if (timeMs > known.beforeMs && timeMs < known.lastMs) {
      known.beforeMs = timeMs;
    }
  }

  /** The last time before `timeMs`; -Infinity when there is none. */
  lastBefore(key: string, timeMs: number): number {
    const known = this.byKey.get(key);
    if (known === undefined) return NEVER;
    if (known.lastMs < timeMs) return known.lastMs;
    return known.beforeMs < timeMs ? known.beforeMs : NEVER;
  }

  expire(nowMs: number): void {
    for (let { oldest } = this.byKey; oldest !== null; oldest = this.byKey.oldest) {
      if (oldest.value.lastMs + this.spanMs >= nowMs) return;
      this.byKey.delete(oldest.key);
    }
  }

  /** Forgets the key that was not seen for longest. */
  evict(): void {
    if (this.byKey.oldest !== null) this.byKey.delete(this.byKey.oldest.key);
  }

  save(): unknown {
    return [...this.byKey].map(([key, { lastMs, beforeMs }]) => [
      key,
      lastMs,
      Number.isFinite(beforeMs) ? beforeMs : null,
    ]);
  }

  load(saved: unknown): void {
    for (const [key, lastMs, beforeMs] of saved as [string, number, number | null][]) {
      this.byKey.touch(key, { lastMs, beforeMs: beforeMs ?? NEVER });
    }
  }
}

/** A sequence that is complete if no event that must be missing after it comes up to its deadline. */
export interface Awaiting {
  readonly key: string;
  readonly match: Match;
  readonly endMs: number;
  readonly deadlineMs: number;
}

/**
 * Sequences that wait for the absence of an event, by key and in the order of deadlines, then of completion.
 * Those that waited in vain stay in the queue until they are first or outnumber the others, so that ending one
 * costs no scan of all.
 */
export class Absences {
  private readonly byKey = new Map<string, Awaiting[]>();
  private readonly inVain = new Set<Awaiting>();
  private queue: Awaiting[] = [];

  get size(): number {
    return this.queue.length - this.inVain.size;
  }

  get waiting(): readonly Awaiting[] {
    return this.queue.filter((one) => !this.inVain.has(one));
  }

  await(sequence: Awaiting): void {
    const { queue } = this;
    let at = queue.length;
    while (at > 0 && queue[at - 1]!.deadlineMs > sequence.deadlineMs) at -= 1;
    queue.splice(at, 0, sequence);
    const same = this.byKey.get(sequence.key);
    if (same === undefined) this.byKey.set(sequence.key, [sequence]);
    else same.push(sequence);
  }

  /** An event that should have been missing: the sequences of its key that it ends wait in vain. */
  see(key: string, event: Event): void {
    const same = this.byKey.get(key);
    if (same === undefined) return;
    const left: Awaiting[] = [];
    for (const one of same) {
      if (event.timeMs <= one.endMs || event.timeMs > one.deadlineMs) left.push(one);
      else this.inVain.add(one);
    }
    if (left.length === same.length) return;
    this.replace(key, left);
    if (this.inVain.size > 100 && this.inVain.size > this.size) {
      this.queue = [...this.waiting];
      this.inVain.clear();
    }
  }

  /** Gives out the sequences whose deadline is over. */
  settle(nowMs: number, found: Found): void {
    for (;;) {
      const first = this.queue[0];
      if (first === undefined || first.deadlineMs >= nowMs) return;
      if (this.takeFirst()) found(first.match);
    }
  }

  /** Gives up the sequence with the first deadline. */
  evict(): void {
    while (this.queue.length > 0 && !this.takeFirst());
  }

  /** Removes the first, and says whether it still waited. */
  private takeFirst(): boolean {
    const first = this.queue.shift();
    if (first === undefined || this.inVain.delete(first)) return false;
    // The first to be due is nearly always the first of its key.
    const same = this.byKey.get(first.key) ?? [];
    same.splice(same.indexOf(first), 1);
    this.replace(first.key, same);
    return true;
  }

  private replace(key: string, left: Awaiting[]): void {
    if (left.length === 0) this.byKey.delete(key);
    else this.byKey.set(key, left);
  }
}

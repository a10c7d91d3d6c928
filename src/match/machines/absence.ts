import type { Event } from '../../rule/index.ts';
import { Heap } from '../stream/heap.ts';
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

interface Waiting extends Awaiting {
  /** Counts completed sequences. */
  readonly number: number;
  isOver: boolean;
}

/** Sequences that wait for the absence of an event, by key and in the order of deadlines, then of completion. */
export class Absences {
  private readonly byDeadline = new WaitingLine(byDeadline);
  private readonly byKey = new Map<string, WaitingLine>();
  private completed = 0;

  get size(): number {
    return this.byDeadline.size;
  }

  /** In their order. */
  get waiting(): readonly Awaiting[] {
    return this.byDeadline.waiting;
  }

  await(sequence: Awaiting): void {
    const one: Waiting = { ...sequence, number: this.completed, isOver: false };
    this.completed += 1;
    this.byDeadline.push(one);
    let same = this.byKey.get(one.key);
    if (same === undefined) {
      same = new WaitingLine(byEnd);
      this.byKey.set(one.key, same);
    }
    same.push(one);
  }

  /**
   * An event that should have been missing: the sequences of its key that were complete before it wait in vain.
   * Those whose deadline was before it must have been settled.
   */
  see(key: string, { timeMs }: Event): void {
    const same = this.byKey.get(key);
    if (same === undefined) return;
    for (let { first } = same; first !== undefined && first.endMs < timeMs; first = same.first)
      this.end(first);
  }

  /** Gives out the sequences whose deadline is over. */
  settle(nowMs: number, found: Found): void {
    for (;;) {
      const { first } = this.byDeadline;
      if (first === undefined || first.deadlineMs >= nowMs) return;
      this.end(first);
      found(first.match);
    }
  }

  /** Gives up the sequence with the first deadline. */
  evict(): void {
    const { first } = this.byDeadline;
    if (first !== undefined) this.end(first);
  }

  private end(one: Waiting): void {
    one.isOver = true;
    this.byDeadline.leave();
    const same = this.byKey.get(one.key);
    same?.leave();
    if (same?.size === 0) this.byKey.delete(one.key);
  }
}

const byDeadline = (a: Waiting, b: Waiting): number => a.deadlineMs - b.deadlineMs || a.number - b.number;
const byEnd = (a: Waiting, b: Waiting): number => a.endMs - b.endMs;

/** So many that are over may stand in a line, however few still wait. */
const MOST_OVER = 64;

/**
 * Sequences by one of their times. Each stands in two lines and leaves one of them from the middle: it stays there
 * until it is first, or until those that are over outnumber the others. So each costs log n steps, on average.
 */
class WaitingLine {
  private readonly heap: Heap<Waiting>;
  private readonly compare: (a: Waiting, b: Waiting) => number;
  private over = 0;

  constructor(compare: (a: Waiting, b: Waiting) => number) {
    this.compare = compare;
    this.heap = new Heap(compare);
  }

  get size(): number {
    return this.heap.size - this.over;
  }

  get first(): Waiting | undefined {
    for (;;) {
      const { first } = this.heap;
      if (!first?.isOver) return first;
      this.heap.shift();
      this.over -= 1;
    }
  }

  get waiting(): readonly Waiting[] {
    return [...this.heap].filter(({ isOver }) => !isOver).sort(this.compare);
  }

  push(one: Waiting): void {
    this.heap.push(one);
  }

  /** Says that one of these is over now. */
  leave(): void {
    this.over += 1;
    if (this.over <= MOST_OVER || this.over <= this.size) return;
    this.heap.keep(({ isOver }) => !isOver);
    this.over = 0;
  }
}

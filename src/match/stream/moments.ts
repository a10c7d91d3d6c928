import type { Event } from '../../rule/index.ts';
import { Heap } from './heap.ts';

/** All events of one time that wait for their place, together where they wait for the same. */
export class Moment<Reason> {
  readonly timeMs: number;
  readonly groups = new Map<Reason, Event[]>();
  size = 0;
  private lastReason: Reason | undefined;
  private lastGroup: Event[] = [];

  constructor(timeMs: number) {
    this.timeMs = timeMs;
  }

  push(event: Event, reason: Reason): void {
    this.size += 1;
    if (reason !== this.lastReason) {
      this.lastGroup = this.groupOf(reason);
      this.lastReason = reason;
    }
    this.lastGroup.push(event);
  }

  private groupOf(reason: Reason): Event[] {
    const known = this.groups.get(reason);
    if (known !== undefined) return known;
    const group: Event[] = [];
    this.groups.set(reason, group);
    return group;
  }
}

/**
 * Holds events until none of their time is expected any more, and gives out all of one time at once. osquery's events
 * have whole seconds, so there are few moments, however many events: to join one costs a step.
 */
export class Moments<Reason> {
  private readonly byTime = new Map<number, Moment<Reason>>();
  private readonly inTime = new Heap<Moment<Reason>>((a, b) => a.timeMs - b.timeMs);
  /** The one that an event was put in last: the next is mostly of the same time. */
  private last: Moment<Reason> | null = null;
  private count = 0;

  /** How many events wait. */
  get size(): number {
    return this.count;
  }

  push(event: Event, reason: Reason): void {
    this.count += 1;
    if (this.last === null || this.last.timeMs !== event.timeMs) this.last = this.momentOf(event.timeMs);
    this.last.push(event, reason);
  }

  private momentOf(timeMs: number): Moment<Reason> {
    const known = this.byTime.get(timeMs);
    if (known !== undefined) return known;
    const moment = new Moment<Reason>(timeMs);
    this.byTime.set(timeMs, moment);
    this.inTime.push(moment);
    return moment;
  }

  /** The oldest, if it is older than `beforeMs`. */
  take(beforeMs: number): Moment<Reason> | undefined {
    const { first } = this.inTime;
    if (first === undefined || first.timeMs >= beforeMs) return undefined;
    this.inTime.shift();
    this.byTime.delete(first.timeMs);
    if (this.last === first) this.last = null;
    this.count -= first.size;
    return first;
  }

  /** In no order. */
  [Symbol.iterator](): Iterator<Moment<Reason>> {
    return this.byTime.values();
  }
}

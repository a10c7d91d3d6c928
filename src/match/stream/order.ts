import type { Event } from '../../rule/index.ts';
import { Heap } from './heap.ts';
import { Line } from './line.ts';

/** Orders events by time, rank of their table and number: less than 0 when `a` comes first. */
export function compareEvents(a: Event, b: Event): number {
  return a.timeMs - b.timeMs || a.rank - b.rank || a.serial - b.serial;
}

/** What waits for its place in the order. */
export interface Ordered {
  readonly event: Event;
}

/** So many events in one place of the order are held against the next, to see whether it is one of them. */
const MOST_COMPARED = 16;

/** Lines in which events stand. */
const MOST_LINES = 4;

/**
 * Holds events until no older one is expected, and gives them out in order; a row that was read twice is given
 * once.
 *
 * Events come in order or as a few ordered streams, when one table was scanned after another: those stand in a few
 * lines, each in order, and joining and leaving one costs a step. What fits in none goes to a heap beside them, log
 * n for each; the oldest of all fronts is next.
 */
export class OrderBuffer<T extends Ordered> {
  private readonly lines = Array.from({ length: MOST_LINES }, () => new Line<T>());
  private readonly heap = new Heap<T>((a, b) => compareEvents(a.event, b.event));
  /** The last events taken, all in one place of the order. */
  private taken: Event[] = [];
  private count = 0;
  private readonly isSame: (a: Event, b: Event) => boolean;

  constructor(isSame: (a: Event, b: Event) => boolean) {
    this.isSame = isSame;
  }

  /** How many wait. */
  get size(): number {
    return this.count;
  }

  /** In no order. */
  get waiting(): readonly T[] {
    return [...this.lines.flatMap((line) => [...line]), ...this.heap];
  }

  push(item: T): void {
    this.count += 1;
    for (let i = 0; i < MOST_LINES; i += 1) {
      const line = this.lines[i]!;
      const newest = line.last;
      if (newest !== undefined && compareEvents(newest.event, item.event) > 0) continue;
      line.push(item);
      return;
    }
    this.heap.push(item);
  }

  /** The oldest, if it is older than `beforeMs`. */
  take(beforeMs: number): T | undefined {
    for (;;) {
      let first = this.heap.first;
      let from: Line<T> | null = null;
      for (let i = 0; i < MOST_LINES; i += 1) {
        const line = this.lines[i]!;
        const item = line.first;
        if (item === undefined) continue;
        if (first !== undefined && compareEvents(first.event, item.event) <= 0) continue;
        first = item;
        from = line;
      }
      if (first === undefined || first.event.timeMs >= beforeMs) return undefined;
      this.count -= 1;
      if (from === null) this.heap.shift();
      else from.shift();
      if (this.isNew(first.event)) return first;
    }
  }

  private isNew(event: Event): boolean {
    const [before] = this.taken;
    if (before === undefined || compareEvents(before, event) !== 0) {
      this.taken.length = 0;
      this.taken.push(event);
      return true;
    }
    if (this.taken.some((other) => this.isSame(other, event))) return false;
    if (this.taken.length < MOST_COMPARED) this.taken.push(event);
    return true;
  }
}

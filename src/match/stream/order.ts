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

/**
 * Holds events until no older one is expected, and gives them out in order; a row that was read twice is given
 * once.
 *
 * Nearly all events come in order: those stand in a line, and joining and leaving it cost one step. One that comes
 * behind a newer one goes to a heap beside it, log n for each; the older of the two fronts is next.
 */
export class OrderBuffer<T extends Ordered> {
  private readonly line = new Line<T>();
  private readonly heap = new Heap<T>((a, b) => compareEvents(a.event, b.event));
  /** The last events taken, all in one place of the order. */
  private taken: Event[] = [];
  private readonly isSame: (a: Event, b: Event) => boolean;

  constructor(isSame: (a: Event, b: Event) => boolean) {
    this.isSame = isSame;
  }

  get size(): number {
    return this.line.size + this.heap.size;
  }

  /** In no order. */
  get waiting(): readonly T[] {
    return [...this.line, ...this.heap];
  }

  push(item: T): void {
    const newest = this.line.last;
    if (newest === undefined || compareEvents(newest.event, item.event) <= 0) this.line.push(item);
    else this.heap.push(item);
  }

  /** The oldest, if it is older than `beforeMs`. */
  take(beforeMs: number): T | undefined {
    for (;;) {
      const inLine = this.line.first;
      const onHeap = this.heap.first;
      const isInLine =
        inLine !== undefined && (onHeap === undefined || compareEvents(inLine.event, onHeap.event) <= 0);
      const first = isInLine ? inLine : onHeap;
      if (first === undefined || first.event.timeMs >= beforeMs) return undefined;
      if (isInLine) this.line.shift();
      else this.heap.shift();
      if (this.isNew(first.event)) return first;
    }
  }

  private isNew(event: Event): boolean {
    const [before] = this.taken;
    if (before === undefined || compareEvents(before, event) !== 0) {
      this.taken = [event];
      return true;
    }
    if (this.taken.some((other) => this.isSame(other, event))) return false;
    if (this.taken.length < MOST_COMPARED) this.taken.push(event);
    return true;
  }
}

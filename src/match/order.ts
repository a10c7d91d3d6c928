import type { Event } from '../rule/index.ts';

/** Orders events by time, rank of their table and number: less than 0 when `a` comes first, 0 for the same row. */
export function compareEvents(a: Event, b: Event): number {
  return a.timeMs - b.timeMs || a.rank - b.rank || a.serial - b.serial;
}

/** What waits for its place in the order. */
export interface Ordered {
  readonly event: Event;
}

/**
 * Holds events until no older one is expected, and gives them out in order; of events with the same order key,
 * which are one row read twice, it gives the first alone. A binary heap: log n for each event.
 */
export class OrderBuffer<T extends Ordered> {
  private readonly heap: T[] = [];
  private last: Event | null = null;

  get size(): number {
    return this.heap.length;
  }

  /** In no order. */
  get waiting(): readonly T[] {
    return this.heap;
  }

  push(item: T): void {
    const { heap } = this;
    let at = heap.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (compareEvents(heap[parent]!.event, item.event) <= 0) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = item;
  }

  /** The oldest, if it is older than `beforeMs`; once only for each order key. */
  take(beforeMs: number): T | undefined {
    for (;;) {
      const first = this.heap[0];
      if (first === undefined || first.event.timeMs >= beforeMs) return undefined;
      this.removeFirst();
      if (this.last !== null && compareEvents(this.last, first.event) === 0) continue;
      this.last = first.event;
      return first;
    }
  }

  private removeFirst(): void {
    const { heap } = this;
    const moved = heap.pop()!;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && compareEvents(heap[child + 1]!.event, heap[child]!.event) < 0)
        child += 1;
      if (compareEvents(moved.event, heap[child]!.event) <= 0) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = moved;
  }
}

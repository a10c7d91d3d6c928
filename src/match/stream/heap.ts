/** A binary heap: `first` is the least, and to add or take one costs log n steps. */
export class Heap<T> {
  private items: T[] = [];
  /** Less than 0 when `a` comes first. */
  private readonly compare: (a: T, b: T) => number;

  constructor(compare: (a: T, b: T) => number) {
    this.compare = compare;
  }

  get size(): number {
    return this.items.length;
  }

  get first(): T | undefined {
    return this.items[0];
  }

  push(item: T): void {
    const { items, compare } = this;
    let at = items.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (compare(items[parent]!, item) <= 0) break;
      items[at] = items[parent]!;
      at = parent;
    }
    items[at] = item;
  }

  /** Removes the first. */
  shift(): void {
    const { items, compare } = this;
    const moved = items.pop();
    if (moved === undefined || items.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && compare(items[child + 1]!, items[child]!) < 0) child += 1;
      if (compare(moved, items[child]!) <= 0) break;
      items[at] = items[child]!;
      at = child;
    }
    items[at] = moved;
  }

  /** Removes all that do not pass. */
  keep(passes: (item: T) => boolean): void {
    // In order, a list is a heap.
    this.items = this.items.filter(passes).sort(this.compare);
  }

  /** In no order. */
  [Symbol.iterator](): Iterator<T> {
    return this.items[Symbol.iterator]();
  }
}

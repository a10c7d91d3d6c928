/** A line of items, the first in front: to join it at its end and to leave it in front cost one step on average. */
export class Line<T> {
  private items: T[] = [];
  /** What stands before this place has left. */
  private front = 0;

  get size(): number {
    return this.items.length - this.front;
  }

  get first(): T | undefined {
    return this.items[this.front];
  }

  get last(): T | undefined {
    return this.size > 0 ? this.items[this.items.length - 1] : undefined;
  }

  push(item: T): void {
    this.items.push(item);
  }

  /** Puts an item in its place in an ordered line, behind its equals: one step for each that it comes before. */
  insert(item: T, compare: (a: T, b: T) => number): void {
    let at = this.items.length;
    while (at > this.front && compare(this.items[at - 1]!, item) > 0) at -= 1;
    if (at === this.items.length) this.items.push(item);
    else this.items.splice(at, 0, item);
  }

  /** Removes the first, and moves the others up when half of the places are empty. */
  shift(): void {
    this.front += 1;
    if (this.front * 2 < this.items.length || (this.front < 64 && this.size > 0)) return;
    this.items = this.items.slice(this.front);
    this.front = 0;
  }

  clear(): void {
    this.items = [];
    this.front = 0;
  }

  /** From the first to the last. */
  *[Symbol.iterator](): Iterator<T> {
    for (let at = this.front; at < this.items.length; at += 1) yield this.items[at]!;
  }
}

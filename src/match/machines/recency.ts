interface Entry<Value> {
  readonly key: string;
  value: Value;
  older: Entry<Value> | null;
  newer: Entry<Value> | null;
}

/**
 * A map that knows which of its keys was touched longest ago. A `Map` keeps insertion order too, but finding its
 * first key walks over all that were deleted before it, thousands for each event where keys come and go; here
 * entries are linked, and every step costs the same however many there are.
 */
export class Recency<Value> {
  private readonly entries = new Map<string, Entry<Value>>();
  private first: Entry<Value> | null = null;
  private last: Entry<Value> | null = null;

  get size(): number {
    return this.entries.size;
  }

  get oldest(): { readonly key: string; readonly value: Value } | null {
    return this.first;
  }

  get(key: string): Value | undefined {
    return key === this.last?.key ? this.last.value : this.entries.get(key)?.value;
  }

  /** Sets the value and makes the key the newest. */
  touch(key: string, value: Value): void {
    if (this.last !== null && key === this.last.key) {
      this.last.value = value;
      return;
    }
    let entry = this.entries.get(key);
    if (entry === undefined) {
      entry = { key, value, older: null, newer: null };
      this.entries.set(key, entry);
    } else {
      entry.value = value;
      this.unlink(entry);
    }
    entry.older = this.last;
    if (this.last === null) this.first = entry;
    else this.last.newer = entry;
    this.last = entry;
  }

  delete(key: string): void {
    const entry = this.entries.get(key);
    if (entry === undefined) return;
    this.entries.delete(key);
    this.unlink(entry);
  }

  clear(): void {
    this.entries.clear();
    this.first = null;
    this.last = null;
  }

  /** From the oldest to the newest. */
  *[Symbol.iterator](): Iterator<readonly [string, Value]> {
    for (let entry = this.first; entry !== null; entry = entry.newer) yield [entry.key, entry.value];
  }

  private unlink(entry: Entry<Value>): void {
    if (entry.older === null) this.first = entry.newer;
    else entry.older.newer = entry.newer;
    if (entry.newer === null) this.last = entry.older;
    else entry.newer.older = entry.older;
    entry.older = null;
    entry.newer = null;
  }
}

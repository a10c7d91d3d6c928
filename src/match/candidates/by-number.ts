/** Told apart by identity; many may have had the number before, but no two that are in use at a time. */
interface Numbered {
  readonly number: number;
}

/** Remembers something for likenesses or frames. Bounded by those that are in use. */
export class ByNumber<Key extends Numbered, Value> {
  /** By turns a key and its value, side by side in memory. */
  private readonly known: (Key | Value | undefined)[] = [];

  get(key: Key): Value | undefined {
    const at = 2 * key.number;
    return this.known[at] === key ? (this.known[at + 1] as Value) : undefined;
  }

  set(key: Key, value: Value): void {
    const at = 2 * key.number;
    // Without holes: a list with many is a hash table.
    while (this.known.length <= at + 1) this.known.push(undefined);
    this.known[at] = key;
    this.known[at + 1] = value;
  }
}

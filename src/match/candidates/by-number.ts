/** Told apart by identity; many may have had the number before, but no two that are in use at a time. */
interface Numbered {
  readonly number: number;
}

/** Remembers something for likenesses or frames. Bounded by those that are in use. */
export class ByNumber<Key extends Numbered, Value> {
  private readonly known: ({ readonly key: Key; readonly value: Value } | undefined)[] = [];

  get(key: Key): Value | undefined {
    const known = this.known[key.number];
    return known !== undefined && known.key === key ? known.value : undefined;
  }

  set(key: Key, value: Value): void {
    // Without holes: a list with many is a hash table.
    while (this.known.length <= key.number) this.known.push(undefined);
    this.known[key.number] = { key, value };
  }
}

import type { ProcessRecord } from './record.ts';

/**
 * Records from the longest unused to the last used: a list that runs through the records themselves, so that
 * a use costs a few assignments. A record used lately is not moved again.
 */
export class UseOrder {
  #oldest: ProcessRecord | null = null;
  #newest: ProcessRecord | null = null;
  #tick = 0;
  #size = 0;
  readonly #lately: number;

  /** `lately`: additions after which a use counts anew. */
  constructor(lately: number) {
    this.#lately = lately;
  }

  get size(): number {
    return this.#size;
  }

  get oldest(): ProcessRecord | null {
    return this.#oldest;
  }

  add(record: ProcessRecord): void {
    record.usedAt = ++this.#tick;
    this.#size++;
    record.older = this.#newest;
    record.newer = null;
    if (this.#newest === null) this.#oldest = record;
    else this.#newest.newer = record;
    this.#newest = record;
  }

  remove(record: ProcessRecord): void {
    this.#unlink(record);
    this.#size--;
    record.usedAt = -1;
  }

  use(record: ProcessRecord): void {
    if (record.usedAt < 0 || this.#tick - record.usedAt < this.#lately) return;
    this.#unlink(record);
    this.#size--;
    this.add(record);
  }

  /** Makes it the first to go, until it is used again. */
  demote(record: ProcessRecord): void {
    if (record.usedAt < 0 || record === this.#oldest) return;
    this.#unlink(record);
    record.usedAt = 0;
    record.older = null;
    record.newer = this.#oldest;
    if (this.#oldest === null) this.#newest = record;
    else this.#oldest.older = record;
    this.#oldest = record;
  }

  #unlink(record: ProcessRecord): void {
    if (record.older === null) this.#oldest = record.newer;
    else record.older.newer = record.newer;
    if (record.newer === null) this.#newest = record.older;
    else record.newer.older = record.older;
    record.older = null;
    record.newer = null;
  }

  *[Symbol.iterator](): Generator<ProcessRecord> {
    for (let record = this.#oldest; record !== null; record = record.newer) yield record;
  }
}

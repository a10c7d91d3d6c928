import { DEPTH } from './kinship.ts';
import type { ProcessRecord } from './record.ts';
import { UseOrder } from './use-order.ts';

/** Characters held, for each process of the capacity. */
const CHARACTERS_EACH = 300;

/**
 * The records that a tree holds, by pid and in the order of use.
 *
 * Bounded in records and in characters, the longest unused going first and the exited before all. A dropped
 * record loses its own parent, so that children that still refer to it keep one record more, not a chain.
 */
export class HeldRecords {
  readonly #capacity: number;
  readonly #byPid = new Map<number, ProcessRecord>();
  readonly #order: UseOrder;
  #weight = 0;
  #evicted = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#order = new UseOrder(capacity >> 3);
  }

  get size(): number {
    return this.#order.size;
  }

  get evicted(): number {
    return this.#evicted;
  }

  /** What runs, or last ran, in the pid. */
  get(pid: number): ProcessRecord | undefined {
    return this.#byPid.get(pid);
  }

  /** One record for each pid. */
  get current(): Iterable<ProcessRecord> {
    return this.#byPid.values();
  }

  /** All of them, the longest unused first. */
  get all(): Iterable<ProcessRecord> {
    return this.#order;
  }

  /** Adds a record as the one of its pid; the one before has exited, unless this one goes on from it. */
  enter(record: ProcessRecord): void {
    const before = this.#byPid.get(record.pid);
    if (before !== undefined && before !== record.previous) before.exited = true;
    this.#byPid.set(record.pid, record);
    this.addPast(record);
  }

  /** Adds a record of what ran before in a pid. */
  addPast(record: ProcessRecord): void {
    this.#add(record);
    this.#shrink();
  }

  replaceAll(records: Iterable<{ readonly record: ProcessRecord; readonly current: boolean }>): void {
    while (this.#order.oldest !== null) this.#drop(this.#order.oldest);
    for (const { record, current } of records) {
      this.#add(record);
      if (current) this.#byPid.set(record.pid, record);
    }
    this.#shrink();
  }

  use(record: ProcessRecord): void {
    this.#order.use(record);
  }

  useAncestry(record: ProcessRecord): void {
    let one: ProcessRecord | null = record;
    for (let depth = 0; one !== null && depth < DEPTH; depth++, one = one.parent) this.#order.use(one);
  }

  markExited(record: ProcessRecord): void {
    record.exited = true;
    this.#order.demote(record);
  }

  #add(record: ProcessRecord): void {
    this.#order.add(record);
    this.#weight += record.weight;
  }

  #shrink(): void {
    const most = this.#capacity * CHARACTERS_EACH;
    while ((this.#order.size > this.#capacity || this.#weight > most) && this.#order.size > 1) {
      this.#evicted++;
      this.#drop(this.#order.oldest!);
    }
  }

  #drop(record: ProcessRecord): void {
    this.#order.remove(record);
    this.#weight -= record.weight;
    if (this.#byPid.get(record.pid) === record) this.#byPid.delete(record.pid);
    record.parent = null;
    record.previous = null;
  }
}

import type { FedRow, KeptEvents } from './sql/messages.ts';

/**
 * Gives events what core gives them when it stores them: `eid`, ten digits that rise by one per table, and `time`, the
 * second of the storing. Recorded events keep theirs; then the numbers go on from there.
 */
export class EventNumbers {
  readonly #last = new Map<string, number>();
  readonly #counts = new Map<string, number>();

  /** Throws when an eid does not rise. */
  number(table: string, rows: readonly FedRow[], unixTime: number): readonly FedRow[] {
    let last = this.#last.get(table) ?? 0;
    const numbered = rows.map((row) => {
      const eid = row['eid'] === undefined ? last + 1 : Number(String(row['eid']));
      if (!(eid > last)) throw new Error(`${table}: eid ${row['eid']} does not come after ${last}`);
      last = eid;
      return { ...row, eid: String(eid).padStart(10, '0'), time: row['time'] ?? unixTime };
    });
    this.#last.set(table, last);
    this.#counts.set(table, this.countOf(table) + rows.length);
    return numbered;
  }

  /** Goes on behind events that were stored before. */
  resume(table: string, { lastEid, count }: KeptEvents): void {
    this.#last.set(table, lastEid);
    this.#counts.set(table, count);
  }

  countOf(table: string): number {
    return this.#counts.get(table) ?? 0;
  }
}

/** Counts what became of rows. */
export class Tally {
  readonly rows: Record<string, number> = {};
  readonly rejected: Record<string, number> = {};
  readonly repaired: Record<string, number> = {};
  cut = 0;

  row(table: string): void {
    this.rows[table] = (this.rows[table] ?? 0) + 1;
  }

  reject(reason: string): null {
    this.rejected[reason] = (this.rejected[reason] ?? 0) + 1;
    return null;
  }

  repair(reason: string): void {
    this.repaired[reason] = (this.repaired[reason] ?? 0) + 1;
  }
}

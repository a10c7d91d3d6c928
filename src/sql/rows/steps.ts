/**
 * Selects one after the other, each from the one before, as a flat WITH: nested in each other as subqueries they
 * would overflow the parser of an older SQLite, whose stack has 100 places.
 */
export class Steps {
  readonly #tables: readonly string[];
  /** What the next step selects from. */
  readonly last: string;

  private constructor(tables: readonly string[], last: string) {
    this.#tables = tables;
    this.last = last;
  }

  static from(table: string): Steps {
    return new Steps([], table);
  }

  /** Goes on with a select from `last`. */
  select(select: string): Steps {
    const name = `s${this.#tables.length}`;
    return new Steps([...this.#tables, `${name} AS (${select})`], name);
  }

  /** Gives later steps a table of fixed rows. */
  values(name: string, columns: readonly string[], rows: string): Steps {
    return new Steps([...this.#tables, `${name}(${columns.join(', ')}) AS (VALUES ${rows})`], this.last);
  }

  /** A query that ends with a select from `last`. */
  query(select: string): string {
    return this.#tables.length === 0 ? select : `WITH ${this.#tables.join(', ')} ${select}`;
  }
}

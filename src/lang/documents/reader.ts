import { RuleError, suggest } from '../../text/index.ts';
import { type Document, isTable, type Path, type Table } from './document.ts';

/** A key's value is of the wrong type, missing, or not one of those it may be. */
const CODE = 'RULE_KEY';
/** Tables inside of tables; filters and exceptions nest as deeply as their author likes, and are read by recursion. */
const DEEPEST = 64;

interface Bounds {
  readonly least?: number;
  readonly most?: number;
  readonly whole?: boolean;
}

/**
 * Reads the keys of one table of a document by their types; a value of another type is a RuleError at its place
 * that says what was expected. A key whose value is null is missing. Without a fallback, missing is an error
 * too. Remembers what was asked for, so that unknown keys can be told.
 */
export class Reader {
  readonly document: Document;
  readonly path: Path;
  readonly table: Table;
  readonly #asked = new Set<string>();

  constructor(document: Document, path: Path = [], table: Table = document.value) {
    this.document = document;
    this.path = path;
    this.table = table;
  }

  has(key: string): boolean {
    return this.raw(key) !== undefined;
  }

  raw(key: string): unknown {
    this.#asked.add(key);
    return Object.hasOwn(this.table, key) ? (this.table[key] ?? undefined) : undefined;
  }

  /** A text; one that must be there must also say something. */
  text<T = never>(key: string, ...fallback: [T?]): string | T {
    const mustSay = fallback.length === 0;
    return this.#typed(key, fallback, mustSay ? 'a text that is not empty' : 'a text', (value) =>
      typeof value === 'string' && (!mustSay || value.trim() !== '') ? value : undefined,
    );
  }

  number<T = never>(key: string, bounds: Bounds, ...fallback: [T?]): number | T {
    const { least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY, whole = false } = bounds;
    const noun = whole ? 'a whole number' : 'a number';
    const range =
      most < Number.POSITIVE_INFINITY
        ? ` from ${least} to ${most}`
        : least > Number.NEGATIVE_INFINITY
          ? ` of ${least} or more`
          : '';
    return this.#typed(key, fallback, noun + range, (value) => {
      const number = typeof value === 'bigint' ? Number(value) : value;
      if (typeof number !== 'number' || !(number >= least && number <= most)) return undefined;
      return whole && !Number.isInteger(number) ? undefined : number;
    });
  }

  boolean<T = never>(key: string, ...fallback: [T?]): boolean | T {
    return this.#typed(key, fallback, 'true or false', (value) =>
      typeof value === 'boolean' ? value : undefined,
    );
  }

  /** A list of texts; one text alone is a list of it. */
  texts<T = never>(key: string, ...fallback: [T?]): readonly string[] | T {
    return this.#typed(key, fallback, 'a list of texts', (value) => {
      const list = typeof value === 'string' ? [value] : value;
      return Array.isArray(list) && list.every((one) => typeof one === 'string') ? list : undefined;
    });
  }

  choice<C extends string, T = never>(key: string, choices: readonly C[], ...fallback: [T?]): C | T {
    return this.#typed(
      key,
      fallback,
      `one of ${choices.map((choice) => `"${choice}"`).join(', ')}`,
      (value) => choices.find((choice) => choice === value),
      (value) => (typeof value === 'string' ? suggest(value, choices) : undefined),
    );
  }

  /** What `parse` makes of a text; `expected` says what it takes. */
  parsed<P, T = never>(
    key: string,
    how: { readonly expected: string; readonly parse: (text: string) => P | undefined },
    ...fallback: [T?]
  ): P | T {
    return this.#typed(key, fallback, how.expected, (value) =>
      typeof value === 'string' ? how.parse(value) : undefined,
    );
  }

  inner<T = never>(key: string, ...fallback: [T?]): Reader | T {
    return this.#typed(key, fallback, 'a table', (value) =>
      isTable(value) ? this.#at(value, key) : undefined,
    );
  }

  /** A list of tables; one table alone is a list of it. Missing is none. */
  list(key: string): readonly Reader[] {
    return this.#typed(key, [[]], 'a list of tables', (value) => {
      if (isTable(value)) return [this.#at(value, key)];
      if (!Array.isArray(value) || !value.every(isTable)) return undefined;
      return value.map((table: Table, index) => this.#at(table, key, index));
    });
  }

  /** Keys of the table that nobody asked for. */
  unknownKeys(): readonly string[] {
    return Object.keys(this.table).filter((key) => !this.#asked.has(key));
  }

  /** `Did you mean "x"?`, when a key that was asked for is near. */
  suggestKey(key: string): string | undefined {
    return suggest(key, this.#asked);
  }

  /** The error of a key's value, at its place, or of the whole table without a key. */
  error(
    key: string | null,
    message: string,
    extra: { code?: string; hint?: string | undefined } = {},
  ): RuleError {
    const { start, end } = this.document.place(key === null ? this.path : [...this.path, key]);
    const { code = CODE, hint } = extra;
    const { source } = this.document;
    return new RuleError(message, {
      code,
      source,
      span: { start, end },
      ...(hint === undefined ? {} : { hint }),
    });
  }

  #at(table: Table, ...path: Path): Reader {
    if (this.path.length + path.length > DEEPEST) {
      throw this.error(null, `Tables nest more than ${DEEPEST} deep.`, { code: 'RULE_LIMIT' });
    }
    return new Reader(this.document, [...this.path, ...path], table);
  }

  #typed<V, T>(
    key: string,
    fallback: readonly [T?],
    expected: string,
    read: (value: unknown) => V | undefined,
    hint: (value: unknown) => string | undefined = () => undefined,
  ): V | T {
    const value = this.raw(key);
    if (value === undefined) {
      if (fallback.length > 0) return fallback[0] as T;
      throw this.error(key, `Expected "${key}", ${expected}; it is missing.`);
    }
    const found = read(value);
    if (found !== undefined) return found;
    throw this.error(key, `Expected "${key}" to be ${expected}, found ${describe(value)}.`, {
      hint: hint(value),
    });
  }
}

function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint')
    return String(value);
  if (Array.isArray(value)) return 'a list';
  return value instanceof Date ? 'a date' : 'a table';
}

import type { Path, Place } from './document.ts';

const BLANK = /[ \t\r\n]/;
const SCALAR_END = /[,\]}\r\n#]/;
const BARE_KEY = /[A-Za-z0-9_-]/;

/**
 * Finds where the values of a TOML text are written; the parser that reads them does not say. The text must have
 * been parsed before: what is malformed is not noticed here, and ends the search. One pass over the text.
 */
export function findTomlPlaces(text: string): (path: Path) => Place {
  const places = new Map<string, Place>([[keyOf([]), { start: 0, end: 0 }]]);
  try {
    new Scanner(text, places).scan();
  } catch (error) {
    if (!(error instanceof Lost)) throw error;
  }
  return (path) => {
    for (let length = path.length; length > 0; length -= 1) {
      const place = places.get(keyOf(path.slice(0, length)));
      if (place !== undefined) return length === path.length ? place : { start: place.start, end: place.end };
    }
    return places.get(keyOf([]))!;
  };
}

/** The text is not the TOML that it was taken for. */
class Lost extends Error {}

function keyOf(path: Path): string {
  return JSON.stringify(path);
}

class Scanner {
  readonly #text: string;
  readonly #places: Map<string, Place>;
  /** How many tables an array of tables has so far. */
  readonly #counts = new Map<string, number>();
  #at = 0;

  constructor(text: string, places: Map<string, Place>) {
    this.#text = text;
    this.#places = places;
  }

  scan(): void {
    let table: Path = [];
    for (;;) {
      this.#skipBlank();
      if (this.#at >= this.#text.length) return;
      if (this.#text[this.#at] === '[') table = this.#header();
      else this.#pair(table);
    }
  }

  /** `[a.b]` or `[[a.b]]`: gives the path of the table that it opens. */
  #header(): Path {
    const start = this.#at;
    const array = this.#text.startsWith('[[', start);
    this.#at += array ? 2 : 1;
    const keys = this.#dottedKey();
    this.#at = this.#text.indexOf(']', this.#at) + (array ? 2 : 1);
    if (this.#at <= start) throw new Lost();
    let path: Path = [];
    keys.forEach((key, i) => {
      path = [...path, key];
      const last = i === keys.length - 1;
      if (array && last) {
        const index = this.#counts.get(keyOf(path)) ?? 0;
        this.#counts.set(keyOf(path), index + 1);
        if (index === 0) this.#places.set(keyOf(path), { start, end: this.#at });
        path = [...path, index];
      } else if (this.#counts.has(keyOf(path))) {
        path = [...path, this.#counts.get(keyOf(path))! - 1];
      } else if (!this.#places.has(keyOf(path))) {
        this.#places.set(keyOf(path), { start, end: this.#at });
      }
    });
    this.#places.set(keyOf(path), { start, end: this.#at });
    return path;
  }

  /** `a.b = value` */
  #pair(table: Path): void {
    const start = this.#at;
    const keys = this.#dottedKey();
    if (this.#text[this.#at] !== '=') throw new Lost();
    this.#at += 1;
    keys.forEach((_, i) => {
      const outer = keyOf([...table, ...keys.slice(0, i)]);
      if (!this.#places.has(outer)) this.#places.set(outer, { start, end: this.#at });
    });
    this.#value([...table, ...keys]);
  }

  #value(path: Path): void {
    this.#skipBlank();
    const start = this.#at;
    const first = this.#text[start];
    let unitAt: Place['unitAt'];
    if (first === '"' || first === "'") {
      this.#at = endOfString(this.#text, start);
      unitAt = unitsOf(this.#text, start, this.#at);
    } else if (first === '[') {
      this.#array(path);
    } else if (first === '{') {
      this.#inlineTable(path);
    } else {
      while (this.#at < this.#text.length && !SCALAR_END.test(this.#text[this.#at]!)) this.#at += 1;
      if (this.#at === start) throw new Lost();
    }
    const place = { start, end: this.#at };
    this.#places.set(keyOf(path), unitAt === undefined ? place : { ...place, unitAt });
  }

  #array(path: Path): void {
    this.#at += 1;
    for (let index = 0; ; ) {
      this.#skipBlank();
      const next = this.#text[this.#at];
      if (next === undefined) throw new Lost();
      if (next === ']') break;
      if (next === ',') this.#at += 1;
      else this.#value([...path, index++]);
    }
    this.#at += 1;
  }

  #inlineTable(path: Path): void {
    this.#at += 1;
    for (;;) {
      this.#skipBlank();
      const next = this.#text[this.#at];
      if (next === undefined) throw new Lost();
      if (next === '}') break;
      if (next === ',') this.#at += 1;
      else this.#pair(path);
    }
    this.#at += 1;
  }

  #dottedKey(): readonly string[] {
    const keys: string[] = [];
    for (;;) {
      this.#skipBlank();
      keys.push(this.#key());
      this.#skipBlank();
      if (this.#text[this.#at] !== '.') return keys;
      this.#at += 1;
    }
  }

  #key(): string {
    const start = this.#at;
    const first = this.#text[start];
    if (first === '"' || first === "'") {
      this.#at = endOfString(this.#text, start);
      return decode(this.#text, start, this.#at).value;
    }
    while (this.#at < this.#text.length && BARE_KEY.test(this.#text[this.#at]!)) this.#at += 1;
    if (this.#at === start) throw new Lost();
    return this.#text.slice(start, this.#at);
  }

  /** White space, line ends and comments. */
  #skipBlank(): void {
    for (;;) {
      const next = this.#text[this.#at];
      if (next === undefined) return;
      if (next === '#') {
        const end = this.#text.indexOf('\n', this.#at);
        this.#at = end < 0 ? this.#text.length : end;
      } else if (BLANK.test(next)) this.#at += 1;
      else return;
    }
  }
}

/** The offset after the string that begins at `start`, in any of TOML's four kinds. */
function endOfString(text: string, start: number): number {
  const quote = text[start]!;
  const long = text.startsWith(quote.repeat(3), start);
  const closing = long ? quote.repeat(3) : quote;
  let at = start + closing.length;
  while (!text.startsWith(closing, at)) {
    if (at >= text.length) throw new Lost();
    at += quote === '"' && text[at] === '\\' ? 2 : 1;
  }
  at += closing.length;
  // Up to two quotes may stand before the closing three, and belong to the value.
  for (let extra = 0; long && extra < 2 && text[at] === quote; extra += 1) at += 1;
  return at;
}

function unitsOf(text: string, start: number, end: number): (unit: number) => number {
  let offsets: readonly number[] | undefined;
  return (unit) => {
    offsets ??= decode(text, start, end).offsets;
    return offsets[Math.max(0, Math.min(unit, offsets.length - 1))]!;
  };
}

const ESCAPES: Readonly<Record<string, string>> = {
  b: '\b',
  t: '\t',
  n: '\n',
  f: '\f',
  r: '\r',
  e: '\u001b',
  '"': '"',
  '\\': '\\',
};
const HEX_DIGITS: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

/** A string's value, and the offset in the text of each of its units and of its end. */
export function decode(
  text: string,
  start: number,
  end: number,
): { readonly value: string; readonly offsets: readonly number[] } {
  const quote = text[start]!;
  const long = end - start >= 6 && text.startsWith(quote.repeat(3), start);
  const last = end - (long ? 3 : 1);
  let at = start + (long ? 3 : 1);
  if (long) at += text.startsWith('\r\n', at) ? 2 : text[at] === '\n' ? 1 : 0;
  const offsets: number[] = [];
  let value = '';
  const put = (units: string, from: number): void => {
    for (let i = 0; i < units.length; i += 1) offsets.push(from);
    value += units;
  };
  while (at < last) {
    const unit = text[at]!;
    if (quote === "'" || unit !== '\\') {
      put(unit, at);
      at += 1;
      continue;
    }
    const escaped = text[at + 1]!;
    const digits = HEX_DIGITS[escaped];
    if (digits !== undefined) {
      put(String.fromCodePoint(Number.parseInt(text.slice(at + 2, at + 2 + digits), 16)), at);
      at += 2 + digits;
    } else if (ESCAPES[escaped] !== undefined) {
      put(ESCAPES[escaped], at);
      at += 2;
    } else {
      at += 1;
      while (at < last && BLANK.test(text[at]!)) at += 1;
    }
  }
  offsets.push(last);
  return { value, offsets };
}

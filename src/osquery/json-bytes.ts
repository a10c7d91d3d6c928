/** A JSON value whose strings are bytes; names in objects are text. */
export type JsonBytes = null | boolean | number | Buffer | readonly JsonBytes[] | JsonObject;
export type JsonObject = ReadonlyMap<string, JsonBytes>;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const MOST_DEPTH = 32;
const WORDS: readonly (readonly [string, null | boolean])[] = [
  ['null', null],
  ['true', true],
  ['false', false],
];
/** By the byte after a backslash: the byte that both mean; 0 where there is none. */
const ESCAPES = new Uint8Array(256);
for (const pair of ['""', '\\\\', '//', 'b\b', 'f\f', 'n\n', 'r\r', 't\t']) {
  ESCAPES[pair.charCodeAt(0)] = pair.charCodeAt(1);
}

/**
 * Reads JSON from bytes and keeps strings as bytes, escapes undone.
 *
 * `JSON.parse` wants text, and decoding replaces invalid UTF-8, which osquery puts into its JSON as it comes: an
 * expression echoed after that would no longer be the one that SQLite compares with. Linear, depth at most 32.
 * Strings are parts of the bytes given, which are written over where they have escapes: a batch is megabytes, and a
 * copy of them costs more than the reading. Throws `SyntaxError` with the byte where the text stops being JSON.
 */
export function parseJsonBytes(bytes: Buffer): JsonBytes {
  const parser = new Parser(bytes);
  const value = parser.value(0);
  parser.end();
  return value;
}

/** How far escapes are undone: the byte to read next, and where what it means goes. */
interface Undone {
  at: number;
  end: number;
}

/** Bytes that are undone at a time. */
const CHUNK = 16_384;

/**
 * Goes on to a quote or to an escape that is not plain, and is then true, or for so many bytes: a function that is called
 * often is compiled better than one that is called once for megabytes.
 */
function undoSome(bytes: Buffer, undone: Undone): boolean {
  let { at, end } = undone;
  const until = Math.min(bytes.length, at + CHUNK);
  while (at < until) {
    const byte = bytes[at]!;
    if (byte === QUOTE) break;
    if (byte !== BACKSLASH) {
      bytes[end++] = byte;
      at++;
      continue;
    }
    const plain = ESCAPES[bytes[at + 1] ?? 0]!;
    if (plain === 0) break;
    bytes[end++] = plain;
    at += 2;
  }
  undone.at = at;
  undone.end = end;
  return at < until;
}

class Parser {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  value(depth: number): JsonBytes {
    if (depth > MOST_DEPTH) throw this.#unexpected('less nesting');
    switch (this.#peek()) {
      case '{':
        return this.#object(depth);
      case '[':
        return this.#array(depth);
      case '"':
        return this.#string();
      default:
        return this.#wordOrNumber();
    }
  }

  end(): void {
    if (this.#peek() !== '') throw this.#unexpected('the end');
  }

  #object(depth: number): JsonObject {
    const members = new Map<string, JsonBytes>();
    this.#items('}', () => {
      if (this.#peek() !== '"') throw this.#unexpected('a name');
      const name = this.#string().toString();
      if (this.#peek() !== ':') throw this.#unexpected('":"');
      this.#at++;
      members.set(name, this.value(depth + 1));
    });
    return members;
  }

  #array(depth: number): readonly JsonBytes[] {
    const elements: JsonBytes[] = [];
    this.#items(']', () => elements.push(this.value(depth + 1)));
    return elements;
  }

  #items(close: string, item: () => void): void {
    this.#at++;
    if (this.#peek() === close) {
      this.#at++;
      return;
    }
    for (;;) {
      item();
      const next = this.#peek();
      if (next !== ',' && next !== close) throw this.#unexpected(`"," or "${close}"`);
      this.#at++;
      if (next === close) return;
    }
  }

  #string(): Buffer {
    const bytes = this.#bytes;
    const start = this.#at + 1;
    let end = start;
    while (end < bytes.length && bytes[end] !== QUOTE && bytes[end] !== BACKSLASH) end++;
    if (bytes[end] === BACKSLASH) return this.#unescape(start, end);
    if (end >= bytes.length) throw this.#unexpected('the end of this string');
    this.#at = end + 1;
    return bytes.subarray(start, end);
  }

  /**
   * A string whose first backslash is known: a batch has two for each value, so all is done in one pass, and in
   * place, since what an escape means is never longer than it.
   */
  #unescape(start: number, firstEscape: number): Buffer {
    const bytes = this.#bytes;
    const undone: Undone = { at: firstEscape, end: firstEscape };
    while (undone.at < bytes.length) {
      if (!undoSome(bytes, undone)) continue;
      if (bytes[undone.at] === QUOTE) {
        this.#at = undone.at + 1;
        return bytes.subarray(start, undone.end);
      }
      const text = this.#unicode(undone.at + 1, bytes.length);
      undone.end += bytes.write(text, undone.end);
      undone.at += 6 * text.length;
    }
    this.#at = start - 1;
    throw this.#unexpected('the end of this string');
  }

  /** The `uXXXX` at the byte, or the pair of them that makes one character. A surrogate alone becomes U+FFFD when written. */
  #unicode(at: number, end: number): string {
    const one = /^u([0-9a-fA-F]{4})(?:\\u([dD][c-fC-F][0-9a-fA-F]{2}))?/.exec(
      this.#bytes.toString('latin1', at, Math.min(at + 11, end)),
    );
    if (one === null) {
      this.#at = at;
      throw this.#unexpected('an escape');
    }
    const high = Number.parseInt(one[1]!, 16);
    const paired = one[2] !== undefined && high >= 0xd800 && high <= 0xdbff;
    return String.fromCharCode(high, ...(paired ? [Number.parseInt(one[2]!, 16)] : []));
  }

  #wordOrNumber(): null | boolean | number {
    for (const [word, value] of WORDS) {
      if (this.#bytes.toString('latin1', this.#at, this.#at + word.length) === word) {
        this.#at += word.length;
        return value;
      }
    }
    return this.#number();
  }

  #number(): number {
    const digits = /^-?\d[\d.eE+-]*/.exec(this.#bytes.toString('latin1', this.#at, this.#at + 64))?.[0];
    if (digits === undefined || Number.isNaN(Number(digits))) throw this.#unexpected('a value');
    this.#at += digits.length;
    return Number(digits);
  }

  /** The character after white space, empty at the end. */
  #peek(): string {
    const bytes = this.#bytes;
    while (
      bytes[this.#at] === 0x20 ||
      bytes[this.#at] === 0x0a ||
      bytes[this.#at] === 0x0d ||
      bytes[this.#at] === 0x09
    ) {
      this.#at++;
    }
    return this.#at < bytes.length ? String.fromCharCode(bytes[this.#at]!) : '';
  }

  #unexpected(wanted: string): SyntaxError {
    return new SyntaxError(`malformed JSON at byte ${this.#at}: expected ${wanted}`);
  }
}

import { SharedTexts } from '../../text/index.ts';
import type { Rows, RowValues } from './rows.ts';

/** Rows of a JSON text, and the object that stands before them. */
export interface FoundRows {
  readonly header: unknown;
  readonly rows: Rows;
}

const [SPACE, NEWLINE, RETURN, TAB] = [0x20, 0x0a, 0x0d, 0x09];
const [QUOTE, BACKSLASH, COMMA, MINUS, ZERO, NINE] = [0x22, 0x5c, 0x2c, 0x2d, 0x30, 0x39];
const [OPEN, CLOSE, OPEN_OBJECT, CLOSE_OBJECT, LETTER_U] = [0x5b, 0x5d, 0x7b, 0x7d, 0x75];
const WORDS: readonly Uint8Array[] = ['null', 'true', 'false'].map((word) => Buffer.from(word));
/** Bytes that may come after a backslash in JSON, `u` and its digits apart. */
const ESCAPED = new Set(Buffer.from('"\\/bfnrt'));
const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;
/** So many digits are a number without loss. */
const SAFE_DIGITS = 15;
const LEAST_ROW_BYTES = 64;

const UTF8 = new TextDecoder('utf-8');

/** The programs, folders and most command lines of a batch were in the batches before, and are kept in the tree. */
const TEXTS = new SharedTexts();

/**
 * Finds the rows of a JSON array of arrays of texts, numbers and words, whose first element may be an object, without
 * reading them: what is read of a row is garbage while it is new, when it is read just before it is looked at.
 *
 * Null for all else, also where it is JSON: nothing that is found here fails when it is read. The bytes are the rows'
 * from here on: nobody else may read or write them.
 */
export function findRows(bytes: Uint8Array): FoundRows | null {
  let at = pastSpace(bytes, 0);
  if (bytes[at] !== OPEN) return null;
  at = pastSpace(bytes, at + 1);
  let header: unknown;
  if (bytes[at] === OPEN_OBJECT) {
    const end = pastObject(bytes, at);
    if (end < 0) return null;
    header = parseOrUndefined(bytes, at, end);
    if (header === undefined) return null;
    at = pastSpace(bytes, end);
  }
  const ends = new Ends(bytes.length / LEAST_ROW_BYTES);
  while (bytes[at] !== CLOSE) {
    if (header !== undefined || ends.length > 0) {
      if (bytes[at] !== COMMA) return null;
      at = pastSpace(bytes, at + 1);
    }
    const end = bytes[at] === OPEN ? pastRow(bytes, at) : -1;
    if (end < 0) return null;
    ends.add(at, end);
    at = pastSpace(bytes, end);
  }
  if (pastSpace(bytes, at + 1) < bytes.length) return null;
  return { header, rows: new JsonRows(bytes, ends) };
}

class JsonRows implements Rows {
  readonly #bytes: Uint8Array;
  readonly #ends: Ends;

  constructor(bytes: Uint8Array, ends: Ends) {
    this.#bytes = bytes;
    this.#ends = ends;
  }

  get length(): number {
    return this.#ends.length;
  }

  /** The bytes around the rows become brackets for the while, so that they are an array. */
  read(from: number, to: number): readonly RowValues[] {
    if (from >= to) return [];
    const bytes = this.#bytes;
    const [start, end] = [this.#ends.start(from) - 1, this.#ends.end(to - 1)];
    const [before, after] = [bytes[start]!, bytes[end]!];
    bytes[start] = OPEN;
    bytes[end] = CLOSE;
    const text = UTF8.decode(bytes.subarray(start, end + 1));
    bytes[start] = before;
    bytes[end] = after;
    return sharing(JSON.parse(text));
  }

  numbers(column: number): Float64Array {
    const numbers = new Float64Array(this.length);
    for (let row = 0; row < this.length; row += 1) numbers[row] = this.#number(row, column);
    return numbers;
  }

  #number(row: number, column: number): number {
    const bytes = this.#bytes;
    let at = pastSpace(bytes, this.#ends.start(row) + 1);
    for (let passed = 0; passed < column && bytes[at] !== CLOSE; passed += 1) {
      at = pastSpace(bytes, pastValue(bytes, at));
      if (bytes[at] === COMMA) at = pastSpace(bytes, at + 1);
    }
    if (bytes[at] === CLOSE) return Number.NaN;
    const digits = bytes[at] === QUOTE ? at + 1 : at;
    let end = digits;
    let number = 0;
    for (; isDigit(bytes[end]!); end += 1) number = number * 10 + bytes[end]! - ZERO;
    const isPlain = end > digits && end - digits <= SAFE_DIGITS && pastValue(bytes, at) === end + digits - at;
    return isPlain ? number : Number(parseOrUndefined(bytes, at, pastValue(bytes, at)));
  }
}

/** Where rows begin and end. */
class Ends {
  length = 0;
  #places: Uint32Array;

  constructor(guess: number) {
    this.#places = new Uint32Array(2 * Math.ceil(guess) + 2);
  }

  add(start: number, end: number): void {
    const at = 2 * this.length++;
    if (at >= this.#places.length) {
      const grown = new Uint32Array(2 * this.#places.length);
      grown.set(this.#places);
      this.#places = grown;
    }
    this.#places[at] = start;
    this.#places[at + 1] = end;
  }

  start(row: number): number {
    return this.#places[2 * row]!;
  }

  end(row: number): number {
    return this.#places[2 * row + 1]!;
  }
}

/** The place after the array that begins at the byte; -1 when it is none of plain values. */
function pastRow(bytes: Uint8Array, start: number): number {
  let at = pastSpace(bytes, start + 1);
  if (bytes[at] === CLOSE) return at + 1;
  for (;;) {
    at = pastValue(bytes, at);
    if (at < 0) return -1;
    at = pastSpace(bytes, at);
    if (bytes[at] === CLOSE) return at + 1;
    if (bytes[at] !== COMMA) return -1;
    at = pastSpace(bytes, at + 1);
  }
}

function pastValue(bytes: Uint8Array, at: number): number {
  const byte = bytes[at]!;
  if (byte === QUOTE) return pastText(bytes, at);
  if (byte === MINUS || isDigit(byte)) return pastNumber(bytes, at);
  return pastWord(bytes, at);
}

function pastWord(bytes: Uint8Array, start: number): number {
  for (let word = 0; word < WORDS.length; word += 1) {
    const letters = WORDS[word]!;
    let at = 0;
    while (at < letters.length && bytes[start + at] === letters[at]) at += 1;
    if (at === letters.length) return start + at;
  }
  return -1;
}

function pastText(bytes: Uint8Array, start: number): number {
  const size = bytes.length;
  for (let at = start + 1; at < size; at += 1) {
    const byte = bytes[at]!;
    if (byte === QUOTE) return at + 1;
    if (byte < SPACE) return -1;
    if (byte !== BACKSLASH) continue;
    at += 1;
    if (!ESCAPED.has(bytes[at]!) && !isUnicodeEscape(bytes, at)) return -1;
  }
  return -1;
}

/** SQLite writes every control character so: a line can be made of them. */
function isUnicodeEscape(bytes: Uint8Array, at: number): boolean {
  if (bytes[at] !== LETTER_U) return false;
  for (let digit = at + 1; digit <= at + 4; digit += 1) if (!isHexDigit(bytes[digit]!)) return false;
  return true;
}

function isHexDigit(byte: number): boolean {
  const lower = byte | 0x20;
  return isDigit(byte) || (lower >= 0x61 && lower <= 0x66);
}

function pastNumber(bytes: Uint8Array, start: number): number {
  let at = start;
  while (isDigit(bytes[at]!)) at += 1;
  const next = bytes[at];
  const isPlain = (next === COMMA || next === CLOSE) && (bytes[start] !== ZERO || at === start + 1);
  if (isPlain) return at;
  while (at < bytes.length && isOfNumber(bytes[at]!)) at += 1;
  return NUMBER.test(latin1(bytes, start, at)) ? at : -1;
}

/** A digit, or one of `+-.eE`. */
function isOfNumber(byte: number): boolean {
  return isDigit(byte) || byte === 0x2b || byte === MINUS || byte === 0x2e || (byte | 0x20) === 0x65;
}

/** The place after the braces that close an object, whatever is in it; -1 when they do not. */
function pastObject(bytes: Uint8Array, start: number): number {
  let depth = 0;
  for (let at = start; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === QUOTE) {
      at = pastText(bytes, at) - 1;
      if (at < 0) return -1;
    } else if (byte === OPEN_OBJECT) depth += 1;
    else if (byte === CLOSE_OBJECT && --depth === 0) return at + 1;
  }
  return -1;
}

function pastSpace(bytes: Uint8Array, start: number): number {
  let at = start;
  while (at < bytes.length && isSpace(bytes[at]!)) at += 1;
  return at;
}

function isSpace(byte: number): boolean {
  return byte === SPACE || byte === NEWLINE || byte === RETURN || byte === TAB;
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE;
}

function latin1(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1', start, end);
}

function parseOrUndefined(bytes: Uint8Array, start: number, end: number): unknown {
  try {
    return JSON.parse(UTF8.decode(bytes.subarray(start, end)));
  } catch {
    return undefined;
  }
}

/** Rows just read, with texts that are there already in the place of their own. */
function sharing(rows: unknown[][]): readonly RowValues[] {
  for (const row of rows) {
    for (let at = 0; at < row.length; at += 1) {
      const value = row[at];
      if (typeof value === 'string') row[at] = TEXTS.share(value);
    }
  }
  return rows;
}

import { writeAscii } from './thrift/ascii.ts';

const FIRST_BYTES = 1 << 12;
/** Up to this many code units, writing one by one is faster than a call of Node's own encoder. */
const BRIEF_TEXT = 40;
/** The type of a text: what a row is a map of. */
const TEXT = 11;
/** Bytes of a row's head: two types and a count. */
const HEAD_BYTES = 6;
/** Keys are written as whole words, which reach over their end by less than one. */
const WORD_BYTES = 4;

/** A column's name with its length before it, as words. */
interface Key {
  readonly bytes: number;
  readonly words: Int32Array;
}

/** Writes rows into one buffer, cell by cell, as elements of a Thrift list of maps. */
export class RowWriter {
  readonly #keys: readonly Key[];
  #bytes = Buffer.allocUnsafeSlow(FIRST_BYTES);
  #view = viewOf(this.#bytes);
  #at = 0;
  #rowAt = 0;
  #cells = 0;

  constructor(columns: readonly string[]) {
    this.#keys = columns.map(keyOf);
  }

  /** The rows that were written since the last `clear`. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#at);
  }

  get size(): number {
    return this.#at;
  }

  /** Begins anew, over what was written. */
  clear(): void {
    this.#at = 0;
  }

  begin(): void {
    this.#rowAt = this.#at;
    this.#cells = 0;
    const at = this.#room(HEAD_BYTES);
    this.#bytes[at] = TEXT;
    this.#bytes[at + 1] = TEXT;
  }

  /** Ends a row; cells that were not written are NULL. */
  end(): void {
    this.#view.setInt32(this.#rowAt + 2, this.#cells);
  }

  text(column: number, text: string): void {
    const { length } = text;
    const at = this.#begin(column, 4 + 3 * length);
    const bytes = this.#bytes;
    const isWritten = length <= BRIEF_TEXT && writeAscii(bytes, at + 4, text);
    const written = isWritten ? length : bytes.write(text, at + 4, 'utf8');
    this.#view.setInt32(at, written);
    this.#at = at + 4 + written;
  }

  /** A whole number in decimal; anything else as its text. */
  integer(column: number, value: number): void {
    if (value !== value >>> 0) {
      this.text(column, String(value));
      return;
    }
    let digits = 1;
    for (let bound = 10; value >= bound; bound *= 10) digits += 1;
    const at = this.#begin(column, 4 + digits);
    const bytes = this.#bytes;
    this.#view.setInt32(at, digits);
    for (let place = at + 3 + digits, rest = value; place > at + 3; place -= 1) {
      const tens = (rest / 10) >>> 0;
      bytes[place] = 48 + rest - 10 * tens;
      rest = tens;
    }
  }

  /** Begins a cell with its key; makes room for so many bytes after it and says where that begins. */
  #begin(column: number, most: number): number {
    const { bytes, words } = this.#keys[column]!;
    const at = this.#room(bytes + most);
    const view = this.#view;
    for (let i = 0; i < words.length; i += 1) view.setInt32(at + i * WORD_BYTES, words[i]!);
    this.#cells += 1;
    return at + bytes;
  }

  /** Makes room for so many bytes and says where it begins. */
  #room(bytes: number): number {
    const at = this.#at;
    const needed = at + bytes;
    if (needed + WORD_BYTES > this.#bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(needed + WORD_BYTES, 2 * this.#bytes.length));
      this.#bytes.copy(grown, 0, 0, at);
      this.#bytes = grown;
      this.#view = viewOf(grown);
    }
    this.#at = needed;
    return at;
  }
}

function viewOf({ buffer, byteOffset, length }: Buffer): DataView {
  return new DataView(buffer, byteOffset, length);
}

function keyOf(column: string): Key {
  const name = Buffer.from(column);
  const bytes = 4 + name.length;
  const padded = Buffer.alloc(bytes + WORD_BYTES);
  padded.writeInt32BE(name.length);
  name.copy(padded, 4);
  const words = Int32Array.from({ length: Math.ceil(bytes / WORD_BYTES) }, (_, i) =>
    padded.readInt32BE(i * WORD_BYTES),
  );
  return { bytes, words };
}

import { writeBriefText } from './thrift/brief-text.ts';

const FIRST_BYTES = 1 << 12;
/** Up to this many code units, writing one by one is faster than a call of Node's own encoder. */
const BRIEF_TEXT = 128;
/** The two types of the map that a row is, and its size. */
const ROW_HEAD = Uint8Array.of(11, 11, 0, 0, 0, 0);

/** Writes rows into one buffer, cell by cell, as elements of a Thrift list of maps. */
export class RowWriter {
  readonly #keys: readonly Uint8Array[];
  #bytes: Buffer;
  #at = 0;
  #rowAt = 0;
  #cells = 0;

  constructor(columns: readonly string[]) {
    this.#keys = columns.map((column) => {
      const name = Buffer.from(column);
      const length = Buffer.alloc(4);
      length.writeInt32BE(name.length);
      return Buffer.concat([length, name]);
    });
    this.#bytes = Buffer.allocUnsafeSlow(FIRST_BYTES);
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
    const at = this.#room(ROW_HEAD.length);
    for (let i = 0; i < ROW_HEAD.length; i += 1) this.#bytes[at + i] = ROW_HEAD[i]!;
  }

  /** Ends a row; cells that were not written are NULL. */
  end(): void {
    this.#bytes.writeInt32BE(this.#cells, this.#rowAt + 2);
  }

  text(column: number, text: string): void {
    if (text.length <= BRIEF_TEXT) {
      const at = this.#begin(column, 4 + text.length);
      if (writeBriefText(this.#bytes, at, text)) return;
      this.#at = at;
    } else {
      this.#begin(column, 0);
    }
    const at = this.#room(4 + 3 * text.length);
    const length = this.#bytes.write(text, at + 4, 'utf8');
    this.#bytes.writeInt32BE(length, at);
    this.#at = at + 4 + length;
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
    bytes[at] = 0;
    bytes[at + 1] = 0;
    bytes[at + 2] = 0;
    bytes[at + 3] = digits;
    for (let place = at + 3 + digits, rest = value; place > at + 3; place -= 1) {
      const tens = (rest / 10) >>> 0;
      bytes[place] = 48 + rest - 10 * tens;
      rest = tens;
    }
  }

  /** Begins a cell with its key; makes room for so many bytes after it and says where that begins. */
  #begin(column: number, most: number): number {
    const key = this.#keys[column]!;
    const { length } = key;
    const at = this.#room(length + most);
    const bytes = this.#bytes;
    for (let i = 0; i < length; i += 1) bytes[at + i] = key[i]!;
    this.#cells += 1;
    return at + length;
  }

  /** Makes room for so many bytes and says where it begins. */
  #room(bytes: number): number {
    const at = this.#at;
    const needed = at + bytes;
    if (needed > this.#bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#bytes.length));
      this.#bytes.copy(grown, 0, 0, at);
      this.#bytes = grown;
    }
    this.#at = needed;
    return at;
  }
}

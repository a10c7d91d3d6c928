import { FIXED_SIZE, MOST_DEPTH, ProtocolError, TYPE } from './frame.ts';

/** How values declared `binary` are read: as text, invalid UTF-8 replaced, or as views of the message's bytes. */
export type ValuesAs = 'text' | 'bytes';

export interface MessageHeader {
  readonly fname: string;
  readonly mtype: number;
  readonly rseqid: number;
}

/** Places for texts that may recur; a power of two. */
const SLOTS = 1024;
const MOST_RECURRING_BYTES = 64;

/**
 * Reads one whole message: the half of a Thrift protocol that the generated code calls to read.
 *
 * Everything lies in one buffer, so there is no transport below and nothing to wait for. The objects that
 * `read…Begin` return are used again by the next call. Throws `ProtocolError` beyond the message's end.
 */
export class MessageReader {
  readonly #bytes: Buffer;
  #position = 0;
  readonly #field = { fname: '', ftype: 0, fid: 0 };
  readonly #map = { ktype: 0, vtype: 0, size: 0 };
  readonly #list = { etype: 0, size: 0 };
  /**
   * Texts read so far and where they begin, by a hash. A reply of 50,000 rows says the name of each column 50,000
   * times, and most columns (users, modes, folders) have few values. Decoding makes a string each time; comparing
   * with the bytes of the one before is several times cheaper. A wrong guess costs the comparison of a byte or two.
   */
  readonly #texts: (string | undefined)[] = new Array(SLOTS);
  readonly #starts = new Int32Array(SLOTS);
  valuesAs: ValuesAs;

  constructor(bytes: Buffer, valuesAs: ValuesAs) {
    this.#bytes = bytes;
    this.valuesAs = valuesAs;
  }

  readMessageBegin(): MessageHeader {
    const mtype = this.#bytes[this.#take(4) + 3]!;
    return { fname: this.readString(), mtype, rseqid: this.readI32() };
  }

  readMessageEnd(): void {}
  readStructBegin(): void {}
  readStructEnd(): void {}
  readFieldEnd(): void {}
  readMapEnd(): void {}
  readListEnd(): void {}

  readFieldBegin(): { readonly ftype: number; readonly fid: number } {
    this.#field.ftype = this.#byte();
    this.#field.fid = this.#field.ftype === TYPE.stop ? 0 : this.#bytes.readInt16BE(this.#take(2));
    return this.#field;
  }

  readMapBegin(): { readonly size: number } {
    this.#map.ktype = this.#byte();
    this.#map.vtype = this.#byte();
    this.#map.size = this.readI32();
    return this.#map;
  }

  readListBegin(): { readonly size: number } {
    this.#list.etype = this.#byte();
    this.#list.size = this.readI32();
    return this.#list;
  }

  readI32(): number {
    const bytes = this.#bytes;
    const at = this.#take(4);
    return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
  }

  /** Exact up to 2^53; the only i64 of the API is an extension's UUID, of which core draws 16 bits. */
  readI64(): number {
    return Number(this.#bytes.readBigInt64BE(this.#take(8)));
  }

  readString(): string {
    const length = this.readI32();
    return this.#text(this.#take(length), length);
  }

  /** Values; see `valuesAs`. */
  readBinary(): string | Buffer {
    const length = this.readI32();
    const start = this.#take(length);
    return this.valuesAs === 'text' ? this.#text(start, length) : this.#bytes.subarray(start, start + length);
  }

  skip(type: number, depth = 0): void {
    if (depth > MOST_DEPTH) throw new ProtocolError(`values nested deeper than ${MOST_DEPTH}`);
    const fixed = FIXED_SIZE[type]!;
    if (fixed > 0) this.#take(fixed);
    else if (type === TYPE.string) this.#take(this.readI32());
    else if (type === TYPE.struct) {
      for (let next = this.readFieldBegin().ftype; next !== TYPE.stop; next = this.readFieldBegin().ftype) {
        this.skip(next, depth + 1);
      }
    } else if (type === TYPE.map) {
      this.readMapBegin();
      const { ktype, vtype, size } = this.#map;
      for (let i = 0; i < size; i++) {
        this.skip(ktype, depth + 1);
        this.skip(vtype, depth + 1);
      }
    } else if (type === TYPE.list || type === TYPE.set) {
      this.readListBegin();
      const { etype, size } = this.#list;
      for (let i = 0; i < size; i++) this.skip(etype, depth + 1);
    } else throw new ProtocolError(`an unknown type ${type}`);
  }

  #byte(): number {
    return this.#bytes[this.#take(1)]!;
  }

  /** Moves over so many bytes and says where they begin. */
  #take(length: number): number {
    const start = this.#position;
    const end = start + length;
    if (length < 0 || end > this.#bytes.length) throw new ProtocolError('a value runs over its message');
    this.#position = end;
    return start;
  }

  #text(start: number, length: number): string {
    if (length === 0) return '';
    const bytes = this.#bytes;
    if (length > MOST_RECURRING_BYTES) return bytes.toString('utf8', start, start + length);
    const middle = bytes[start + (length >> 1)]!;
    const slot = (7 * length + bytes[start]! + 31 * middle + 97 * bytes[start + length - 1]!) & (SLOTS - 1);
    const known = this.#texts[slot];
    if (known !== undefined && this.#same(this.#starts[slot]!, start, length)) return known;
    const text = bytes.toString('utf8', start, start + length);
    this.#texts[slot] = text;
    this.#starts[slot] = start;
    return text;
  }

  /** Whether the text read at `known` has these very bytes. The byte before a text is the last of its length. */
  #same(known: number, start: number, length: number): boolean {
    const bytes = this.#bytes;
    if (bytes[known - 1] !== length) return false;
    for (let i = length - 1; i >= 0; i--) if (bytes[known + i] !== bytes[start + i]) return false;
    return true;
  }
}

import { writeBriefText } from './brief-text.ts';

const VERSION = 0x80010000;
const FIRST_BYTES = 512;
/** Bytes that came encoded and are more than this go out where they lie. */
const LARGE_BYTES = 1 << 16;
/** Below this many code units, room for the longest encoding is made instead of measuring. */
const SHORT_TEXT = 256;
/** Up to this many code units, writing one by one is faster than a call of Node's own encoder. */
const BRIEF_TEXT = 48;

/**
 * Writes one message: the half of a Thrift protocol that the generated code calls to write.
 *
 * Everything goes into one growing buffer, each text encoded once, and `flush` hands the whole message on. A
 * `writeMessageBegin` starts over, as the generated code does when writing a reply failed half-way.
 */
export class MessageWriter {
  #bytes: Buffer = Buffer.allocUnsafe(FIRST_BYTES);
  #length = 0;
  /** What comes before `#bytes`. */
  #pieces: Buffer[] = [];
  readonly #send: (...pieces: readonly Buffer[]) => void;

  /** `send` gets a whole message, in one piece unless it holds large encoded bytes. */
  constructor(send: (...pieces: readonly Buffer[]) => void) {
    this.#send = send;
  }

  flush(): void {
    this.#cut();
    const pieces = this.#pieces;
    this.#pieces = [];
    this.#send(...pieces);
  }

  writeMessageBegin(name: string, kind: number, sequence: number): void {
    this.#length = 0;
    this.#pieces = [];
    this.writeI32((VERSION | kind) >> 0);
    this.writeString(name);
    this.writeI32(sequence);
  }

  writeMessageEnd(): void {}
  writeStructBegin(): void {}
  writeStructEnd(): void {}
  writeFieldEnd(): void {}
  writeMapEnd(): void {}
  writeListEnd(): void {}

  writeFieldBegin(_name: string, type: number, id: number): void {
    const at = this.#room(3);
    this.#bytes[at] = type;
    this.#bytes.writeInt16BE(id, at + 1);
  }

  writeFieldStop(): void {
    const at = this.#room(1);
    this.#bytes[at] = 0;
  }

  writeMapBegin(keyType: number, valueType: number, size: number): void {
    const at = this.#room(6);
    this.#bytes[at] = keyType;
    this.#bytes[at + 1] = valueType;
    this.#bytes.writeInt32BE(size, at + 2);
  }

  writeListBegin(type: number, size: number): void {
    const at = this.#room(5);
    this.#bytes[at] = type;
    this.#bytes.writeInt32BE(size, at + 1);
  }

  writeI32(value: number): void {
    const at = this.#room(4);
    this.#bytes.writeInt32BE(value | 0, at);
  }

  /** A key of `map<i64, …>` comes as the text of the number. */
  writeI64(value: number | string): void {
    const at = this.#room(8);
    this.#bytes.writeBigInt64BE(BigInt.asIntN(64, BigInt(value)), at);
  }

  writeString(text: string): void {
    if (text.length <= BRIEF_TEXT && this.#writeAscii(text)) return;
    const most = text.length < SHORT_TEXT ? 3 * text.length : Buffer.byteLength(text);
    const at = this.#room(4 + most);
    const length = this.#bytes.write(text, at + 4, 'utf8');
    this.#bytes.writeInt32BE(length, at);
    this.#length = at + 4 + length;
  }

  /** Bytes that are values already. */
  writeEncoded(bytes: Buffer): void {
    if (bytes.length > LARGE_BYTES) {
      this.#cut();
      this.#pieces.push(bytes);
      return;
    }
    const at = this.#room(bytes.length);
    this.#bytes.set(bytes, at);
  }

  /** Bytes go out as they are. What is neither text nor bytes goes out as its text, nothing as the empty text. */
  writeBinary(value: string | Uint8Array): void {
    if (!(value instanceof Uint8Array)) {
      this.writeString(typeof value === 'string' ? value : String(value ?? ''));
      return;
    }
    const at = this.#room(4 + value.length);
    this.#bytes.writeInt32BE(value.length, at);
    this.#bytes.set(value, at + 4);
  }

  /** Writes a brief text of ASCII alone; false, and nothing is written, for any other. */
  #writeAscii(text: string): boolean {
    const at = this.#room(4 + text.length);
    if (writeBriefText(this.#bytes, at, text)) return true;
    this.#length = at;
    return false;
  }

  /** Ends a piece and begins the next. */
  #cut(): void {
    this.#pieces.push(this.#bytes.subarray(0, this.#length));
    this.#bytes = Buffer.allocUnsafe(FIRST_BYTES);
    this.#length = 0;
  }

  /** Makes room for so many bytes and says where it begins. */
  #room(bytes: number): number {
    const at = this.#length;
    const needed = at + bytes;
    if (needed > this.#bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(needed, 2 * this.#bytes.length));
      this.#bytes.copy(grown, 0, 0, at);
      this.#bytes = grown;
    }
    this.#length = needed;
    return at;
  }
}

import { writeAscii } from './ascii.ts';

const VERSION = 0x80010000;
const FIRST_BYTES = 512;
/** Below this many code units, room for the longest encoding is made instead of measuring. */
const SHORT_TEXT = 256;
/** Up to this many code units, writing one by one is faster than a call of Node's own encoder. */
const BRIEF_TEXT = 48;

/** Bytes that are made while they are sent: each block is read before the next is taken. */
export interface Blocks {
  /** Whether the next block is the last. */
  readonly isLast: boolean;
  take(): Buffer | null;
}

/** Gets a whole message: in one piece, or as what comes before blocks, these, and what comes after. */
export type Send = (bytes: Buffer, blocks?: Blocks, rest?: Buffer) => void;

/**
 * Writes one message: the half of a Thrift protocol that the generated code calls to write.
 *
 * Everything goes into one growing buffer, each text encoded once, and `flush` hands the whole message on. A
 * `writeMessageBegin` starts over, as the generated code does when writing a reply failed half-way.
 */
export class MessageWriter {
  #bytes: Buffer = Buffer.allocUnsafe(FIRST_BYTES);
  #length = 0;
  /** What comes before `#bytes`, where that is more than fits one piece. */
  #before: readonly [head: Buffer, blocks: Blocks] | null = null;
  readonly #send: Send;

  constructor(send: Send) {
    this.#send = send;
  }

  flush(): void {
    const before = this.#before;
    const bytes = this.#cut();
    if (before === null) this.#send(bytes);
    else this.#send(...before, bytes);
  }

  writeMessageBegin(name: string, kind: number, sequence: number): void {
    this.#length = 0;
    this.#before = null;
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

  /** Values that are bytes already: of a message at most one run of them. Many go out where they lie. */
  writeEncoded(blocks: Blocks): void {
    if (!blocks.isLast) {
      this.#before = [this.#cut(), blocks];
      return;
    }
    const bytes = blocks.take()!;
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
    if (writeAscii(this.#bytes, at + 4, text)) {
      this.#bytes.writeInt32BE(text.length, at);
      return true;
    }
    this.#length = at;
    return false;
  }

  /** Ends a piece and begins the next. */
  #cut(): Buffer {
    const piece = this.#bytes.subarray(0, this.#length);
    this.#bytes = Buffer.allocUnsafe(FIRST_BYTES);
    this.#length = 0;
    this.#before = null;
    return piece;
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

/** Bytes that are no Thrift message of the API, or one beyond the bounds. */
export class ProtocolError extends Error {}

/** Thrift's type numbers in TBinaryProtocol. */
export const TYPE = Object.freeze({
  stop: 0,
  bool: 2,
  byte: 3,
  double: 4,
  i16: 6,
  i32: 8,
  i64: 10,
  string: 11,
  struct: 12,
  map: 13,
  set: 14,
  list: 15,
  uuid: 16,
});

/** Bytes of the types of one size; 0 for the others. */
export const FIXED_SIZE: readonly number[] = sizes({
  [TYPE.bool]: 1,
  [TYPE.byte]: 1,
  [TYPE.double]: 8,
  [TYPE.i16]: 2,
  [TYPE.i32]: 4,
  [TYPE.i64]: 8,
  [TYPE.uuid]: 16,
});

/** The fewest bytes a value of the type takes; 0 for what is no type. */
const LEAST_SIZE: readonly number[] = sizes({
  ...FIXED_SIZE,
  [TYPE.string]: 4,
  [TYPE.struct]: 1,
  [TYPE.map]: 6,
  [TYPE.set]: 5,
  [TYPE.list]: 5,
});

const VERSION = 0x8001;
const MOST_NAME_BYTES = 256;
/** The API's deepest value, a route in `registerExtension`, lies at 5. */
export const MOST_DEPTH = 32;
export const DEFAULT_MESSAGE_BYTES = 64 * 1024 * 1024;

const EMPTY = Buffer.alloc(0);

function sizes(known: Readonly<Record<number, number>>): readonly number[] {
  return Array.from({ length: 256 }, (_, type) => known[type] ?? 0);
}

/** A value that has begun: a struct, or the rest of a list (`second` 0) or a map, `left` counting its single values. */
interface Level {
  type: number;
  first: number;
  second: number;
  left: number;
}

/** Parts up to this size are joined at once, so that a stream that trickles leaves no heap of crumbs. */
const SMALL_PART_BYTES = 16 * 1024;

/**
 * Cuts a stream of bytes into whole TBinaryProtocol messages.
 *
 * Plain TBinaryProtocol has no frames: where a message ends is known only by walking its types. The npm library
 * decodes from the message's start at each chunk until it no longer runs out of bytes, which is quadratic in a
 * reply's size. The scanner keeps its place instead, a stack of what has begun, so that each byte is walked once,
 * nothing is decoded, and the reader behind it sees whole messages only. What was walked is kept as it came and
 * joined once, at the message's end; a message that came in one chunk is not copied.
 *
 * Lengths and counts are checked against the bound before anything waits for them; memory grows with the bytes
 * that came, not with those announced.
 */
export class FrameScanner {
  readonly #mostBytes: number;
  /** What is being walked: the bytes before `#position` are, those after are not. */
  #bytes: Buffer = EMPTY;
  #position = 0;
  /** How many bytes of the value walked last have yet to come. Nothing is walked while there are any. */
  #owed = 0;
  /** The message before `#bytes`. */
  readonly #parts: Buffer[] = [];
  #partsLength = 0;
  /** Whether the header is walked. */
  #begun = false;
  #depth = 0;
  readonly #levels: readonly Level[] = Array.from({ length: MOST_DEPTH + 1 }, () => ({
    type: 0,
    first: 0,
    second: 0,
    left: 0,
  }));

  constructor(mostBytes: number = DEFAULT_MESSAGE_BYTES) {
    this.#mostBytes = mostBytes;
  }

  /** Whether a message has begun and not ended. */
  get partial(): boolean {
    return this.#partsLength + this.#bytes.length > 0;
  }

  /** Takes bytes; returns the messages that they complete. Throws `ProtocolError`, after which the stream is lost. */
  feed(chunk: Buffer): readonly Buffer[] {
    const messages: Buffer[] = [];
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    this.#skip(this.#owed);
    while (this.#bytes.length > 0 && this.#walk()) {
      const message = this.#endPart();
      this.#parts.length = 0;
      this.#partsLength = 0;
      this.#begun = false;
      messages.push(message);
    }
    if (this.#position > 0) this.#keepPart();
    return messages;
  }

  /** The whole message, its last part being what is walked. */
  #endPart(): Buffer {
    const last = this.#bytes.subarray(0, this.#position);
    this.#check(0, 1);
    this.#bytes = this.#bytes.subarray(this.#position);
    this.#position = 0;
    return this.#parts.length === 0 ? last : Buffer.concat([...this.#parts, last]);
  }

  /** Puts aside what is walked. The rest, some bytes of a header, waits for the next chunk. */
  #keepPart(): void {
    const part = this.#bytes.subarray(0, this.#position);
    const before = this.#parts.at(-1);
    if (before !== undefined && before.length + part.length <= SMALL_PART_BYTES) {
      this.#parts[this.#parts.length - 1] = Buffer.concat([before, part]);
    } else {
      this.#parts.push(part);
    }
    this.#partsLength += part.length;
    this.#check(0, 1);
    this.#bytes = Buffer.from(this.#bytes.subarray(this.#position));
    this.#position = 0;
  }

  /** Walks on; true at the end of a message, false where more bytes are needed. */
  #walk(): boolean {
    if (!this.#begun) {
      if (!this.#walkHeader()) return false;
      this.#begun = true;
      this.#push(TYPE.struct, 0, 0, 0);
    }
    while (this.#depth > 0) {
      const level = this.#levels[this.#depth]!;
      if (level.type === TYPE.struct ? !this.#walkField() : !this.#walkElements(level)) return false;
    }
    return true;
  }

  /** version and kind, name, sequence number. */
  #walkHeader(): boolean {
    const bytes = this.#bytes;
    if (bytes.length >= 2 && bytes.readUInt16BE(0) !== VERSION) {
      throw new ProtocolError('this is no Thrift message in the binary protocol');
    }
    if (bytes.length < 8) return false;
    const nameLength = bytes.readInt32BE(4);
    if (nameLength < 0 || nameLength > MOST_NAME_BYTES) {
      throw new ProtocolError(`a message name of ${nameLength} bytes`);
    }
    if (bytes.length < 12 + nameLength) return false;
    this.#position = 12 + nameLength;
    return true;
  }

  /** type, field number, value; or the struct's end. */
  #walkField(): boolean {
    const bytes = this.#bytes;
    const position = this.#position;
    if (position + 1 > bytes.length) return false;
    const type = bytes[position]!;
    if (type === TYPE.stop) {
      this.#position = position + 1;
      this.#depth--;
      return true;
    }
    if (position + 3 > bytes.length) return false;
    this.#position = position + 3;
    if (this.#walkValue(type)) return true;
    this.#position = position;
    return false;
  }

  #walkElements(level: Level): boolean {
    const depth = this.#depth;
    if (level.first === TYPE.string && (level.second === TYPE.string || level.second === 0)) {
      this.#walkStrings(level);
    }
    while (level.left > 0) {
      if (this.#owed > 0) return false;
      const type = level.second !== 0 && level.left % 2 === 1 ? level.second : level.first;
      if (!this.#walkValue(type)) return false;
      level.left--;
      if (this.#depth !== depth) return true;
    }
    this.#depth--;
    return true;
  }

  /** What replies are made of, in a loop of its own: over the strings that are there whole. Leaves the odd ones. */
  #walkStrings(level: Level): void {
    const bytes = this.#bytes;
    const last = bytes.length - 4;
    let at = this.#position;
    let left = level.left;
    while (left > 0 && at <= last) {
      const length = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
      if (length < 0 || length > last - at) break;
      at += 4 + length;
      left--;
    }
    this.#position = at;
    level.left = left;
  }

  /** Walks over a value, or over the beginning of one that holds others. */
  #walkValue(type: number): boolean {
    const bytes = this.#bytes;
    const position = this.#position;
    const fixed = FIXED_SIZE[type]!;
    if (fixed > 0) {
      this.#skip(fixed);
      return true;
    }
    switch (type) {
      case TYPE.string: {
        if (position + 4 > bytes.length) return false;
        const length = bytes.readInt32BE(position);
        this.#check(length, 1);
        this.#skip(4 + length);
        return true;
      }
      case TYPE.struct:
        this.#push(type, 0, 0, 0);
        return true;
      case TYPE.set:
      case TYPE.list: {
        if (position + 5 > bytes.length) return false;
        const count = bytes.readInt32BE(position + 1);
        const element = bytes[position]!;
        if (count !== 0) this.#check(count, this.#leastSize(element));
        this.#position = position + 5;
        this.#push(type, element, 0, count);
        return true;
      }
      case TYPE.map: {
        if (position + 6 > bytes.length) return false;
        const count = bytes.readInt32BE(position + 2);
        const [key, value] = [bytes[position]!, bytes[position + 1]!];
        if (count !== 0) this.#check(count, this.#leastSize(key) + this.#leastSize(value));
        this.#position = position + 6;
        this.#push(type, key, value, 2 * count);
        return true;
      }
      default:
        throw new ProtocolError(`an unknown type ${type}`);
    }
  }

  /** Moves on by so many bytes; those that are not there yet are owed. */
  #skip(count: number): void {
    const end = this.#position + count;
    this.#position = Math.min(end, this.#bytes.length);
    this.#owed = end - this.#position;
  }

  #leastSize(type: number): number {
    const size = LEAST_SIZE[type]!;
    if (size === 0) throw new ProtocolError(`an unknown type ${type}`);
    return size;
  }

  #check(count: number, leastSize: number): void {
    if (count < 0) throw new ProtocolError(`a length of ${count}`);
    const bytes = this.#partsLength + this.#position + count * leastSize;
    if (bytes > this.#mostBytes) {
      throw new ProtocolError(`a message of at least ${bytes} bytes, and ${this.#mostBytes} are allowed`);
    }
  }

  #push(type: number, first: number, second: number, left: number): void {
    if (this.#depth >= MOST_DEPTH) throw new ProtocolError(`values nested deeper than ${MOST_DEPTH}`);
    const level = this.#levels[++this.#depth]!;
    level.type = type;
    level.first = first;
    level.second = second;
    level.left = left;
  }
}

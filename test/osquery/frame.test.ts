import test from 'ava';
import fc from 'fast-check';
import { FrameScanner, ProtocolError } from '../../src/osquery/thrift/frame.ts';
import { MessageReader } from '../../src/osquery/thrift/reader.ts';
import { MessageWriter } from '../../src/osquery/thrift/writer.ts';

const PING = message('ping', 7, () => {});
const CALL = message('call', 8, (out) => {
  out.writeFieldBegin('', 11, 1);
  out.writeString('logger');
  out.writeFieldBegin('', 13, 3);
  out.writeMapBegin(11, 11, 2);
  for (const [name, value] of Object.entries({ string: 'a line', category: 'event' })) {
    out.writeString(name);
    out.writeBinary(value);
  }
});

function message(name: string, sequence: number, fields: (out: MessageWriter) => void): Buffer {
  let made: Buffer = Buffer.alloc(0);
  const out = new MessageWriter((bytes) => {
    made = bytes;
  });
  out.writeMessageBegin(name, 1, sequence);
  fields(out);
  out.writeFieldStop();
  out.flush();
  return made;
}

/** A message whose only field is `type` followed by these bytes. */
function withValue(type: number, ...bytes: readonly number[]): Buffer {
  return Buffer.concat([PING.subarray(0, -1), Buffer.from([type, 0, 1, ...bytes]), Buffer.from([0])]);
}

/** What a scanner finds in these chunks. */
function scan(chunks: Iterable<Buffer>, mostBytes?: number): readonly Buffer[] {
  const scanner = new FrameScanner(mostBytes);
  return [...chunks].flatMap((chunk) => scanner.feed(chunk));
}

function split(bytes: Buffer, size: number): readonly Buffer[] {
  const count = Math.ceil(bytes.length / size);
  return Array.from({ length: count }, (_, i) => bytes.subarray(i * size, (i + 1) * size));
}

test('messages come out whole however they are cut', (t) => {
  const stream = Buffer.concat([CALL, PING, PING, CALL]);
  for (let size = 1; size <= stream.length; size++) {
    t.deepEqual(scan(split(stream, size)), [CALL, PING, PING, CALL], `chunks of ${size}`);
  }
  for (let at = 0; at <= stream.length; at++) {
    t.deepEqual(
      scan([stream.subarray(0, at), stream.subarray(at)]),
      [CALL, PING, PING, CALL],
      `cut at ${at}`,
    );
  }
});

test('a scanner knows whether a message is under way', (t) => {
  const scanner = new FrameScanner();
  t.false(scanner.partial);
  scanner.feed(CALL.subarray(0, 5));
  t.true(scanner.partial);
  scanner.feed(CALL.subarray(5));
  t.false(scanner.partial);
});

test('a message stays what it was when the next one comes', (t) => {
  const scanner = new FrameScanner();
  const [first] = [
    ...scanner.feed(CALL.subarray(0, 3)),
    ...scanner.feed(Buffer.concat([CALL.subarray(3), PING.subarray(0, 9)])),
  ];
  scanner.feed(Buffer.concat([PING.subarray(9), CALL]));
  t.deepEqual(first, CALL);
});

interface Shape {
  readonly type: number;
  readonly bytes: Buffer;
}

const u32 = (n: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(n);
  return bytes;
};

/** Any value of any type, as its bytes. Elements of a list or map are of one value repeated. */
const shapes = fc.letrec<{ value: Shape }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom<Shape>(
      { type: 2, bytes: Buffer.from([1]) },
      { type: 3, bytes: Buffer.from([9]) },
      { type: 4, bytes: Buffer.alloc(8, 11) },
      { type: 6, bytes: Buffer.from([0, 15]) },
      { type: 8, bytes: Buffer.alloc(4, 12) },
      { type: 10, bytes: Buffer.alloc(8, 13) },
      { type: 16, bytes: Buffer.alloc(16, 14) },
    ),
    fc
      .uint8Array({ maxLength: 40 })
      .map((bytes) => ({ type: 11, bytes: Buffer.concat([u32(bytes.length), bytes]) })),
    fc.array(tie('value'), { maxLength: 4 }).map((fields) => ({
      type: 12,
      bytes: Buffer.concat([
        ...fields.map(({ type, bytes }) => Buffer.concat([Buffer.from([type, 0, 1]), bytes])),
        Buffer.from([0]),
      ]),
    })),
    fc.tuple(fc.constantFrom(14, 15), tie('value'), fc.nat(4)).map(([type, element, count]) => ({
      type,
      bytes: Buffer.concat([Buffer.from([element.type]), u32(count), ...Array(count).fill(element.bytes)]),
    })),
    fc.tuple(tie('value'), tie('value'), fc.nat(4)).map(([key, value, count]) => ({
      type: 13,
      bytes: Buffer.concat([
        Buffer.from([key.type, value.type]),
        u32(count),
        ...Array(count).fill(Buffer.concat([key.bytes, value.bytes])),
      ]),
    })),
  ),
})).value;

test('any value of any type ends where it ends, in chunks of any size', (t) => {
  fc.assert(
    fc.property(
      fc.array(shapes, { minLength: 1, maxLength: 3 }),
      fc.integer({ min: 1, max: 50 }),
      (values, size) => {
        const messages = values.map(({ type, bytes }) => withValue(type, ...bytes));
        t.deepEqual(scan(split(Buffer.concat(messages), size)), messages);
      },
    ),
    { numRuns: 300 },
  );
});

test('a reader skips any value of any type', (t) => {
  fc.assert(
    fc.property(shapes, ({ type, bytes }) => {
      const reader = new MessageReader(Buffer.concat([withValue(type, ...bytes), Buffer.from([42])]), 'text');
      reader.readMessageBegin();
      reader.skip(reader.readFieldBegin().ftype);
      t.is(reader.readFieldBegin().ftype, 0);
    }),
  );
});

const MALFORMED: readonly { name: string; bytes: Buffer; want: RegExp }[] = [
  { name: 'text', bytes: Buffer.from('GET / HTTP/1.1'), want: /no Thrift message/ },
  {
    name: 'a frame length before the message',
    bytes: Buffer.concat([u32(PING.length), PING]),
    want: /no Thrift message/,
  },
  { name: 'another version', bytes: Buffer.from([0x80, 2, 0, 1]), want: /no Thrift message/ },
  {
    name: 'a negative name length',
    bytes: Buffer.concat([Buffer.from([0x80, 1, 0, 1]), u32(-1)]),
    want: /name of -1 bytes/,
  },
  {
    name: 'an endless name',
    bytes: Buffer.concat([Buffer.from([0x80, 1, 0, 1]), u32(1e6)]),
    want: /name of 1000000 bytes/,
  },
  { name: 'an unknown type', bytes: withValue(7), want: /unknown type 7/ },
  { name: 'an unknown type of elements', bytes: withValue(15, 99, 0, 0, 0, 1), want: /unknown type 99/ },
  { name: 'a negative string', bytes: withValue(11, 0xff, 0xff, 0xff, 0xff), want: /length of -1/ },
  { name: 'a negative list', bytes: withValue(15, 11, 0x80, 0, 0, 0), want: /length of -2147483648/ },
  { name: 'a negative map', bytes: withValue(13, 11, 11, 0xff, 0, 0, 0), want: /length of -/ },
  {
    name: 'a string beyond the bound',
    bytes: withValue(11, 0, 1, 0, 0),
    want: /at least 65\d{3} bytes, and 4096/,
  },
  { name: 'a list beyond the bound', bytes: withValue(15, 11, 0, 0, 0x10, 0), want: /and 4096 are allowed/ },
  {
    name: 'a map beyond the bound',
    bytes: withValue(13, 11, 11, 0x7f, 0xff, 0xff, 0xff),
    want: /and 4096 are allowed/,
  },
  {
    name: 'deep nesting',
    bytes: withValue(15, ...Array(40).fill([15, 0, 0, 0, 1]).flat()),
    want: /deeper than 32/,
  },
  {
    name: 'many small strings',
    bytes: withValue(15, 11, 0, 0, 2, 88, ...Array(600).fill([0, 0, 0, 4, 1, 1, 1, 1]).flat()),
    want: /and 4096 are allowed/,
  },
];

for (const { name, bytes, want } of MALFORMED) {
  test(`${name} is refused, in one chunk and byte by byte`, (t) => {
    for (const size of [bytes.length, 1]) {
      const error = t.throws(() => scan(split(bytes, size), 4096), { instanceOf: ProtocolError });
      t.regex(error.message, want);
    }
  });
}

test('a message as large as the bound passes, one byte more does not', (t) => {
  t.deepEqual(scan([CALL], CALL.length), [CALL]);
  t.throws(() => scan([CALL], CALL.length - 1), { instanceOf: ProtocolError });
});

test('a reader refuses a value that runs over its message', (t) => {
  const reader = new MessageReader(withValue(11, 0, 0, 0, 9).subarray(0, -1), 'text');
  reader.readMessageBegin();
  reader.readFieldBegin();
  t.throws(() => reader.readString(), { message: /runs over its message/ });
});

/** Pairs of which one begins with the other and both have the same hash. */
const COLLIDING = ['aai4', 'a', 'aa3e', 'aa', 'ab_u', 'ab_', 'ab4f', 'ab'];

test('texts are read right though they collide in the table of texts', (t) => {
  const texts = [...COLLIDING, '', 'ü', 'x'.repeat(64), 'x'.repeat(65), 'x'.repeat(300)];
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.constantFrom(...texts), fc.string({ maxLength: 4 })), { maxLength: 60 }),
      (some) => {
        const bytes = message('m', 1, (out) => {
          for (const text of some) out.writeString(text);
        });
        const reader = new MessageReader(bytes, 'text');
        reader.readMessageBegin();
        t.deepEqual(
          some.map(() => reader.readString()),
          some.map((text) => text.toWellFormed()),
        );
      },
    ),
  );
});

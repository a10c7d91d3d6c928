import test from 'ava';
import fc from 'fast-check';
import { EncodedRows } from '../../src/osquery/encoded-rows.ts';
import { MessageWriter } from '../../src/osquery/thrift/writer.ts';

const NAMES = ['pid', 'path', 'a-name-that-is-not-brief-but-is-a-name-all-the-same', '\u00fc'];
const text = fc
  .oneof(fc.string({ unit: 'grapheme', maxLength: 300 }), fc.string({ maxLength: 200 }))
  .map((some) => some.toWellFormed());
const cell = fc.oneof(
  text,
  fc.maxSafeInteger(),
  fc.double(),
  fc.constantFrom(0, 9, 10, 99, 100, 2 ** 53 - 1),
  fc.constant(null),
);
const rows = fc.array(fc.array(cell, { minLength: NAMES.length, maxLength: NAMES.length }), {
  maxLength: 40,
});
type Cells = readonly (readonly (string | number | null)[])[];

function encode(all: Cells, sizeHint?: number): EncodedRows {
  const encoded = new EncodedRows(NAMES, sizeHint);
  for (const cells of all) {
    encoded.begin();
    for (const [at, one] of cells.entries()) {
      if (typeof one === 'string') encoded.text(at, one);
      else if (one !== null) encoded.integer(at, one);
    }
    encoded.end();
  }
  return encoded;
}

function objects(all: Cells): readonly Readonly<Record<string, string>>[] {
  return all.map((cells) =>
    Object.fromEntries(cells.flatMap((one, at) => (one === null ? [] : [[NAMES[at]!, String(one)]]))),
  );
}

/** As the generated code writes rows that are objects. */
function written(all: Cells): Buffer {
  let bytes = Buffer.alloc(0);
  const out = new MessageWriter((message) => {
    bytes = Buffer.from(message);
  });
  for (const row of objects(all)) {
    const cells = Object.entries(row);
    out.writeMapBegin(11, 11, cells.length);
    for (const pair of cells) for (const one of pair) out.writeString(one);
  }
  out.flush();
  return bytes;
}

test('rows are written in the bytes in which the same rows as objects are', (t) => {
  fc.assert(
    fc.property(rows, fc.nat({ max: 10_000 }), (all, sizeHint) => {
      const encoded = encode(all, sizeHint);
      return encoded.length === all.length && encoded.bytes.equals(written(all));
    }),
    { numRuns: 300 },
  );
  t.pass();
});

test('many rows go out where they lie, in their place in the message', (t) => {
  for (const count of [10, 10_000]) {
    const encoded = new EncodedRows(['a']);
    for (let n = 0; n < count; n += 1) {
      encoded.begin();
      encoded.text(0, `row ${n}`);
      encoded.end();
    }
    const sent: Buffer[] = [];
    const out = new MessageWriter((...pieces) => void sent.push(...pieces));
    out.writeI32(1);
    out.writeEncoded(encoded.bytes);
    out.writeI32(2);
    out.flush();
    t.is(sent.length, count === 10 ? 1 : 3);
    t.deepEqual(
      Buffer.concat(sent),
      Buffer.concat([Buffer.of(0, 0, 0, 1), encoded.bytes, Buffer.of(0, 0, 0, 2)]),
    );
  }
});

test('and read back as they were', (t) => {
  fc.assert(
    fc.property(rows, (all) => void t.deepEqual(encode(all).toRows(), objects(all))),
    { numRuns: 100 },
  );
});

test('a row without cells is a row', (t) => {
  const encoded = new EncodedRows(['a']);
  encoded.begin();
  encoded.end();
  t.deepEqual(encoded.toRows(), [{}]);
});

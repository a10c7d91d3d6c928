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

function encode(all: Cells): EncodedRows {
  return new EncodedRows(NAMES, all.length, (n, row) => {
    for (const [at, one] of all[n]!.entries()) {
      if (typeof one === 'string') row.text(at, one);
      else if (one !== null) row.integer(at, one);
    }
  });
}

/** A copy of each block: what is taken next is written over it. */
function blocksOf(encoded: EncodedRows): readonly Buffer[] {
  const blocks: Buffer[] = [];
  for (let block = encoded.take(); block !== null; block = encoded.take()) blocks.push(Buffer.from(block));
  return blocks;
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
    fc.property(rows, (all) => {
      const encoded = encode(all);
      return encoded.length === all.length && Buffer.concat(blocksOf(encoded)).equals(written(all));
    }),
    { numRuns: 300 },
  );
  t.pass();
});

test('and read back as they were', (t) => {
  fc.assert(
    fc.property(rows, (all) => void t.deepEqual(encode(all).toRows(), objects(all))),
    { numRuns: 100 },
  );
});

test('a row without cells is a row', (t) => {
  t.deepEqual(new EncodedRows(['a'], 1, () => {}).toRows(), [{}]);
});

/** Rows of which most are long, so many that they fill several blocks. */
const MANY: Cells = Array.from({ length: 5_000 }, (_, n) => [n, 'x'.repeat(n % 200), `row ${n}`, null]);

test('many rows are made in blocks, each when it is asked for, and are the same rows', (t) => {
  let made = 0;
  const encoded = new EncodedRows(['a'], 50_000, (at, row) => {
    made += 1;
    row.text(0, `row ${at}`);
  });
  const atFirst = made;
  t.true(atFirst > 0 && atFirst < 10_000, `${atFirst} rows were made at first`);
  t.false(encoded.isLast);
  encoded.take();
  t.is(made, atFirst);
  encoded.take();
  t.true(made > atFirst && made < 20_000, `${made} rows were made for two blocks`);

  const blocks = blocksOf(encode(MANY));
  t.true(blocks.length > 3);
  t.true(blocks.every(({ length }) => length < 1 << 18));
  t.true(Buffer.concat(blocks).equals(written(MANY)));
  t.deepEqual(encode(MANY).toRows(), objects(MANY));
});

test('a message with few rows is one piece, and one with many leaves them as blocks in their place', (t) => {
  for (const all of [[], MANY.slice(0, 10), MANY]) {
    const sent: Buffer[] = [];
    const out = new MessageWriter((bytes, blocks, rest) => {
      sent.push(bytes);
      for (let block = blocks?.take(); block; block = blocks!.take()) sent.push(Buffer.from(block));
      if (rest !== undefined) sent.push(rest);
    });
    out.writeI32(1);
    out.writeEncoded(encode(all));
    out.writeI32(2);
    out.flush();
    t.is(sent.length === 1, all.length <= 10);
    t.deepEqual(
      Buffer.concat(sent),
      Buffer.concat([Buffer.of(0, 0, 0, 1), written(all), Buffer.of(0, 0, 0, 2)]),
    );
  }
});

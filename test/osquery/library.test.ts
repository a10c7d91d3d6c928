import { createRequire } from 'node:module';
import test from 'ava';
import fc from 'fast-check';
import { MessageReader } from '../../src/osquery/thrift/reader.ts';
import { MessageWriter } from '../../src/osquery/thrift/writer.ts';

/** The npm library's own protocol and transport: the oracle of ours. */
interface Struct {
  read(input: object): void;
  write(output: object): void;
}
type StructClass = new (fields?: object) => Struct;

const require = createRequire(import.meta.url);
const { TBinaryProtocol, TBufferedTransport } = require('thrift') as {
  TBinaryProtocol: new (transport: object) => { writeBinary(value: string | Buffer): void };
  TBufferedTransport: (new (
    buffer?: undefined,
    flushed?: (bytes: Buffer) => void,
  ) => { flush(): void }) & {
    receiver(received: (transport: object) => void): (bytes: Buffer) => void;
  };
};
const structs = require('../../src/osquery/thrift/gen/osquery_types.js') as Record<string, StructClass>;

function writtenByLibrary(struct: Struct): Buffer {
  let bytes = Buffer.alloc(0);
  const transport = new TBufferedTransport(undefined, (flushed) => {
    bytes = Buffer.from(flushed);
  });
  struct.write(new TBinaryProtocol(transport));
  transport.flush();
  return bytes;
}

function writtenByUs(struct: Struct): Buffer {
  let bytes: Buffer = Buffer.alloc(0);
  const writer = new MessageWriter((flushed) => {
    bytes = flushed;
  });
  struct.write(writer);
  writer.flush();
  return bytes;
}

const text = fc.string({ unit: 'grapheme', maxLength: 300 }).map((some) => some.toWellFormed());
const bytes = fc.uint8Array({ maxLength: 300 }).map((some) => Buffer.from(some));
const name = text.filter((some) => some !== '__proto__' && some !== 'hasOwnProperty');
const status = fc.record({ code: fc.integer(), message: text, uuid: fc.nat(65_535) });
const response = fc.record({
  status,
  response: fc.array(fc.dictionary(name, bytes, { noNullPrototype: true })),
});
const info = fc.record({ name: text, version: text, sdk_version: text }, { requiredKeys: [] });

const CASES = [
  { struct: 'ExtensionStatus', fields: status },
  { struct: 'ExtensionResponse', fields: response },
  { struct: 'InternalExtensionInfo', fields: info },
] as const;

for (const { struct, fields } of CASES) {
  test(`${struct} is written byte for byte as the npm library writes it`, (t) => {
    fc.assert(
      fc.property(fields, (some) => {
        const made = new structs[struct]!(some);
        t.deepEqual(writtenByUs(made), writtenByLibrary(made));
      }),
    );
  });

  test(`${struct} is read as the npm library reads it`, (t) => {
    fc.assert(
      fc.property(fields, (some) => {
        const made = new structs[struct]!(some);
        const [ours, theirs] = [new structs[struct]!(), new structs[struct]!()];
        const wire = writtenByLibrary(made);
        ours.read(new MessageReader(wire, 'bytes'));
        TBufferedTransport.receiver((transport) => theirs.read(new TBinaryProtocol(transport)))(wire);
        t.deepEqual(plain(ours), plain(theirs));
      }),
    );
  });
}

/** The library's numbers of 64 bits are objects, ours are numbers. */
function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_, member: unknown) =>
      typeof member === 'object' && member !== null && 'offset' in member ? Number(String(member)) : member,
    ),
  );
}

test('a message is written the same wherever the buffer had to grow', (t) => {
  for (let length = 400; length < 2_100; length++) {
    const made = new structs['ExtensionStatus']!({ code: 0, message: 'x'.repeat(length) });
    t.deepEqual(writtenByUs(made), writtenByLibrary(made));
  }
});

test('a UUID that is the name of an entry is written as the number that it says', (t) => {
  const writer = new MessageWriter((flushed) => t.is(flushed.toString('hex'), '0000000000009b73'));
  writer.writeI64('39795');
  writer.flush();
});

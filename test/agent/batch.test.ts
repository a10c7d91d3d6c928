import { isDeepStrictEqual } from 'node:util';
import test from 'ava';
import fc from 'fast-check';
import { BatchError, readBatch } from '../../src/agent/index.ts';

const COLUMNS: Readonly<Record<string, readonly string[]>> = {
  process_events: ['eid', 'time', 'pid'],
  processes: ['pid', 'path'],
};
const columnsOf = (table: string): readonly string[] | undefined => COLUMNS[table];

function read(json: string | Uint8Array, stream?: string) {
  return readBatch(typeof json === 'string' ? Buffer.from(json) : json, stream, columnsOf);
}

test('rows of a stream are read by the columns of its scan query', (t) => {
  t.deepEqual(read('[["0000000001","5",7]]', 'process_events'), {
    table: 'process_events',
    columns: COLUMNS['process_events']!,
    rows: [['0000000001', '5', 7]],
  });
});

test('an empty batch is a heartbeat of its stream', (t) => {
  t.deepEqual(read('[]', 'process_events').rows, []);
});

test('a header names the table and the columns of the rows after it', (t) => {
  t.deepEqual(read('[{"table":"processes","columns":["path","pid"]},["/bin/sh","3"]]'), {
    table: 'processes',
    columns: ['path', 'pid'],
    rows: [['/bin/sh', '3']],
  });
});

test('a header without columns means those of the scan query, and says whether rows are left out', (t) => {
  t.deepEqual(read('[{"table":"process_events","sparse":true},["1","5","3"]]', 'process_events'), {
    table: 'process_events',
    columns: COLUMNS['process_events']!,
    sparse: true,
    rows: [['1', '5', '3']],
  });
});

test('invalid UTF-8 in a command line is replaced and costs nothing else', (t) => {
  const json = Buffer.concat([Buffer.from('[["0000000001","a'), Buffer.from([0xff]), Buffer.from('b"]]')]);
  t.deepEqual(read(json, 'process_events').rows, [['0000000001', 'a\u{fffd}b']]);
});

test('a long batch is read the same as a short one, whatever its rows hold', (t) => {
  const text = fc.oneof(fc.constantFrom('],[', '"],["', '\\', 'é', '日本', ' ', '\n'), fc.string());
  const value = fc.oneof(text, fc.integer(), fc.constant(null), fc.array(fc.array(text)));
  const rows = fc.array(fc.array(value, { maxLength: 5 }), { minLength: 1, maxLength: 30 });
  t.notThrows(() =>
    fc.assert(
      fc.property(rows, fc.nat({ max: 70_000 }), (some, shift) => {
        const repeats = Math.ceil(100_000 / (JSON.stringify(some).length + 1));
        const many = [['x'.repeat(shift)], ...Array.from({ length: repeats }, () => some).flat()];
        return isDeepStrictEqual(read(JSON.stringify(many), 'process_events').rows, many);
      }),
      { numRuns: 30 },
    ),
  );
});

test('a long batch that ends, or goes on, where it should not is no JSON', (t) => {
  const rows = Array.from({ length: 20_000 }, (_, at) => [String(at), '],[']);
  const json = JSON.stringify(rows);
  for (const wrong of [json.slice(0, -1), `${json},${json}`, json.replace('],["1"', '],,["1"'), `${json}]`]) {
    t.throws(() => read(wrong, 'process_events'), { instanceOf: BatchError, message: /no JSON/ });
  }
});

const WRONG: readonly { name: string; json: string; stream?: string; want: RegExp }[] = [
  { name: 'no JSON', json: '[[', stream: 'process_events', want: /no JSON/ },
  { name: 'no array', json: '{"a":1}', stream: 'process_events', want: /no JSON array/ },
  {
    name: 'a row that is no array',
    json: '[["1"],2]',
    stream: 'process_events',
    want: /row that is no JSON array/,
  },
  {
    name: 'an unknown stream',
    json: '[["1"]]',
    stream: 'proces_events',
    want: /unknown stream "proces_events"/,
  },
  {
    name: 'an unknown table in the header',
    json: '[{"table":"tables","columns":["a"]}]',
    want: /unknown table "tables"/,
  },
  {
    name: 'neither stream nor header',
    json: '[["0000000001","5"]]',
    want: /begins with its table and columns/,
  },
  {
    name: 'a header without columns',
    json: '[{"table":"processes"}]',
    want: /the header of the batch is not/,
  },
  {
    name: 'a header of another table than the stream',
    json: '[{"table":"processes","columns":["pid"]}]',
    stream: 'process_events',
    want: /the batch is of processes, the stream is process_events/,
  },
];

for (const { name, json, stream, want } of WRONG) {
  test(`${name} is the query's own error`, (t) => {
    const error = t.throws(() => read(json, stream), { instanceOf: BatchError });
    t.regex(error.message, want);
  });
}

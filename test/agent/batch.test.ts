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
  const batch = readBatch(typeof json === 'string' ? Buffer.from(json) : json, stream, columnsOf);
  return { ...batch, rows: batch.rows.read(0, batch.rows.length) };
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

const text = fc.oneof(
  fc.constantFrom('],[', '"],["', '\\', 'é', '日本', ' ', '\n', '\u0000', '0000000012'),
  fc.string(),
);
const plain = fc.oneof(text, fc.integer(), fc.double(), fc.boolean(), fc.constant(null));
const rowOf = (value: fc.Arbitrary<unknown>) => fc.array(value, { maxLength: 5 });
const rowsOf = (value: fc.Arbitrary<unknown>) => fc.array(rowOf(value), { maxLength: 30 });

test('a batch is read as JSON.parse reads it, in whatever parts', (t) => {
  const values = fc.oneof(rowsOf(plain), rowsOf(fc.oneof(plain, fc.array(fc.array(text)))));
  const cut = fc.nat({ max: 30 });
  t.notThrows(() =>
    fc.assert(
      fc.property(values, fc.constantFrom(0, 1, '\t'), cut, cut, (some, space, from, to) => {
        const json = JSON.stringify(some, null, space);
        const { rows } = readBatch(Buffer.from(json), 'process_events', columnsOf);
        const [low, high] = [Math.min(from, to, rows.length), Math.min(Math.max(from, to), rows.length)];
        const want = JSON.parse(json) as readonly unknown[];
        return (
          isDeepStrictEqual(rows.read(low, high), want.slice(low, high)) &&
          isDeepStrictEqual(rows.read(0, rows.length), want)
        );
      }),
      { numRuns: 1_000 },
    ),
  );
});

test('numbers of a column are those that its values mean', (t) => {
  t.notThrows(() =>
    fc.assert(
      fc.property(rowsOf(plain), fc.nat({ max: 5 }), (some, column) => {
        const { rows } = readBatch(Buffer.from(JSON.stringify(some)), 'process_events', columnsOf);
        const want = (JSON.parse(JSON.stringify(some)) as unknown[][]).map((row) => Number(row[column]));
        return isDeepStrictEqual(rows.numbers(column), Float64Array.from(want));
      }),
      { numRuns: 1_000 },
    ),
  );
});

test('no batch is read that JSON.parse refuses', (t) => {
  const damage = fc.constantFrom(
    '',
    ',',
    '"',
    '\\',
    '[',
    ']',
    '{',
    '}',
    '0',
    '-',
    '.',
    'e',
    '\n',
    '\u0001',
    'n',
    'u',
  );
  const header = fc.constantFrom('', '{"table":"processes","columns":["pid"]},');
  let [refused, taken] = [0, 0];
  fc.assert(
    fc.property(
      rowsOf(plain),
      header,
      damage,
      fc.nat(),
      fc.nat({ max: 2 }),
      (some, head, put, place, gone) => {
        const json = `[${head}${JSON.stringify(some).slice(1)}`;
        const at = place % (json.length + 1);
        const damaged = json.slice(0, at) + put + json.slice(at + gone);
        let want: readonly unknown[] | null = null;
        try {
          want = JSON.parse(damaged);
        } catch {}
        try {
          const { rows } = read(damaged, head === '' ? 'process_events' : undefined);
          taken++;
          t.deepEqual(rows, head === '' ? want : want?.slice(1));
        } catch (error) {
          if (!(error instanceof BatchError)) throw error;
          refused++;
          t.is(error.message === 'the batch is no JSON', want === null);
        }
      },
    ),
    { numRuns: 3_000 },
  );
  t.true(refused > 300 && taken > 300, `${refused} refused, ${taken} taken`);
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

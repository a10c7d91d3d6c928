import test from 'ava';
import fc from 'fast-check';
import {
  COLUMN_OPTIONS,
  createLogger,
  createTable,
  OPERATORS,
  type Plugin,
  type QueryContext,
  type Reply,
} from '../../src/osquery/index.ts';
import { type JsonBytes, parseJsonBytes } from '../../src/osquery/json-bytes.ts';

function ask(plugin: Plugin, request: Readonly<Record<string, string | Buffer>>): Reply | Promise<Reply> {
  return plugin.call(new Map(Object.entries(request).map(([name, value]) => [name, Buffer.from(value)])));
}

/** What a table is told of a query that core puts so. */
async function contextOf(json: string | Buffer | undefined): Promise<QueryContext> {
  let seen: QueryContext | undefined;
  const table = createTable({
    name: 't',
    columns: [],
    generate: (context) => {
      seen = context;
      return [];
    },
  });
  const { status } = await ask(table, {
    action: 'generate',
    ...(json === undefined ? {} : { context: json }),
  });
  if (seen === undefined) throw new Error(status.message);
  return seen;
}

/** The context as plain data. */
function printed({ constraints, columnsUsed }: QueryContext): unknown {
  const columns = [...constraints].map(([name, { affinity, list }]) => [
    name,
    affinity,
    ...list.map(({ op, text }) => `${op} ${text}`),
  ]);
  return { columns, used: columnsUsed === undefined ? undefined : [...columnsUsed] };
}

const CONTEXTS: readonly { name: string; json: string | undefined; want: unknown }[] = [
  {
    name: 'what osquery 5 sends',
    json: '{"constraints":[{"name":"batch","list":[{"op":16,"expr":"[]"}],"affinity":"BIGINT"},{"name":"rule","list":[],"affinity":"TEXT"}],"colsUsed":["rule"],"colsUsedBitset":4}',
    want: {
      columns: [
        ['batch', 'BIGINT', '16 []'],
        ['rule', 'TEXT'],
      ],
      used: ['rule'],
    },
  },
  {
    name: 'numbers as text and an empty list as text',
    json: '{"constraints":[{"name":"a","list":[{"op":"2","expr":"x"}],"affinity":"TEXT"},{"name":"b","list":"","affinity":"TEXT"}]}',
    want: {
      columns: [
        ['a', 'TEXT', '2 x'],
        ['b', 'TEXT'],
      ],
      used: undefined,
    },
  },
  {
    name: 'an expression as a number',
    json: '{"constraints":[{"name":"a","list":[{"op":2,"expr":7}],"affinity":"BIGINT"}],"colsUsed":[]}',
    want: { columns: [['a', 'BIGINT', '2 7']], used: [] },
  },
  { name: 'no constraints at all', json: '{"constraints":""}', want: { columns: [], used: undefined } },
  { name: 'an empty context', json: '', want: { columns: [], used: undefined } },
  { name: 'no context', json: undefined, want: { columns: [], used: undefined } },
];

for (const { name, json, want } of CONTEXTS) {
  test(`a table understands ${name}`, async (t) => {
    t.deepEqual(printed(await contextOf(json)), want);
  });
}

test('an expression keeps the bytes core sent, escapes undone, and has a text without what is invalid', async (t) => {
  const json = Buffer.concat([
    Buffer.from(
      '{"constraints":[{"name":"stream","list":[{"op":2,"expr":"a\\u0001\\"\\\\\\n\\u00e9\\ud83d\\ude00',
    ),
    Buffer.from([0xff, 0xc3, 0x28]),
    Buffer.from('"}],"affinity":"TEXT"}]}'),
  ]);
  const [constraint] = (await contextOf(json)).constraints.get('stream')!.list;
  t.is(constraint!.op, OPERATORS.equals);
  t.is(constraint!.bytes.toString('hex'), `${Buffer.from('a\u0001"\\\né😀').toString('hex')}ffc328`);
  t.is(constraint!.text, 'a\u0001"\\\né😀\ufffd\ufffd(');
});

test('a malformed context is a failure that names the step and the byte', async (t) => {
  await t.throwsAsync(contextOf('{"constraints":[}'), {
    message: 'reading the query of table t: malformed JSON at byte 16: expected a value',
  });
});

const MALFORMED_JSON = [
  '',
  '{',
  '[1,]',
  '{"a" 1}',
  '{a:1}',
  '"x',
  '"\\q"',
  '"\\u12g4"',
  '"\\u1"',
  '1 2',
  'nul',
  '-',
  '['.repeat(40),
];

for (const json of MALFORMED_JSON) {
  test(`malformed JSON is refused: ${json === '' ? 'nothing' : json}`, (t) => {
    t.throws(() => parseJsonBytes(Buffer.from(json)), {
      instanceOf: SyntaxError,
      message: /at byte \d+: expected/,
    });
  });
}

test('JSON is read as JSON.parse reads it', (t) => {
  const asText = (value: JsonBytes): unknown => {
    if (Buffer.isBuffer(value)) return value.toString();
    if (value instanceof Map)
      return Object.fromEntries([...value].map(([name, member]) => [name, asText(member)]));
    return Array.isArray(value) ? value.map(asText) : value;
  };
  const value = fc.jsonValue({ maxDepth: 4, stringUnit: 'binary' });
  fc.assert(
    fc.property(value, fc.constantFrom(0, 2), fc.boolean(), (some, indent, ascii) => {
      const json = JSON.stringify(some, undefined, indent);
      const written = ascii
        ? json.replace(/[^ -~\n]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
        : json;
      t.deepEqual(asText(parseJsonBytes(Buffer.from(written))), JSON.parse(json));
    }),
  );
});

test('escapes are undone wherever they lie in a long text', (t) => {
  for (const written of ['\\"', '\\\\', '\\n', '\\u00e9', '\\ud83d\\ude00', '\\u0001']) {
    // Counted from the first escape, from which on a text is undone piece by piece.
    for (let length = 16_374; length < 16_386; length += 1) {
      const json = `"\\t${'x'.repeat(length)}${written}${'y'.repeat(20_000)}${written}"`;
      t.is(String(parseJsonBytes(Buffer.from(json))), JSON.parse(json), `${written} after ${length}`);
      t.throws(() => parseJsonBytes(Buffer.from(`${json.slice(0, length + 4)}\\`)), {
        instanceOf: SyntaxError,
      });
    }
  }
});

test('a table tells its columns and its attributes as routes', async (t) => {
  const table = createTable({
    name: 't',
    columns: [
      { name: 'eid', type: 'TEXT' },
      { name: 'batch', type: 'BIGINT', options: COLUMN_OPTIONS.additional | COLUMN_OPTIONS.hidden },
    ],
    attributes: 4,
    generate: () => [],
  });
  const want = [
    { id: 'column', name: 'eid', type: 'TEXT', op: '0' },
    { id: 'column', name: 'batch', type: 'BIGINT', op: '20' },
    { id: 'attributes', attributes: '4' },
  ];
  t.deepEqual(table.routes(), want);
  t.deepEqual(await ask(table, { action: 'columns' }), { status: { code: 0, message: 'OK' }, rows: want });
});

test('a table answers a status to whatever it is asked', async (t) => {
  const table = createTable({
    name: 't',
    columns: [],
    generate: async () => {
      throw new Error('opening store', { cause: new Error('no space') });
    },
  });
  const asked = [{ action: 'generate' }, { action: 'delete' }, { action: 'dance' }, {}] as const;
  const messages = await Promise.all(
    asked.map(async (request) => (await ask(table, request)).status.message),
  );
  t.deepEqual(messages, [
    'generating rows of table t: opening store: no space',
    'table t is read-only',
    'table t knows no action "dance"',
    'table t knows no action ""',
  ]);
});

test('a logger answers OK to every request, then hands it on in its order', async (t) => {
  const got: string[] = [];
  const errors: object[] = [];
  const { promise: last, resolve } = Promise.withResolvers<void>();
  const logger = createLogger({
    name: 'l',
    log: { debug() {}, info() {}, warn() {}, error: (fields) => void errors.push(fields) },
    init: (name, lines) => void got.push(`init ${name} ${lines}`),
    status: (lines) => void got.push(`status ${lines}`),
    snapshot: (line) => void got.push(`snapshot ${line}`),
    event: () => {
      throw new Error('full');
    },
    string: (line) => {
      got.push(`string ${line}`);
      resolve();
    },
  });
  const asked = [
    { init: 'osqueryd' },
    { log: '[]', status: 'true' },
    { snapshot: '{}' },
    { event: '{"eid":"1"}' },
    { something: 'new' },
    { category: 'event', string: '{"name":"q"}' },
  ] as const;
  for (const request of asked)
    t.deepEqual(await ask(logger, request), { status: { code: 0, message: 'OK' }, rows: [] });
  t.is((await ask(logger, { action: 'features' })).status.code, 3);
  t.is((await ask(createLogger({ name: 'l' }), { action: 'features' })).status.code, 0);
  await last;
  t.deepEqual(got, ['init osqueryd ', 'status []', 'snapshot {}', 'string {"name":"q"}']);
  t.deepEqual(errors, [{ error: 'full', logger: 'l' }]);
});

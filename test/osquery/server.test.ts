import { once } from 'node:events';
import { existsSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import {
  COLUMN_OPTIONS,
  connectExtension,
  connectManager,
  createTable,
  type Log,
  OPERATORS,
  type Plugin,
  type ServeExtensionOptions,
  type Server,
  serveExtension,
} from '../../src/osquery/index.ts';
import { socketPath } from './socket-path.ts';

const PING = Buffer.from('800100010000000470696e670000000700', 'hex');
const PONG =
  '800100020000000470696e67000000070c0000080001000000000b0002000000024f4b0a000300000000000000000000';

/** Answers what it was given, each event of `batch` as a row; `stream` comes back byte for byte. */
const SCAN = createTable({
  name: 'scan',
  columns: [
    { name: 'batch', type: 'BIGINT', options: COLUMN_OPTIONS.additional | COLUMN_OPTIONS.hidden },
    { name: 'stream', type: 'TEXT', options: COLUMN_OPTIONS.additional | COLUMN_OPTIONS.hidden },
    { name: 'eid', type: 'TEXT' },
    { name: 'cmdline', type: 'TEXT' },
  ],
  generate: ({ constraints }) => {
    const stream = constraints.get('stream')?.list[0]?.bytes ?? '';
    const batch = constraints.get('batch')!.list.find(({ op }) => op === OPERATORS.lessThan)!;
    const events = JSON.parse(batch.text) as [string, string][];
    return events.map(([eid, cmdline]) => ({ batch: '0', stream, eid, cmdline }));
  },
});

const BROKEN: readonly Plugin[] = [
  createTable({
    name: 'broken',
    columns: [],
    generate: () => {
      throw new Error('opening store');
    },
  }),
  {
    registry: 'config',
    name: 'bad',
    routes: () => [],
    call: () => {
      throw new Error('no file');
    },
  },
];

async function serve(
  t: ExecutionContext,
  options: Partial<ServeExtensionOptions> = {},
): Promise<Server & { readonly lines: string[] }> {
  const lines: string[] = [];
  const write = (fields: object, message: string): void =>
    void lines.push(`${message} ${JSON.stringify(fields)}`);
  const log: Log = { debug() {}, info() {}, warn: write, error: write };
  const server = await serveExtension({ path: socketPath(t), plugins: [SCAN, ...BROKEN], log, ...options });
  t.teardown(() => server.close());
  return { ...server, lines };
}

/** What comes back on a connection of its own when these bytes are sent, until the other side ends it. */
async function exchange(path: string, chunks: readonly Buffer[], end = true): Promise<string> {
  const socket = createConnection({ path });
  const got: Buffer[] = [];
  socket.on('data', (chunk) => got.push(chunk));
  socket.on('error', () => {});
  socket.setNoDelay(true);
  for (const chunk of chunks) await new Promise((resolve) => socket.write(chunk, resolve));
  if (end) socket.end();
  await once(socket, 'close');
  return Buffer.concat(got).toString('hex');
}

/** The context of a scan, as core writes it: the batch's JSON as a JSON string, raw bytes where events had them. */
function scanContext(batch: Buffer, stream = Buffer.from('process_events')): Buffer {
  const quoted = (bytes: Buffer): Buffer => Buffer.from(JSON.stringify(bytes.toString('latin1')), 'latin1');
  return Buffer.concat([
    Buffer.from('{"constraints":[{"name":"batch","list":[{"op":16,"expr":'),
    quoted(batch),
    Buffer.from('}],"affinity":"BIGINT"},{"name":"stream","list":[{"op":2,"expr":'),
    quoted(stream),
    Buffer.from('}],"affinity":"TEXT"}],"colsUsed":["eid","cmdline"]}'),
  ]);
}

test('a batch of 20,000 events comes in one call and its rows go back in one answer', async (t) => {
  const { path } = await serve(t);
  const events = Array.from({ length: 20_000 }, (_, n) => [
    String(n).padStart(10, '0'),
    `/bin/sh -c "exec job-${n}" --input '/var/spool/ö/${n % 97}' ${'x'.repeat(120)}`,
  ]);
  const client = await connectExtension(path);
  const { status, rows } = await client.call('table', 'scan', {
    action: 'generate',
    context: scanContext(Buffer.from(JSON.stringify(events))),
  });
  t.is(status.code, 0);
  t.deepEqual(
    rows.map(({ eid, cmdline }) => [eid, cmdline]),
    events,
  );
  client.close();
});

const COMMAND_LINES: readonly { name: string; sent: Buffer; want: string }[] = [
  { name: 'invalid UTF-8', sent: Buffer.from('"rm \xff\xc3( x"', 'latin1'), want: 'rm \ufffd\ufffd( x' },
  {
    name: 'control characters',
    sent: Buffer.from('"a\\u0001\\n\\t\\u0000\\u007f\\u001b[31m"'),
    want: 'a\u0001\n\t\u0000\u007f\u001b[31m',
  },
  { name: 'quotes and backslashes', sent: Buffer.from('"\\"\\\\n\\\\u0041\\""'), want: '"\\n\\u0041"' },
  { name: '7 kB', sent: Buffer.from(`"${'é '.repeat(2_400)}"`), want: 'é '.repeat(2_400) },
];

for (const { name, sent, want } of COMMAND_LINES) {
  test(`a command line with ${name} arrives`, async (t) => {
    const { path } = await serve(t);
    const client = await connectExtension(path);
    const batch = Buffer.concat([Buffer.from('[["1",'), sent, Buffer.from(']]')]);
    const { rows } = await client.call('table', 'scan', { action: 'generate', context: scanContext(batch) });
    t.deepEqual(
      rows.map(({ cmdline }) => cmdline),
      [want],
    );
    client.close();
  });
}

test('a constraint that is echoed goes back byte for byte', async (t) => {
  const { path } = await serve(t);
  const stream = Buffer.from('process_\xff\xfe\xc3events\n"', 'latin1');
  const client = await connectExtension(path);
  const { rows } = await client.callForBytes('table', 'scan', {
    action: 'generate',
    context: scanContext(Buffer.from('[["1","ls"]]'), stream),
  });
  t.deepEqual(rows[0]!['stream'], stream);
  client.close();
});

test('a plugin that fails answers a status, and the next call is served', async (t) => {
  const { path } = await serve(t);
  const client = await connectExtension(path);
  const message = async (registry: string, item: string): Promise<string> =>
    (await client.call(registry, item, { action: 'generate' })).status.message;
  t.is(await message('table', 'broken'), 'generating rows of table broken: opening store');
  t.is(await message('config', 'bad'), 'no file');
  t.is(await message('table', 'none'), 'no table plugin is named "none" here');
  t.regex(await message('table', 'scan'), /^generating rows of table scan: /);
  t.deepEqual(await client.ping(), { code: 0, message: 'OK' });
  client.close();
});

test('100 calls at once on 100 connections are all answered, each with its own rows', async (t) => {
  const gate = Promise.withResolvers<void>();
  let waiting = 0;
  const slow = createTable({
    name: 'slow',
    columns: [],
    generate: async ({ constraints }) => {
      if (++waiting === 100) gate.resolve();
      await gate.promise;
      return [{ n: constraints.get('n')!.list[0]!.bytes }];
    },
  });
  const { path } = await serve(t, { plugins: [slow] });
  const calls = Array.from({ length: 100 }, async (_, n) => {
    const client = await connectExtension(path);
    const context = `{"constraints":[{"name":"n","list":[{"op":2,"expr":"${n}"}],"affinity":"TEXT"}]}`;
    const { rows } = await client.call('table', 'slow', { action: 'generate', context });
    client.close();
    return rows[0]!['n'];
  });
  t.deepEqual(
    await Promise.all(calls),
    Array.from({ length: 100 }, (_, n) => String(n)),
  );
});

test('calls on one connection are answered in their order, however slow the first', async (t) => {
  const gate = Promise.withResolvers<void>();
  const slow = createTable({ name: 'slow', columns: [], generate: () => gate.promise.then(() => []) });
  const { path } = await serve(t, { plugins: [slow] });
  const client = await connectExtension(path);
  const order: string[] = [];
  const both = [
    client.call('table', 'slow', { action: 'generate' }).then(() => order.push('slow')),
    client.ping().then(() => order.push('ping')),
  ];
  gate.resolve();
  await Promise.all(both);
  t.deepEqual(order, ['slow', 'ping']);
  client.close();
});

test('messages are answered however they are cut', async (t) => {
  const { path, lines } = await serve(t);
  t.is(await exchange(path, [Buffer.concat([PING, PING, PING])]), PONG.repeat(3));
  for (let at = 1; at < PING.length; at++) {
    t.is(await exchange(path, [PING.subarray(0, at), PING.subarray(at)]), PONG, `cut at ${at}`);
  }
  t.deepEqual(lines, []);
});

const MALFORMED: readonly { name: string; bytes: Buffer; end?: boolean; want: RegExp }[] = [
  { name: 'bytes that are no Thrift', bytes: Buffer.from('hello'), want: /no Thrift message/ },
  { name: 'half a message', bytes: PING.subarray(0, 9), end: true, want: /ended within a message/ },
  { name: 'a reply instead of a call', bytes: Buffer.from(PONG, 'hex'), want: /kind 2, which is no call/ },
  {
    name: 'a message beyond the bound',
    bytes: Buffer.from('8001000100000004706f6e67000000070b000110000000', 'hex'),
    want: /at least \d+ bytes/,
  },
  {
    name: 'a map that is not of strings',
    bytes: Buffer.from('800100010000000463616c6c000000070d00030202000000020101010100', 'hex'),
    want: /runs over its message/,
  },
];

for (const { name, bytes, end = false, want } of MALFORMED) {
  test(`${name} ends that connection with a clear line, and others are served`, async (t) => {
    const { path, lines } = await serve(t);
    const other = await connectExtension(path);
    t.is(await exchange(path, [bytes], end), '');
    t.is(lines.length, 1);
    t.regex(lines[0]!, want);
    t.is((await other.ping()).code, 0);
    t.is(await exchange(path, [PING]), PONG);
    other.close();
  });
}

test('an unknown method is answered with an exception, and the connection goes on', async (t) => {
  const { path } = await serve(t);
  const client = await connectManager(path);
  await t.throwsAsync(client.extensions(), {
    message: `calling extensions on ${path}: Unknown function extensions`,
  });
  t.is((await client.ping()).code, 0);
  client.close();
});

test('a caller that leaves before its answer does no harm', async (t) => {
  const [called, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const slow = createTable({
    name: 'slow',
    columns: [],
    generate: async () => {
      called.resolve();
      await gate.promise;
      return [];
    },
  });
  const { path, lines } = await serve(t, { plugins: [slow] });
  const client = await connectExtension(path);
  const lost = t.throwsAsync(client.call('table', 'slow', { action: 'generate' }), {
    message: /connection was closed/,
  });
  await called.promise;
  client.close();
  await lost;
  gate.resolve();
  t.is(await exchange(path, [PING]), PONG);
  t.deepEqual(lines, []);
});

test('shutdown is answered, then told', async (t) => {
  const asked = Promise.withResolvers<void>();
  const { path } = await serve(t, { onShutdown: asked.resolve });
  const client = await connectExtension(path);
  await client.shutdown();
  await asked.promise;
  t.pass();
  client.close();
});

test('more connections than allowed are closed at once', async (t) => {
  const { path, lines } = await serve(t, { maxConnections: 1 });
  const first = await connectExtension(path);
  t.is(await exchange(path, [PING], false), '');
  t.regex(lines[0]!, /too many are open/);
  t.is((await first.ping()).code, 0);
  first.close();
});

test('only the owner may connect, and the file goes when the server does', async (t) => {
  const server = await serve(t);
  t.is(statSync(server.path).mode & 0o777, 0o600);
  const client = await connectExtension(server.path);
  await server.close();
  t.false(existsSync(server.path));
  t.regex((await client.closed)!.message, /other side closed/);
});

test('the socket file that a dead server left is replaced', async (t) => {
  const path = socketPath(t);
  const dead = createServer();
  await new Promise<void>((resolve) => dead.listen(`${path}.old`, resolve));
  renameSync(`${path}.old`, path);
  await new Promise((resolve) => dead.close(resolve));
  t.true(existsSync(path));
  await serve(t, { path });
  t.is(await exchange(path, [PING]), PONG);
});

test('a live socket and a file of another kind are left alone', async (t) => {
  const server = await serve(t);
  await t.throwsAsync(serveExtension({ path: server.path, plugins: [] }), {
    message: `listening on ${server.path}: another process serves there`,
  });
  t.is(await exchange(server.path, [PING]), PONG);
  const file = `${server.path}.txt`;
  writeFileSync(file, 'mine');
  await t.throwsAsync(serveExtension({ path: file, plugins: [] }), {
    message: `listening on ${file}: there is a file that is no socket`,
  });
});

test('a plugin learns whether its answer went out, or whether who called was gone by then', async (t) => {
  const fates: Promise<boolean>[] = [];
  const [called, answer] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const slow = createTable({
    name: 'slow',
    columns: [],
    async generate(_, __, fate) {
      fates.push(fate!.sent);
      called.resolve();
      await answer.promise;
      return [];
    },
  });
  const { path } = await serve(t, { plugins: [slow] });
  const impatient = await connectExtension(path);
  const call = impatient.call('table', 'slow', { action: 'generate', context: '{}' });
  await called.promise;
  impatient.close();
  await t.throwsAsync(call);
  // The other side's end has come through when another connection was answered after it.
  const patient = await connectExtension(path);
  await patient.ping();
  answer.resolve();
  await patient.call('table', 'slow', { action: 'generate', context: '{}' });
  t.deepEqual(await Promise.all(fates), [false, true]);
  patient.close();
});

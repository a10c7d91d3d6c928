import { createServer, type Socket } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { CallError, connectExtension, connectManager, StatusError } from '../../src/osquery/index.ts';
import { socketPath } from './socket-path.ts';
import { TestManager } from './test-manager.ts';

/** `ping` answered OK, with the sequence number 1. */
const PONG = Buffer.from(
  '800100020000000470696e67000000010c0000080001000000000b0002000000024f4b0a000300000000000000000000',
  'hex',
);

/** A server that does this with each connection. */
async function serveRaw(t: ExecutionContext, onConnection: (socket: Socket) => void): Promise<string> {
  const path = socketPath(t);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  t.teardown(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return path;
}

test('an extension registers, is listed, and deregisters', async (t) => {
  const { path, extensions } = await TestManager.start(t, socketPath(t));
  const manager = await connectManager(path);
  const info = { name: 'détection', version: '1.0', sdkVersion: '5.0.0', minSdkVersion: '1.8.0' };
  const routes = [
    { id: 'column', name: 'a', type: 'TEXT', op: '0' },
    { id: 'attributes', attributes: '4' },
  ];
  const registry = new Map([
    [
      'table',
      new Map([
        ['t', routes],
        ['u', []],
      ]),
    ],
    ['logger', new Map([['l', []]])],
  ]);
  const uuid = await manager.registerExtension(info, registry);
  t.deepEqual(extensions.get(uuid), { info, registry });
  t.deepEqual(await manager.extensions(), new Map([[uuid, info]]));
  await manager.deregisterExtension(uuid);
  t.deepEqual(await manager.extensions(), new Map());
  manager.close();
});

test('what the manager refuses rejects with its message and code', async (t) => {
  const { path } = await TestManager.start(t, socketPath(t));
  const manager = await connectManager(path);
  const info = { name: 'x', version: '1', sdkVersion: '5.0.0', minSdkVersion: '1.8.0' };
  await manager.registerExtension(info, new Map());
  const refusals = [
    [manager.registerExtension(info, new Map()), 'Duplicate extension registered'],
    [manager.deregisterExtension(7), 'No extension UUID registered'],
    [manager.query('SELECT x'), 'near "x": syntax error'],
  ] as const;
  for (const [refused, message] of refusals) {
    const error = await t.throwsAsync(refused, { instanceOf: StatusError, message });
    t.is(error!.code, 1);
  }
  manager.close();
});

test('a manager answers queries, options, columns and calls', async (t) => {
  const { path } = await TestManager.start(t, socketPath(t));
  const manager = await connectManager(path);
  t.deepEqual(await manager.ping(), { code: 0, message: 'pong' });
  t.deepEqual(await manager.query('SELECT 1 AS one'), [{ one: '1' }]);
  t.deepEqual(
    await manager.options(),
    new Map([['verbose', { value: 'true', defaultValue: 'false', type: 'bool' }]]),
  );
  t.deepEqual(await manager.getQueryColumns('SELECT …'), [
    { name: 'one', type: 'INTEGER' },
    { name: 'two', type: 'TEXT' },
  ]);
  t.deepEqual(await manager.call('logger', '', { string: 'a line' }), {
    status: { code: 0, message: 'OK' },
    rows: [],
  });
  manager.close();
});

test('a path that nobody serves says so', async (t) => {
  const path = socketPath(t);
  await t.throwsAsync(connectManager(path), {
    instanceOf: CallError,
    message: `connecting to ${path}: connect ENOENT ${path}`,
  });
});

const BREAKS: readonly { name: string; sent: Buffer; want: RegExp }[] = [
  { name: 'the other side leaves', sent: Buffer.alloc(0), want: /the other side closed the connection$/ },
  {
    name: 'the other side leaves within an answer',
    sent: PONG.subarray(0, 20),
    want: /closed the connection within a message$/,
  },
  { name: 'what comes is no Thrift', sent: Buffer.from('HTTP/1.1 400'), want: /no Thrift message/ },
  {
    name: 'the answer is to another call',
    sent: Buffer.from(PONG.toString('latin1').replace('\u0000\u0001\f', '\u0000\u0009\f'), 'latin1'),
    want: /an answer to a call that was not made: ping 9/,
  },
  {
    name: 'the answer holds no result',
    sent: Buffer.concat([PONG.subarray(0, 16), Buffer.from([0])]),
    want: /ping failed: unknown result/,
  },
];

for (const { name, sent, want } of BREAKS) {
  test(`when ${name}, the call under way rejects`, async (t) => {
    const path = await serveRaw(t, (socket) => socket.once('data', () => socket.end(sent)));
    const client = await connectExtension(path);
    await t.throwsAsync(client.ping(), { instanceOf: CallError, message: want });
    const reason = await client.closed;
    await t.throwsAsync(client.ping(), { message: `calling ping on ${path}: ${reason!.message}` });
  });
}

test('all calls under way reject when the connection breaks', async (t) => {
  const path = await serveRaw(t, (socket) => socket.once('data', () => socket.destroy()));
  const client = await connectManager(path);
  const calls = await Promise.allSettled([client.ping(), client.extensions(), client.query('SELECT 1')]);
  t.deepEqual(
    calls.map(({ status }) => status),
    ['rejected', 'rejected', 'rejected'],
  );
});

test('close() rejects what is under way and is no failure of the connection', async (t) => {
  const path = await serveRaw(t, () => {});
  const client = await connectExtension(path);
  const lost = t.throwsAsync(client.ping(), { message: /the connection was closed/ });
  client.close();
  await lost;
  t.is(await client.closed, undefined);
});

test('a call that gets no answer in time rejects, and its late answer disturbs nobody', async (t) => {
  const second = Buffer.from(PONG);
  second[15] = 2;
  let calls = 0;
  const path = await serveRaw(t, (socket) =>
    socket.on('data', () => {
      if (++calls === 2) socket.write(Buffer.concat([PONG, second]));
    }),
  );
  const client = await connectExtension(path, { timeoutMs: 200 });
  await t.throwsAsync(client.ping(), { message: `calling ping on ${path}: no answer within 200 ms` });
  t.deepEqual(await client.ping(), { code: 0, message: 'OK' });
  client.close();
});

test('an answer beyond the bound ends the connection', async (t) => {
  const { path } = await TestManager.start(t, socketPath(t));
  const client = await connectManager(path, { maxMessageBytes: 40 });
  await t.throwsAsync(client.ping(), { message: /a message of at least \d+ bytes, and 40 are allowed/ });
});

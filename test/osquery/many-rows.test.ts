import { once } from 'node:events';
import { createConnection } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import {
  connectExtension,
  createTable,
  type Log,
  type Server,
  serveExtension,
} from '../../src/osquery/index.ts';
import { socketPath } from './socket-path.ts';

const ROWS = 100_000;
const PING = Buffer.from('800100010000000470696e670000000700', 'hex');
/** `call("table", "many", {"action": "generate"})`. */
const CALL = Buffer.from(
  '800100010000000463616c6c00000007' +
    '0b0001000000057461626c65' +
    '0b0002000000046d616e79' +
    '0d00030b0b0000000100000006616374696f6e0000000867656e657261746500',
  'hex',
);

interface Many extends Server {
  readonly lines: string[];
  /** How many rows were written. */
  readonly written: () => number;
  readonly sent: Promise<boolean>[];
}

/** Serves a table of very many rows, of which one may fail. */
async function serveMany(t: ExecutionContext, failsAt = -1): Promise<Many> {
  const lines: string[] = [];
  const sent: Promise<boolean>[] = [];
  let written = 0;
  const write = (fields: object, message: string): void =>
    void lines.push(`${message} ${JSON.stringify(fields)}`);
  const log: Log = { debug() {}, info() {}, warn: write, error: write };
  const many = createTable({
    name: 'many',
    columns: [{ name: 'n', type: 'BIGINT' }],
    generate(_, encode, fate) {
      sent.push(fate!.sent);
      return encode(['n'], ROWS, (at, row) => {
        if (at === failsAt) throw new Error(`no row ${at}`);
        written += 1;
        row.integer(0, at);
      });
    },
  });
  const server = await serveExtension({ path: socketPath(t), plugins: [many], log });
  t.teardown(() => server.close());
  return { ...server, lines, sent, written: () => written };
}

test('an answer of very many rows arrives whole, and is known to', async (t) => {
  const { path, sent } = await serveMany(t);
  const client = await connectExtension(path);
  const { rows } = await client.call('table', 'many', { action: 'generate' });
  t.is(rows.length, ROWS);
  t.true(rows.every(({ n }, at) => n === String(at)));
  t.is((await client.ping()).code, 0);
  t.true(await sent[0]);
  client.close();
});

test('rows are made as they are read, so that a caller who does not read makes nothing pile up', async (t) => {
  const { path, written, sent } = await serveMany(t);
  const socket = createConnection({ path });
  socket.pause();
  // Two calls, of which the second waits until the first was read.
  socket.write(Buffer.concat([CALL, CALL]));
  await once(socket, 'readable');
  const other = await connectExtension(path);
  t.is((await other.ping()).code, 0, 'others are served meanwhile');
  const made = written();
  t.true(made > 0 && made < ROWS / 2, `${made} of ${ROWS} rows were made before any was read`);
  t.is(sent.length, 1);

  socket.destroy();
  t.false(await sent[0], 'and it is known that it left');
  t.is((await other.ping()).code, 0);
  t.true(written() < ROWS / 2);
  other.close();
});

test('a row that fails before the answer began is a status', async (t) => {
  const { path, lines } = await serveMany(t, 100);
  const client = await connectExtension(path);
  const { status, rows } = await client.call('table', 'many', { action: 'generate' });
  t.deepEqual(status, { code: 1, message: 'generating rows of table many: no row 100' });
  t.deepEqual(rows, []);
  t.deepEqual(lines, []);
  client.close();
});

test('a row that fails half-way ends that connection with a clear line, and others are served', async (t) => {
  const { path, lines, sent } = await serveMany(t, ROWS - 1);
  const [client, other] = [await connectExtension(path), await connectExtension(path)];
  await t.throwsAsync(client.call('table', 'many', { action: 'generate' }), {
    message: /closed the connection within a message/,
  });
  t.false(await sent[0]);
  t.deepEqual(lines, [`closing a connection: its answer failed half-way {"error":"no row ${ROWS - 1}"}`]);
  t.is((await other.ping()).code, 0);
  other.close();
});

test('calls that come while an answer goes out are answered after it', async (t) => {
  const { path } = await serveMany(t);
  const socket = createConnection({ path });
  const got: Buffer[] = [];
  socket.on('data', (chunk) => got.push(chunk));
  socket.end(Buffer.concat([PING, CALL, PING]));
  await once(socket, 'close');
  const answers = Buffer.concat(got).toString('latin1');
  const names = [...answers.matchAll(/\x80\x01\x00\x02\x00\x00\x00\x04(ping|call)/g)].map(([, name]) => name);
  t.deepEqual(names, ['ping', 'call', 'ping']);
});

import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { join } from 'node:path';
import test from 'ava';
import {
  connectManager,
  createTable,
  type Plugin,
  type PluginRequest,
  serveExtension,
  success,
} from '../../src/osquery/index.ts';
import { FrameScanner } from '../../src/osquery/thrift/frame.ts';
import { MessageReader } from '../../src/osquery/thrift/reader.ts';
import { socketPath } from './socket-path.ts';

/**
 * Bytes that went between a live osqueryd and an extension, replayed in both directions. The recording lies beside
 * the repository; where it is absent these tests are skipped, and `library.test.ts` and `frame.test.ts` remain.
 */
const CAPTURE = join(import.meta.dirname, '../../../shared/osquery/wire/capture.jsonl');
const recorded = existsSync(CAPTURE) ? test : test.skip;

interface Chunk {
  readonly link: string;
  readonly from: 'core' | 'extension';
  readonly hex: string;
}

function chunks(): readonly Chunk[] {
  if (!existsSync(CAPTURE)) return [];
  const lines = readFileSync(CAPTURE, 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line) as Chunk);
}

/** All that one side sent on a connection. */
function sent(link: string, from: Chunk['from']): Buffer {
  const parts = chunks().filter((chunk) => chunk.link === link && chunk.from === from);
  return Buffer.concat(parts.map(({ hex }) => Buffer.from(hex, 'hex')));
}

const links = [...new Set(chunks().map(({ link }) => link))];

function headerOf(message: Buffer): string {
  const { fname, mtype, rseqid } = new MessageReader(message, 'text').readMessageBegin();
  return `${fname} ${mtype} ${rseqid}`;
}

recorded('every recorded stream falls into whole messages, wherever it is cut', (t) => {
  for (const link of links) {
    for (const from of ['core', 'extension'] as const) {
      const stream = sent(link, from);
      const whole = new FrameScanner().feed(stream);
      t.deepEqual(Buffer.concat(whole), stream);
      for (let at = 1; at < stream.length; at++) {
        const scanner = new FrameScanner();
        const found = [...scanner.feed(stream.subarray(0, at)), ...scanner.feed(stream.subarray(at))];
        if (found.length !== whole.length || scanner.partial) t.fail(`${link} ${from} cut at ${at}`);
      }
      const scanner = new FrameScanner();
      const found = [...stream].flatMap((byte) => scanner.feed(Buffer.from([byte])));
      t.deepEqual(found.map(headerOf), whole.map(headerOf));
    }
  }
});

/** The extension of the recording: its logger asked for all features, its table echoed the events it was given. */
function recordedPlugins(seen: PluginRequest[]): readonly Plugin[] {
  const logger: Plugin = {
    registry: 'logger',
    name: 'proto_log',
    routes: () => [],
    call: (request) => {
      seen.push(request);
      const features = request.get('action')?.toString() === 'features';
      return features ? { status: { code: 3, message: 'OK' }, rows: [] } : success();
    },
  };
  const scan = createTable({
    name: 'proto_scan',
    columns: [],
    generate: ({ constraints }) =>
      constraints
        .get('event')!
        .list.filter(({ op }) => op === 2)
        .map(({ bytes, text }) => {
          const [eid, , path] = JSON.parse(text) as [string, number, string];
          return { event: bytes, batch: '0', rule: 'kmod', pid: eid, cmdline: path };
        }),
  });
  return [logger, scan];
}

/** What a server answers on a connection of its own, sent these chunks. */
async function answers(path: string, parts: readonly Buffer[]): Promise<Buffer> {
  const socket = createConnection({ path });
  socket.setNoDelay(true);
  const got: Buffer[] = [];
  socket.on('data', (chunk) => got.push(chunk));
  for (const part of parts) await new Promise((resolve) => socket.write(part, resolve));
  socket.end();
  await once(socket, 'close');
  return Buffer.concat(got);
}

recorded('what core sent is answered byte for byte as the recorded extension answered', async (t) => {
  const seen: PluginRequest[] = [];
  const path = socketPath(t);
  const server = await serveExtension({ path, plugins: recordedPlugins(seen) });
  t.teardown(() => server.close());
  const calls = links.filter((link) => link.startsWith('extension'));
  let compared = 0;
  for (const link of calls) {
    const [call, answer] = [sent(link, 'core'), sent(link, 'extension')];
    const ours = await answers(path, [call]);
    // Some answers were not recorded; they were the empty one.
    if (answer.length > 0) {
      t.is(ours.toString('hex'), answer.toString('hex'), link);
      compared++;
    }
    t.true(ours.length > 0);
  }
  t.true(compared > 15);
  t.true(seen.some((request) => request.get('init')?.toString() === 'osqueryd'));
  t.true(seen.some((request) => request.get('status')?.toString() === 'true'));
  t.true(seen.some((request) => request.has('event')));
});

recorded('a recorded call is answered the same cut at every byte', async (t) => {
  const path = socketPath(t);
  const server = await serveExtension({ path, plugins: recordedPlugins([]) });
  t.teardown(() => server.close());
  const [call, answer] = [sent('extension-37', 'core'), sent('extension-37', 'extension')];
  for (let at = 1; at < call.length; at++) {
    const ours = await answers(path, [call.subarray(0, at), call.subarray(at)]);
    if (!ours.equals(answer)) t.fail(`cut at ${at}`);
  }
  t.pass();
});

/** A manager that answers each recorded call with what core answered, in pieces of this size. Tells what it was sent. */
async function replayManager(
  path: string,
  pieceBytes: number,
): Promise<{ readonly got: Buffer[]; close(): void }> {
  const replies = new FrameScanner().feed(sent('manager-1', 'core'));
  const got: Buffer[] = [];
  const server = createServer((socket) => {
    const scanner = new FrameScanner();
    socket.on('data', (chunk) => {
      for (const call of scanner.feed(chunk)) {
        const reply = replies[got.length]!;
        got.push(call);
        for (let at = 0; at < reply.length; at += pieceBytes)
          socket.write(reply.subarray(at, at + pieceBytes));
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return { got, close: () => server.close() };
}

const column = (name: string, type: string, op: number): Record<string, string> => ({
  id: 'column',
  name,
  type,
  op: String(op),
});
const RECORDED_ROUTES = new Map([
  [
    'table',
    new Map([
      [
        'proto_scan',
        [
          column('event', 'TEXT', 25),
          column('batch', 'BIGINT', 20),
          column('rule', 'TEXT', 0),
          column('pid', 'BIGINT', 0),
          column('cmdline', 'TEXT', 0),
        ],
      ],
      ['proto_t', [column('a', 'TEXT', 0), column('eql', 'TEXT', 16)]],
    ]),
  ],
  ['logger', new Map([['proto_log', []]])],
]);

for (const pieceBytes of [1_000_000, 100, 1]) {
  recorded(
    `the manager client sends and understands what was recorded, answers in pieces of ${pieceBytes}`,
    async (t) => {
      const path = socketPath(t);
      const replay = await replayManager(path, pieceBytes);
      t.teardown(() => replay.close());
      const manager = await connectManager(path);
      const info = { name: 'proto', version: '1.0.0', sdkVersion: '5.0.0', minSdkVersion: '1.8.0' };
      t.is(await manager.registerExtension(info, RECORDED_ROUTES), 0x9b73);
      t.deepEqual(await manager.ping(), { code: 0, message: 'pong' });
      const line =
        '{"name":"proto_alert","hostIdentifier":"h","columns":{"x":"1"},"action":"added","unixTime":1}';
      t.is((await manager.call('logger', '', { string: line })).status.code, 0);
      t.deepEqual(await manager.extensions(), new Map([[0x9b73, info]]));
      t.deepEqual(await manager.getQueryColumns('select pid, path from processes'), [
        { name: 'pid', type: 'BIGINT' },
        { name: 'path', type: 'TEXT' },
      ]);
      await t.throwsAsync(manager.query('select bad syntax from'), { message: 'incomplete input' });
      t.deepEqual(await manager.query('select pid,name,path from processes where pid=1'), [
        { name: 'process_api', path: '', pid: '1' },
      ]);
      t.deepEqual((await manager.options()).get('alarm_timeout'), {
        value: '15',
        defaultValue: '15',
        type: 'uint64',
      });
      t.is(
        (await manager.query('select count(*) c, min(time) a, max(time) b from process_events where time>0'))
          .length,
        1,
      );
      t.true((await manager.query('select name,query,interval from osquery_schedule')).length > 0);
      t.is(Buffer.concat(replay.got).toString('hex'), sent('manager-1', 'extension').toString('hex'));
      manager.close();
    },
  );
}

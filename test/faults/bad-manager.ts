import { createServer, type Server, type Socket } from 'node:net';
import type { Random } from './random.ts';

/** What a broken osqueryd does with a connection. */
export type Manner = (socket: Socket) => void;

/** Listens where osqueryd would. Resolves with a way to end it, and its sockets, when it listens. */
export async function listenBadly(path: string, manner: Manner): Promise<BadManager> {
  const open = new Set<Socket>();
  const waiting: { readonly count: number; resolve(): void }[] = [];
  let connections = 0;
  const server: Server = createServer((socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('error', () => {});
    manner(socket);
    connections += 1;
    for (const { count, resolve } of waiting) if (connections >= count) resolve();
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return {
    connected: (count) => new Promise((resolve) => waiting.push({ count, resolve })),
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

export interface BadManager {
  /** Resolves with the connection of that number. */
  connected(count: number): Promise<void>;
  close(): Promise<void>;
}

/** A version-1 reply of Thrift's binary protocol to `extensions`, begun: a map of so many entries, of which none comes. */
function replyOf(entries: number): Buffer {
  const name = Buffer.from('extensions');
  const reply = Buffer.alloc(8 + name.length + 4 + 3 + 6);
  let at = reply.writeUInt32BE(0x80010002, 0);
  at = reply.writeUInt32BE(name.length, at);
  at += name.copy(reply, at);
  at = reply.writeInt32BE(1, at);
  at = reply.writeUInt8(13, at);
  at = reply.writeInt16BE(0, at);
  at = reply.writeUInt8(10, at);
  at = reply.writeUInt8(12, at);
  reply.writeInt32BE(entries, at);
  return reply;
}

const MEGABYTE = Buffer.alloc(1 << 20, 'x');

export function manners(random: Random): readonly { readonly name: string; readonly manner: Manner }[] {
  const noise = (): Buffer => Buffer.from(Array.from({ length: 500 }, () => random.between(0, 255)));
  return [
    { name: 'accepts and never answers', manner: (socket) => socket.resume() },
    { name: 'answers garbage', manner: (socket) => socket.on('data', () => socket.write(noise())) },
    {
      name: 'closes half-way through an answer',
      manner: (socket) => socket.on('data', () => socket.end(replyOf(3).subarray(0, random.between(1, 20)))),
    },
    {
      name: 'announces more entries than there are',
      manner: (socket) => socket.on('data', () => socket.end(replyOf(0x7fffffff))),
    },
    {
      name: 'answers without an end',
      manner: (socket) =>
        socket.on('data', () => {
          // A text of 2 GB, and its bytes for as long as they are read.
          const head = replyOf(1);
          head.writeUInt8(11, head.length - 5);
          socket.write(Buffer.concat([head, Buffer.from([0x7f, 0xff, 0xff, 0xff])]));
          const more = (): void => {
            while (!socket.destroyed && socket.write(MEGABYTE));
            socket.once('drain', more);
          };
          more();
        }),
    },
    { name: 'closes at once', manner: (socket) => socket.destroy() },
  ];
}

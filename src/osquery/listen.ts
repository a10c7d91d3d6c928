import { chmod, lstat, unlink } from 'node:fs/promises';
import { createConnection, createServer, type Server as NetServer, type Socket } from 'node:net';
import { explain } from './plugin.ts';

/**
 * Listens on a UNIX socket that only its owner may connect to (mode 0600).
 *
 * A file that a dead server left is replaced: one that is a socket and refuses connections. A socket that accepts,
 * or a file of another kind, is left alone. Rejects with `listening on PATH: …`.
 */
export async function listen(path: string, server: NetServer): Promise<void> {
  try {
    await listenOnce(path, server).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE') throw error;
      await removeStale(path);
      await listenOnce(path, server);
    });
    await chmod(path, 0o600);
  } catch (cause) {
    throw new Error(`listening on ${path}: ${explain(cause)}`, { cause });
  }
}

/** A server of connections that may be half-closed: the other side may end its half and still get its answer. */
export function createListener(onConnection: (socket: Socket) => void): NetServer {
  return createServer({ allowHalfOpen: true }, onConnection);
}

function listenOnce(path: string, server: NetServer): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ path }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

async function removeStale(path: string): Promise<void> {
  const found = await lstat(path);
  if (!found.isSocket()) throw new Error('there is a file that is no socket');
  if (await accepts(path)) throw new Error('another process serves there');
  await unlink(path);
}

function accepts(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createConnection({ path });
    const settle = (accepted: boolean): void => {
      probe.destroy();
      resolve(accepted);
    };
    probe.once('connect', () => settle(true));
    probe.once('error', (error: NodeJS.ErrnoException) => settle(error.code !== 'ECONNREFUSED'));
  });
}

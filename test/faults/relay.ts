import { rmSync } from 'node:fs';
import { createConnection, createServer, type Server as NetServer, type Socket } from 'node:net';

/** Something to do when so many bytes have gone in one direction of the next connection that carries them. */
export interface Trap {
  readonly on: 'request' | 'answer';
  readonly afterBytes: number;
  spring(): void;
}

/**
 * Between core and the socket of an extension: bytes pass as they are, until a trap springs. Bytes beyond a
 * trap's do not pass: the process that is killed there did not send them, or did not read them.
 */
export class Relay {
  trap: Trap | null = null;
  readonly #path: string;
  readonly #server: NetServer;
  readonly #open = new Set<Socket>();

  private constructor(path: string, target: string) {
    this.#path = path;
    this.#server = createServer({ allowHalfOpen: true }, (core) => this.#join(core, target));
  }

  static async listen(path: string, target: string): Promise<Relay> {
    rmSync(path, { force: true });
    const relay = new Relay(path, target);
    await new Promise<void>((resolve) => relay.#server.listen(path, resolve));
    return relay;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#open) socket.destroy();
    await closed;
    rmSync(this.#path, { force: true });
  }

  #join(core: Socket, target: string): void {
    const extension = createConnection({ path: target, allowHalfOpen: true });
    this.#pass('request', core, extension);
    this.#pass('answer', extension, core);
  }

  #pass(direction: Trap['on'], from: Socket, to: Socket): void {
    let passed = 0;
    let sprung = false;
    this.#open.add(from);
    from.on('data', (chunk) => {
      if (sprung) return;
      const { trap } = this;
      if (trap?.on === direction && passed + chunk.length >= trap.afterBytes) {
        sprung = true;
        this.trap = null;
        to.write(chunk.subarray(0, trap.afterBytes - passed), () => trap.spring());
        return;
      }
      passed += chunk.length;
      if (!to.write(chunk)) {
        from.pause();
        to.once('drain', () => from.resume());
      }
    });
    from.on('end', () => to.end());
    from.on('error', () => {});
    from.on('close', () => {
      this.#open.delete(from);
      to.destroySoon();
    });
  }
}

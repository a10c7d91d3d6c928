import type { Socket } from 'node:net';
import { type CallFate, explain, type Log } from './plugin.ts';
import { FrameScanner, ProtocolError } from './thrift/frame.ts';
import { MessageReader } from './thrift/reader.ts';
import { type Blocks, MessageWriter } from './thrift/writer.ts';

/** What reads one call and, at some time, flushes one answer: the generated processors. */
export interface Processor {
  process(input: MessageReader, output: MessageWriter): void;
}

/** Makes the processor of a connection; `fate` is that of the call that is being answered. */
export type MakeProcessor = (fate: () => CallFate) => Processor;

const CALL = 1;
/** How long the rest of a message may stay away. */
const HALF_MESSAGE_MS = 60_000;

/**
 * The answering side of one connection: calls are answered one after the other, in their order, as core does.
 *
 * While an answer is awaited nothing more is read, so a connection holds at most one message and what one read
 * brought. Bytes that are no message end this connection, with a line in the log, and nothing else.
 */
export class Session {
  readonly #socket: Socket;
  readonly #processor: Processor;
  readonly #log: Log;
  readonly #scanner: FrameScanner;
  readonly #waiting: Buffer[] = [];
  #busy = false;
  #ended = false;
  #sent = Promise.withResolvers<boolean>();

  constructor(socket: Socket, makeProcessor: MakeProcessor, { log, maxMessageBytes }: SessionOptions) {
    this.#socket = socket;
    this.#processor = makeProcessor(() => ({ sent: this.#sent.promise }));
    this.#log = log;
    this.#scanner = new FrameScanner(maxMessageBytes);
    socket.on('data', (chunk) => this.#receive(chunk));
    socket.on('end', () => this.#receiveEnd());
    socket.on('timeout', () => this.#refuse(new ProtocolError('the rest of a message did not come')));
    socket.on('error', (error) => this.#log.debug({ error: error.message }, 'connection broken'));
  }

  #receive(chunk: Buffer): void {
    try {
      this.#waiting.push(...this.#scanner.feed(chunk));
      this.#socket.setTimeout(this.#scanner.partial ? HALF_MESSAGE_MS : 0);
    } catch (error) {
      this.#refuse(error);
      return;
    }
    this.#next();
  }

  #receiveEnd(): void {
    this.#ended = true;
    if (this.#scanner.partial) this.#refuse(new ProtocolError('the connection ended within a message'));
    else this.#next();
  }

  #next(): void {
    if (this.#busy || this.#socket.destroyed) return;
    const message = this.#waiting.shift();
    if (message === undefined) {
      if (this.#ended) this.#socket.end();
      else this.#socket.resume();
      return;
    }
    this.#busy = true;
    this.#socket.pause();
    try {
      this.#process(message);
    } catch (error) {
      this.#refuse(error);
    }
  }

  #process(message: Buffer): void {
    if (message[3] !== CALL) throw new ProtocolError(`a message of kind ${message[3]}, which is no call`);
    const sent = Promise.withResolvers<boolean>();
    this.#sent = sent;
    const writer = new MessageWriter((...message) => {
      this.#send(...message)
        .catch((error: unknown) => {
          this.#log.error({ error: explain(error) }, 'closing a connection: its answer failed half-way');
          this.#socket.destroy();
          return false;
        })
        .then((whole) => {
          sent.resolve(whole);
          this.#busy = false;
          this.#next();
        });
    });
    this.#processor.process(new MessageReader(message, 'bytes'), writer);
  }

  /** False when the other side was gone before the end. */
  async #send(bytes: Buffer, blocks?: Blocks, rest?: Buffer): Promise<boolean> {
    let whole = await this.#write(bytes);
    for (let block = blocks?.take(); whole && block; block = blocks!.take()) whole = await this.#write(block);
    return whole && (rest === undefined || this.#write(rest));
  }

  /** Waits until the bytes went out, so that they can be written over, and a slow reader makes nothing pile up. */
  #write(bytes: Buffer): Promise<boolean> {
    return new Promise((resolve) => {
      if (this.#socket.writable) this.#socket.write(bytes, (error) => resolve(!error));
      else resolve(false);
    });
  }

  #refuse(error: unknown): void {
    this.#log.warn({ error: explain(error) }, 'closing a connection with malformed bytes');
    this.#waiting.length = 0;
    this.#socket.destroy();
  }
}

export interface SessionOptions {
  readonly log: Log;
  readonly maxMessageBytes: number | undefined;
}

import { createConnection, type Socket } from 'node:net';
import { explain } from './plugin.ts';
import { FrameScanner } from './thrift/frame.ts';
import { Client } from './thrift/gen/ExtensionManager.js';
import { MessageReader, type ValuesAs } from './thrift/reader.ts';
import { MessageWriter } from './thrift/writer.ts';

export interface ConnectOptions {
  /** How long one call may take, in milliseconds; 30,000 when absent. */
  readonly timeoutMs?: number;
  /** The largest reply taken, in bytes; 64 MiB when absent. */
  readonly maxMessageBytes?: number;
}

/** A call that got no answer: the connection broke, or the time was up, or what came was no Thrift. */
export class CallError extends Error {}

interface Pending {
  readonly name: string;
  readonly valuesAs: ValuesAs;
  readonly timer: NodeJS.Timeout;
}

const DEFAULT_TIMEOUT_MS = 30_000;
const REPLY = 2;
const EXCEPTION = 3;
/** Calls that timed out and whose late answers are awaited; with more the other side is taken for dead. */
const MOST_ABANDONED = 16;

/** The generated client makes a protocol of its output for each call; here the writer is both. */
const WriterItself = function (this: unknown, writer: MessageWriter): MessageWriter {
  return writer;
} as unknown as new (
  writer: MessageWriter,
) => MessageWriter;

/** Opens a UNIX socket. Rejects with `connecting to PATH: …`. */
export async function openChannel(path: string, options: ConnectOptions = {}): Promise<Channel> {
  const socket = createConnection({ path });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  }).catch((cause: unknown) => {
    throw new CallError(`connecting to ${path}: ${explain(cause)}`, { cause });
  });
  return new Channel(socket, path, options);
}

/**
 * The asking side of one connection: calls go out, answers find their caller by sequence number.
 *
 * The generated client writes and reads the messages; this class owns the socket, the time limit, and the promise
 * that no caller is left waiting when the connection breaks.
 */
export class Channel {
  readonly closed: Promise<Error | undefined>;
  readonly #socket: Socket;
  readonly #path: string;
  readonly #timeoutMs: number;
  readonly #scanner: FrameScanner;
  readonly #client: Client;
  readonly #pending = new Map<number, Pending>();
  readonly #abandoned = new Set<number>();
  readonly #settleClosed: (reason: Error | undefined) => void;
  #end: { readonly reason: Error | undefined } | undefined;

  constructor(socket: Socket, path: string, options: ConnectOptions) {
    this.#socket = socket;
    this.#path = path;
    this.#timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    this.#scanner = new FrameScanner(options.maxMessageBytes);
    this.#client = new Client(new MessageWriter((message) => socket.write(message)), WriterItself);
    const { promise, resolve } = Promise.withResolvers<Error | undefined>();
    this.closed = promise;
    this.#settleClosed = resolve;
    socket.on('data', (chunk) => this.#receive(chunk));
    socket.on('error', (error) => this.#finish(error));
    socket.on('close', () => {
      const where = this.#scanner.partial ? ' within a message' : '';
      this.#finish(new Error(`the other side closed the connection${where}`));
    });
  }

  /** Makes one call. Rejects with `CallError` and never waits longer than the time limit. */
  async call<T>(name: string, send: (client: Client) => Promise<T>, valuesAs: ValuesAs = 'text'): Promise<T> {
    try {
      if (this.#end !== undefined) throw this.#end.reason ?? new Error('the connection was closed');
      const answer = send(this.#client);
      const sequence = this.#client.seqid();
      const timer = setTimeout(() => this.#abandon(sequence), this.#timeoutMs);
      if (this.#client._reqs[sequence] === undefined) clearTimeout(timer);
      else this.#pending.set(sequence, { name, valuesAs, timer });
      return await answer;
    } catch (cause) {
      throw new CallError(`calling ${name} on ${this.#path}: ${explain(cause)}`, { cause });
    }
  }

  /** Ends the connection; calls under way reject. */
  close(): void {
    this.#finish(undefined);
  }

  #receive(chunk: Buffer): void {
    try {
      for (const message of this.#scanner.feed(chunk)) this.#answer(message);
    } catch (error) {
      this.#finish(error as Error);
    }
  }

  #answer(message: Buffer): void {
    const reader = new MessageReader(message, 'text');
    const { fname, mtype, rseqid } = reader.readMessageBegin();
    if (this.#abandoned.delete(rseqid)) return;
    const pending = this.#pending.get(rseqid);
    if (pending?.name !== fname || (mtype !== REPLY && mtype !== EXCEPTION)) {
      throw new Error(`an answer to a call that was not made: ${fname} ${rseqid}`);
    }
    clearTimeout(pending.timer);
    this.#pending.delete(rseqid);
    reader.valuesAs = pending.valuesAs;
    // The generated code forgets whom to answer before it reads the answer, which may fail.
    const settle = this.#client._reqs[rseqid];
    try {
      (this.#client as unknown as Receiver)[`recv_${fname}`]!(reader, mtype, rseqid);
    } catch (error) {
      settle?.(error);
      throw error;
    }
  }

  #abandon(sequence: number): void {
    this.#pending.delete(sequence);
    this.#abandoned.add(sequence);
    const error = new Error(`no answer within ${this.#timeoutMs} ms`);
    this.#reject(sequence, error);
    if (this.#abandoned.size > MOST_ABANDONED) this.#finish(error);
  }

  #reject(sequence: number, error: unknown): void {
    const settle = this.#client._reqs[sequence];
    delete this.#client._reqs[sequence];
    settle?.(error);
  }

  #finish(reason: Error | undefined): void {
    if (this.#end !== undefined) return;
    this.#end = { reason };
    this.#socket.destroy();
    for (const [sequence, { timer }] of this.#pending) {
      clearTimeout(timer);
      this.#reject(sequence, reason ?? new Error('the connection was closed'));
    }
    this.#pending.clear();
    this.#settleClosed(reason);
  }
}

type Receiver = Readonly<Record<string, (reader: MessageReader, kind: number, sequence: number) => void>>;

import { MessageChannel, Worker } from 'node:worker_threads';
import type { KnownColumn } from './known-table.ts';
import type { Answer, ColumnOf, FedRow, Generated, KeptEvents, Request, Scan } from './messages.ts';

/** Answers a table of an extension; a rejection fails the query that asked. */
export type GenerateRows = (
  table: string,
  context: Buffer,
) => Promise<readonly Readonly<Record<string, Uint8Array>>[]>;

/**
 * osquery's SQLite: tables with rows, event tables, tables of extensions.
 *
 * It runs in a thread of its own. SQLite asks a virtual table synchronously, an extension answers over a socket
 * later: that thread sleeps until the main thread has the answer. Requests are served one after the other, so a query
 * that an extension sends from inside `generate` waits for the one that is running (and a `generate` that
 * waits for it never ends: see the fact that core itself hangs there).
 */
export class SandboxDatabase {
  readonly #worker: Worker;
  readonly #answers = new MessageChannel();
  readonly #signal = new Int32Array(new SharedArrayBuffer(4));
  readonly #waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  readonly #generate: GenerateRows;
  #lastId = 0;

  /** `path`: a file that keeps events and pointers for the next; in memory without one. */
  constructor(generate: GenerateRows, path?: string) {
    this.#generate = generate;
    this.#worker = new Worker(new URL('./worker.ts', import.meta.url), {
      workerData: { answers: this.#answers.port2, signal: this.#signal, path },
      transferList: [this.#answers.port2],
    });
    this.#worker.on('message', (answer: Answer) => this.#receive(answer));
    this.#worker.on('error', (error) => this.#failAll(error as Error));
    this.#worker.on('exit', () => this.#failAll(new Error('the database is closed')));
  }

  /** Runs a query; `queryName` is the scheduled query that runs it. Rejects with SQLite's message. */
  query(sql: string, queryName?: string): Promise<Scan> {
    return this.#request({ kind: 'query', sql, queryName }) as Promise<Scan>;
  }

  columns(sql: string): Promise<readonly ColumnOf[]> {
    return this.#request({ kind: 'columns', sql }) as Promise<readonly ColumnOf[]>;
  }

  define(table: string, columns: readonly KnownColumn[], events: boolean): Promise<KeptEvents> {
    return this.#request({ kind: 'define', table, columns, events }) as Promise<KeptEvents>;
  }

  async attach(table: string, columns: readonly KnownColumn[], eventBased: boolean): Promise<void> {
    await this.#request({ kind: 'attach', table, columns, eventBased });
  }

  async detach(table: string): Promise<void> {
    await this.#request({ kind: 'detach', table });
  }

  async insert(table: string, rows: readonly FedRow[]): Promise<void> {
    await this.#request({ kind: 'insert', table, rows });
  }

  async replace(table: string, rows: readonly FedRow[]): Promise<void> {
    await this.#request({ kind: 'replace', table, rows });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
    this.#answers.port1.close();
  }

  #request(request: Request): Promise<unknown> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ id, request });
    });
  }

  #receive(answer: Answer): void {
    if (answer.kind === 'generate') {
      void this.#answer(answer.table, Buffer.from(answer.context));
      return;
    }
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (answer.kind === 'done') waiting?.resolve(answer.result);
    else waiting?.reject(new Error(answer.message));
  }

  async #answer(table: string, context: Buffer): Promise<void> {
    let generated: Generated;
    try {
      generated = { rows: await this.#generate(table, context) };
    } catch (error) {
      generated = { failure: error instanceof Error ? error.message : String(error) };
    }
    this.#answers.port1.postMessage(generated);
    Atomics.store(this.#signal, 0, 1);
    Atomics.notify(this.#signal, 0);
  }

  #failAll(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

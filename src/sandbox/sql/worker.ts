import { isUtf8 } from 'node:buffer';
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import SQLite from 'better-sqlite3';
import { Catalog } from './catalog.ts';
import { writeContext } from './context.ts';
import { registerFunctions } from './functions.ts';
import type { Answer, Generated, Request } from './messages.ts';
import { createPointers } from './pointers.ts';
import type { ExtensionUse } from './rewrite.ts';
import { columnsOf, runQuery } from './statement.ts';
import { type SqlValue, toColumn } from './values.ts';

/** What the thread is started with. `signal` is woken when an answer lies in `answers`. */
export interface Bridge {
  readonly answers: MessagePort;
  readonly signal: Int32Array;
  /** The file that keeps events and pointers; in memory without one. */
  readonly path: string | undefined;
}

const { answers, signal, path } = workerData as Bridge;
const db = openDatabase(path);
const catalog = new Catalog(db, generate, createPointers(path));
registerFunctions(db);

parentPort!.on('message', ({ id, request }: { id: number; request: Request }) => {
  try {
    post({ kind: 'done', id, result: handle(request) });
  } catch (error) {
    post({ kind: 'failed', id, message: error instanceof Error ? error.message : String(error) });
  }
});

function handle(request: Request): unknown {
  switch (request.kind) {
    case 'query':
      catalog.setQueryName(request.queryName);
      return runQuery(db, catalog, request.sql);
    case 'columns':
      return columnsOf(db, catalog, request.sql);
    case 'define':
      return catalog.define(request.table, request.columns, request.events);
    case 'attach':
      return catalog.attach(request.table, request.columns, request.eventBased);
    case 'detach':
      return catalog.detach(request.table);
    case 'insert':
      return catalog.insertEvents(request.table, request.rows);
    case 'replace':
      return catalog.replace(request.table, request.rows);
  }
}

/** Asks the extension, over its socket, by the main thread, and sleeps until the answer is there. */
function* generate(use: ExtensionUse, args: readonly SqlValue[]): Iterable<readonly SqlValue[]> {
  const table = catalog.known.get(use.table.toLowerCase())!;
  Atomics.store(signal, 0, 0);
  post({ kind: 'generate', table: table.name, context: writeContext(table, use, args) });
  Atomics.wait(signal, 0, 0);
  const generated = receiveMessageOnPort(answers)!.message as Generated;
  if ('failure' in generated) throw new Error(generated.failure);
  for (const row of generated.rows) {
    yield table.columns.map(({ name, type }) => {
      const bytes = row[name];
      // A blob for text that is no UTF-8: it keeps its bytes, and compares as text where the query casts it.
      return toColumn(bytes !== undefined && isUtf8(bytes) ? Buffer.from(bytes).toString() : bytes, type);
    });
  }
}

/** A process that is killed loses nothing that was written: nobody needs to wait for the disk. */
function openDatabase(file: string | undefined): SQLite.Database {
  const opened = new SQLite(file ?? ':memory:');
  opened.pragma('journal_mode = WAL');
  opened.pragma('synchronous = OFF');
  return opened;
}

function post(answer: Answer): void {
  parentPort!.postMessage(answer);
}

/**
 * osqueryd's worker in a process of its own, so that it can be killed: the sandbox without an extension of its own,
 * told over IPC what to do. Its events, pointers and result log are files, for the next worker.
 */
import { type FedRow, startSandbox } from '../../src/sandbox/index.ts';
import { createSchema } from '../../src/schema/index.ts';
import { packFor } from '../../src/sql/index.ts';
import { type Backlog, backlogOf } from './numbered.ts';

export interface WorkerOptions {
  readonly socketPath: string;
  readonly databasePath: string;
  readonly logDirectory: string;
  /** The batch of the scan query; the pack's own when absent. */
  readonly batch?: number;
}

export type Order =
  | { readonly kind: 'feed'; readonly rows: readonly FedRow[] }
  | { readonly kind: 'fill'; readonly backlog: Backlog }
  | { readonly kind: 'run' }
  | { readonly kind: 'query'; readonly sql: string }
  | { readonly kind: 'watch' }
  | { readonly kind: 'registered' }
  /** End at once, as by SIGKILL, in the place of logging the line that comes after so many. */
  | { readonly kind: 'endAtLine'; readonly after: number };

const options = JSON.parse(process.argv[2]!) as WorkerOptions;
const schema = createSchema('linux');
const table = schema.tables.get('process_events')!;
const pack = packFor([table], {
  platform: 'linux',
  ...(options.batch !== undefined && { batch: options.batch }),
});
let linesLeft = Number.POSITIVE_INFINITY;

const sandbox = await startSandbox({
  schema: [{ name: table.name, columns: table.columns }],
  rows: {
    processes: [{ pid: 1, parent: 0, path: '/usr/lib/systemd/systemd', cmdline: '/sbin/init', uid: 0 }],
  },
  config: { packs: { linux: pack } },
  flags: { disable_events: 'false' },
  socketPath: options.socketPath,
  databasePath: options.databasePath,
  logDirectory: options.logDirectory,
  startTime: Math.floor(Date.now() / 1000),
  watchIntervalMs: 0,
  onResult() {
    if (linesLeft-- <= 0) process.kill(process.pid, 'SIGKILL');
  },
  onStatus: (status) => process.send!({ status: status.message }),
});

process.on('message', async ({ id, order }: { id: number; order: Order }) => {
  try {
    process.send!({ id, result: await obey(order) });
  } catch (error) {
    process.send!({ id, error: String(error) });
  }
});
process.send!({ ready: true });

async function obey(order: Order): Promise<unknown> {
  switch (order.kind) {
    case 'feed':
      return sandbox.feed('process_events', order.rows);
    case 'fill':
      for (const rows of backlogOf(order.backlog)) await sandbox.feed('process_events', rows);
      return undefined;
    case 'run':
      return sandbox.runNow();
    case 'query':
      return sandbox.query(order.sql);
    case 'watch':
      return sandbox.watch();
    case 'registered':
      return sandbox.registered('osquery_detect');
    case 'endAtLine':
      linesLeft = order.after;
      return undefined;
  }
}

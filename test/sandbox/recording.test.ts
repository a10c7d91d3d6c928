import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { type FedRow, readRecordedEvents, startSandbox, type TableSchema } from '../../src/sandbox/index.ts';

const SHARED = join(import.meta.dirname, '..', '..', '..', 'shared');
const TABLES = join(SHARED, 'osquery', 'schema.json');

interface SchemaFile {
  readonly tables: readonly (TableSchema & {
    readonly extended?: { readonly linux?: TableSchema['columns'] };
    readonly attributes?: readonly string[];
  })[];
}

function linuxTables(): readonly TableSchema[] {
  const { tables } = JSON.parse(readFileSync(TABLES, 'utf8')) as SchemaFile;
  return tables.map(({ name, columns, extended, attributes }) => ({
    name,
    columns: [...columns, ...(extended?.linux ?? [])],
    events: attributes?.includes('event_subscriber') ?? false,
  }));
}

const recording = existsSync(TABLES) ? test : test.skip;
recording(
  'osquery’s whole schema stands, and a recording is read as it was logged (skipped without both)',
  async (t) => {
    const results: string[] = [];
    const sandbox = await startSandbox({
      schema: linuxTables(),
      startTime: 1_795_478_400,
      watchIntervalMs: 0,
      config: {
        schedule: {
          users: { query: 'SELECT eid, time, message FROM user_events', interval: 60 },
          process_events: {
            query: 'SELECT *, eid, cmdline_size, overflows FROM process_events',
            interval: 60,
          },
        },
      },
      onResult: (line) => results.push(line),
    });
    t.teardown(() => sandbox.stop());
    const rows = new Map<string, FedRow[]>();
    for (const part of ['seed', 'attack']) {
      for await (const { name, row } of readRecordedEvents(
        join(SHARED, 'events', `${part}.results.log.gz`),
      )) {
        if (!rows.has(name)) rows.set(name, []);
        rows.get(name)!.push(row);
      }
    }
    // The parts were recorded in turns.
    for (const list of rows.values()) list.sort((a, b) => Number(a['eid']) - Number(b['eid']));
    for (const [table, list] of rows) await sandbox.feed(table, list);
    const exec = rows.get('process_events')!;
    await sandbox.runNow('process_events');
    t.is(results.length, exec.length);
    const logged = JSON.parse(results.at(-1)!) as { columns: Record<string, string> };
    for (const [name, value] of Object.entries(exec.at(-1)!)) t.is(logged.columns[name], String(value), name);
    t.deepEqual(await sandbox.query(`SELECT count(*) AS n FROM process_events WHERE syscall = 'execve'`), [
      { n: String(exec.filter(({ syscall }) => syscall === 'execve').length) },
    ]);
    t.true((await sandbox.query('SELECT 1 FROM process_events WHERE time = 1795490175')).length > 0);
  },
);

import { randomBytes } from 'node:crypto';
import { type ManagerClient, type Row, StatusError } from '../../osquery/index.ts';
import { askFacts, streamOf } from '../sight.ts';
import type { Lateness, OsquerySide, ScheduledScan } from './facts.ts';

/** Asks osqueryd about itself; no event table is among what is asked. */
export async function askOsquery(manager: ManagerClient): Promise<Omit<OsquerySide, 'lateness'>> {
  const sight = await askFacts(manager);
  const [info] = await manager.query('SELECT version FROM osquery_info');
  const events = await manager.query("SELECT name, events FROM osquery_events WHERE type = 'subscriber'");
  const extensions = await manager.query(
    "SELECT name, version FROM osquery_extensions WHERE type = 'extension'",
  );
  const schedule = await manager.query(
    'SELECT name, query, interval, executions, last_executed, denylisted FROM osquery_schedule',
  );
  return {
    version: text(info, 'version'),
    sight,
    events: new Map(events.map((row) => [text(row, 'name'), number(row, 'events')])),
    extensions: extensions.map((row) => ({ name: text(row, 'name'), version: text(row, 'version') })),
    schedule: schedule.flatMap(scanFrom),
    health: await askHealth(manager),
  };
}

/** While the extension is not registered there is no such table. */
async function askHealth(manager: ManagerClient): Promise<Row | null> {
  try {
    return (await manager.query("SELECT * FROM detection_health WHERE stream = 'all'"))[0] ?? null;
  } catch (error) {
    if (error instanceof StatusError) return null;
    throw error;
  }
}

function scanFrom(row: Row): readonly ScheduledScan[] {
  const stream = streamOf(text(row, 'query'));
  if (stream === undefined) return [];
  return [
    {
      name: text(row, 'name'),
      stream,
      intervalSeconds: number(row, 'interval'),
      executions: number(row, 'executions'),
      lastExecuted: number(row, 'last_executed'),
      denylisted: text(row, 'denylisted') === '1',
    },
  ];
}

function text(row: Row | undefined, column: string): string {
  return row?.[column] ?? '';
}

function number(row: Row, column: string): number {
  return Number(text(row, column)) || 0;
}

export interface LatenessOptions {
  /** Runs a program with this argument, which makes an exec row. */
  readonly run: (argument: string) => void;
  readonly patienceMs: number;
  readonly nowMs: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}

const POLL_MS = 500;

/**
 * How long an exec takes to become a row. osquery says when it stored a row, not when the act was, so something is
 * done and looked for. Each look has a `time` constraint: without one, it could move the pointer of a scheduled query.
 */
export async function measureLateness(
  manager: ManagerClient,
  { run, patienceMs, nowMs, sleep }: LatenessOptions,
): Promise<Lateness> {
  const mark = `osquery-detect-doctor-${randomBytes(8).toString('hex')}`;
  const beginMs = nowMs();
  try {
    run(mark);
  } catch (error) {
    return { lateMs: null, patienceMs, trouble: error instanceof Error ? error.message : String(error) };
  }
  const since = Math.floor(beginMs / 1000) - 1;
  const sql = `SELECT 1 FROM process_events WHERE time >= ${since} AND cmdline LIKE '%${mark}'`;
  for (;;) {
    if ((await manager.query(sql)).length > 0)
      return { lateMs: nowMs() - beginMs, patienceMs, trouble: null };
    if (nowMs() - beginMs >= patienceMs) return { lateMs: null, patienceMs, trouble: null };
    await sleep(POLL_MS);
  }
}

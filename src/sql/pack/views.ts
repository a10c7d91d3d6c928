import type { Schema, TableSpec } from '../../schema/index.ts';
import { identifier } from '../text.ts';
import { BATCH, orderOf, scanQuery, statelessScan } from './scan.ts';

/** How far back `detect_recent` looks: as long as osquery keeps events unless told otherwise. */
const RECENT_SECONDS = 3_600;

/**
 * Views for use by hand, as osquery's configuration takes them:
 *
 *     SELECT rule_name, severity, path, cmdline FROM detect_running;
 *     SELECT rule_name, severity, time, path, cmdline FROM detect_recent;
 *
 * `detect_running` tries the rules on the processes that run now. `detect_recent` tries them on the events that
 * osquery still has; its constraint on `time` leaves alone the pointers of scheduled queries.
 */
export function viewsFor(
  tables: readonly TableSpec[],
  { tables: all }: Schema,
  batch: number = BATCH,
): Readonly<Record<string, string>> {
  const processes = all.get('processes');
  const evented = tables.filter((table) => table.evented).sort((a, b) => (a.name < b.name ? -1 : 1));
  return {
    ...(evented.length === 0
      ? {}
      : { detect_recent: evented.map((table) => recent(table, batch)).join(' UNION ALL ') }),
    ...(processes === undefined ? {} : { detect_running: scanQuery(processes, { batch }) }),
  };
}

export function printViews(views: Readonly<Record<string, string>>): string {
  return `${JSON.stringify({ views }, null, 2)}\n`;
}

/** Oldest first, as rules see events when they happen. */
function recent(table: TableSpec, batch: number): string {
  const columns = [...new Set([...table.reads, 'time'])].map(identifier).join(', ');
  const order = orderOf(table);
  const since = `(SELECT CAST(strftime('%s', 'now') AS INTEGER) - ${RECENT_SECONDS})`;
  const newest = `SELECT ${columns} FROM ${identifier(table.name)} WHERE time > ${since} ORDER BY ${order} DESC LIMIT ${batch}`;
  return statelessScan(table, `FROM (${newest}) ORDER BY ${order}`);
}

import type { Log, Row } from '../osquery/index.ts';
import type { Host } from '../schema/index.ts';
import type { Ask } from './live/core.ts';

const PROCESSES = 'SELECT pid, parent, name, path, cmdline, cwd, uid, gid, start_time FROM processes';

/** Rows of `processes`. */
export type Processes = readonly Row[];

/** What runs now, to seed the process tree with. Never waited for from inside a table's `generate`. */
export function askProcesses(ask: Ask): Promise<Processes> {
  return ask(PROCESSES);
}

/** Learns about users, groups and the system. A table that is not there is passed over. */
export async function refreshHost(ask: Ask, host: Host, log: Log): Promise<void> {
  for (const { table, sql } of host.queries) {
    try {
      host.learn(table, await ask(sql));
    } catch (error) {
      log.debug({ table, err: error }, 'asking about the host failed');
    }
  }
}

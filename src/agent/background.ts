import type { Log, ManagerClient } from '../osquery/index.ts';
import type { Host } from '../schema/index.ts';
import type { Detector } from './detector.ts';

const PROCESSES = 'SELECT pid, parent, name, path, cmdline, cwd, uid, gid, start_time FROM processes';

/** Tells the process tree what runs now. Never called from inside a table's `generate`. */
export async function seedTree(manager: ManagerClient, detector: Detector): Promise<void> {
  detector.seed(await manager.query(PROCESSES));
}

/** Learns about users, groups and the system. A table that is not there is passed over. */
export async function refreshHost(manager: ManagerClient, host: Host, log: Log): Promise<void> {
  for (const { table, sql } of host.queries) {
    try {
      host.learn(table, await manager.query(sql));
    } catch (error) {
      log.debug({ table, err: error }, 'asking about the host failed');
    }
  }
}

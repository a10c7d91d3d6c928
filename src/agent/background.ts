import type { Log } from '../osquery/index.ts';
import type { Host } from '../schema/index.ts';
import type { Detector } from './detector.ts';
import type { Ask } from './live/core.ts';

const PROCESSES = 'SELECT pid, parent, name, path, cmdline, cwd, uid, gid, start_time FROM processes';

/** Tells the process tree what runs now. Never waited for from inside a table's `generate`. */
export async function seedTree(ask: Ask, detector: Detector): Promise<void> {
  detector.seed(await ask(PROCESSES));
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

import { setTimeout as sleep } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import { missingOf } from './numbered.ts';
import { Rig, type RigOptions } from './rig.ts';

export interface Running {
  readonly rig: Rig;
  /** What the extension and osqueryd logged. */
  readonly lines: readonly string[];
}

/** Schedules run until all is logged; more than any fault needs. */
const MOST_RUNS = 100;
const PAUSE_MS = 100;

export async function start(t: ExecutionContext, options: RigOptions = {}): Promise<Running> {
  const lines: string[] = [];
  const rig = await Rig.start({ ...options, onLine: (line) => lines.push(line) });
  t.teardown(() => rig.stop());
  return { rig, lines };
}

/** Runs the pack until the alert of every event is logged; gives those that did not come. */
export async function settle(rig: Rig, before: ReadonlySet<string> = new Set()): Promise<readonly string[]> {
  for (let run = 0; ; run += 1) {
    await rig.run();
    const missing = (await missingOf(rig)).filter((cmdline) => !before.has(cmdline));
    if (missing.length === 0 || run === MOST_RUNS) return missing;
    await sleep(PAUSE_MS);
  }
}

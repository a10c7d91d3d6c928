import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { missingOf, repeatedIn } from './numbered.ts';
import { Rig } from './rig.ts';

export interface BacklogOptions {
  /** Events that osquery stored while the extension was gone, one in `each` of them numbered. */
  readonly events: number;
  readonly each: number;
  /** How long the extension was gone. */
  readonly seconds: number;
  /** Rows that one scan hands over at the most. */
  readonly batch?: number;
  readonly scanEachMs: number;
  readonly onProgress?: (progress: Progress) => void;
}

export interface Progress {
  readonly seconds: number;
  /** Numbered events whose alert has not come. */
  readonly missing: number;
  readonly extension: Memory;
  readonly osqueryd: Memory;
}

/** Megabytes now and at the highest until now. */
export interface Memory {
  readonly now: number;
  readonly most: number;
}

export interface BacklogResult extends Progress {
  readonly numbered: number;
  readonly doubled: readonly string[];
  readonly restarted: boolean;
}

/** Rows that a backlog may take at the least a second, for a limit of patience. */
const LEAST_ROWS_A_SECOND = 200;
const LEAST_PATIENCE_MS = 120_000;

/** Lets the extension be gone while osquery stores events, and waits until the alert of each numbered one is logged. */
export async function runBacklog(options: BacklogOptions): Promise<BacklogResult> {
  const { events, each, seconds, batch, scanEachMs, onProgress } = options;
  const rig = await Rig.start({ ...(batch !== undefined && { batch }) });
  try {
    // The stream begins before the outage.
    await rig.fill({ count: 1, seconds: seconds + 1, each: 1, after: 0 });
    await rig.run();
    await rig.endExtension();
    await rig.fill({ count: events, seconds, each, after: 1 });
    await rig.revive();
    const pid = rig.extensionPid;
    const startedMs = performance.now();
    const patienceMs = LEAST_PATIENCE_MS + (1000 * events) / LEAST_ROWS_A_SECOND;
    for (;;) {
      await rig.run();
      const missing = (await missingOf(rig)).length;
      const progress = {
        seconds: (performance.now() - startedMs) / 1000,
        missing,
        extension: memoryOf(rig.extensionPid!),
        osqueryd: memoryOf(rig.workerPid!),
      };
      onProgress?.(progress);
      if (missing === 0 || performance.now() - startedMs > patienceMs) {
        const numbered = (await rig.events()).size;
        return {
          ...progress,
          numbered,
          doubled: repeatedIn(rig).doubled,
          restarted: rig.extensionPid !== pid,
        };
      }
      await sleep(scanEachMs);
    }
  } finally {
    await rig.stop();
  }
}

/** Source: proc(5). */
function memoryOf(pid: number): Memory {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const megabytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 1024;
  return { now: megabytes('VmRSS'), most: megabytes('VmHWM') };
}

import type { FedRow } from '../../src/sandbox/index.ts';
import type { Rig } from './rig.ts';

/**
 * Events of which each must raise an alert of its own. For each program there is a rule in `rules/`; a `pair-open`
 * raises none itself, but every `pair-close` of its number.
 */
export type Program = 'numbered' | 'pair-open' | 'pair-close';

export interface Numbers {
  readonly after: number;
  readonly count: number;
  /** When osquery stored them, Unix seconds; now when absent. */
  readonly time?: number;
}

/** The numbers are in the command line, and are the pids. */
export function numbered(numbers: Numbers, program: Program = 'numbered'): FedRow[] {
  const { after, count, time = Math.floor(Date.now() / 1000) } = numbers;
  return Array.from({ length: count }, (_, i) => ({
    ...{ time, pid: 1000 + after + i, parent: 1, syscall: 'execve' },
    ...{ path: `/usr/bin/${program}`, cmdline: `/usr/bin/${program} ${after + i + 1}` },
    ...{ cwd: '"/"', uid: 0, euid: 0, gid: 0, egid: 0, auid: 0 },
  }));
}

/** The command lines of events in osquery's buffer whose alert osquery has not logged. */
export async function missingOf(rig: Rig): Promise<readonly string[]> {
  const logged = new Set(rig.alerts().map(({ cmdline }) => cmdline));
  const lines = [...(await rig.events()).values()];
  return lines.filter((cmdline) => !cmdline.startsWith('/usr/bin/pair-open') && !logged.has(cmdline));
}

/** Command lines that were logged under more than one id, and how often one came again under the same. */
export function repeatedIn(rig: Rig): { readonly doubled: readonly string[]; readonly duplicates: number } {
  const ids = new Map<string, Set<string>>();
  const alerts = rig.alerts();
  for (const { cmdline, alertId } of alerts) ids.set(cmdline, (ids.get(cmdline) ?? new Set()).add(alertId));
  return {
    doubled: [...ids].filter(([, set]) => set.size > 1).map(([cmdline]) => cmdline),
    duplicates: alerts.length - ids.size,
  };
}

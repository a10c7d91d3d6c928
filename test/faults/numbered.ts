import type { FedRow } from '../../src/sandbox/index.ts';
import type { Rig } from './rig.ts';

/** Events of which each must raise an alert of its own: the rule in `rules/` asks for their program. */
export function numbered(after: number, count: number, time = Math.floor(Date.now() / 1000)): FedRow[] {
  return Array.from({ length: count }, (_, i) => ({
    ...{ time, pid: 1000 + after + i, parent: 1, syscall: 'execve' },
    ...{ path: '/usr/bin/numbered', cmdline: `/usr/bin/numbered ${after + i + 1}` },
    ...{ cwd: '"/"', uid: 0, euid: 0, gid: 0, egid: 0, auid: 0 },
  }));
}

/** The command lines of events in osquery's buffer whose alert osquery has not logged. */
export async function missingOf(rig: Rig): Promise<readonly string[]> {
  const logged = new Set(rig.alerts().map(({ cmdline }) => cmdline));
  return [...(await rig.events()).values()].filter((cmdline) => !logged.has(cmdline));
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

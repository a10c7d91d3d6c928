import type { FedRow } from '../../src/sandbox/index.ts';
import type { LoggedAlert } from './rig.ts';

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

/** The program of events that no rule asks for. */
export const NOISE = '/usr/bin/noise';

export interface Backlog {
  readonly count: number;
  readonly seconds: number;
  readonly each: number;
  readonly after: number;
}

const CHUNK = 20_000;

/** What is asked of a rig. */
interface Host {
  alerts(): readonly LoggedAlert[];
  events(): Promise<ReadonlyMap<string, string>>;
}

/** A backlog in chunks, oldest first. */
export function* backlogOf({ count, seconds, each, after }: Backlog): Generator<readonly FedRow[]> {
  const start = Math.floor(Date.now() / 1000) - seconds;
  let rows: FedRow[] = [];
  let last = after;
  for (let at = 0; at < count; at += 1) {
    const time = start + Math.floor((at * seconds) / count);
    const [row] = numbered({ after: at % each === 0 ? last++ : at, count: 1, time });
    rows.push(at % each === 0 ? row! : { ...row, path: NOISE, cmdline: `${NOISE} --of the backlog ${at}` });
    if (rows.length < CHUNK && at < count - 1) continue;
    yield rows;
    rows = [];
  }
}

/** The command lines of events in osquery's buffer whose alert osquery has not logged. */
export async function missingOf(rig: Host): Promise<readonly string[]> {
  const logged = new Set(rig.alerts().map(({ cmdline }) => cmdline));
  const lines = [...(await rig.events()).values()];
  return lines.filter((cmdline) => !cmdline.startsWith('/usr/bin/pair-open') && !logged.has(cmdline));
}

/** Command lines that were logged under more than one id, and how often one came again under the same. */
export function repeatedIn(rig: Host): { readonly doubled: readonly string[]; readonly duplicates: number } {
  const ids = new Map<string, Set<string>>();
  const alerts = rig.alerts();
  for (const { cmdline, alertId } of alerts) ids.set(cmdline, (ids.get(cmdline) ?? new Set()).add(alertId));
  return {
    doubled: [...ids].filter(([, set]) => set.size > 1).map(([cmdline]) => cmdline),
    duplicates: alerts.length - ids.size,
  };
}

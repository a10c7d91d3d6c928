import type { Process } from '../process/index.ts';

/** How far up an ancestry is followed. */
const DEPTH = 64;

/** The process and its known ancestors, nearest first. */
export function ancestorsOf(process: Process): readonly Process[] {
  const found: Process[] = [];
  for (let one: Process | null = process; one !== null && found.length < DEPTH; one = one.parent)
    found.push(one);
  return found;
}

/** How the session that a process belongs to was entered, in the words of Elastic Defend. */
export type EntryType = 'init' | 'sshd' | 'container' | 'terminal' | 'unknown';

/** The leaders of a process's groups, as its ancestry suggests. */
export interface Leaders {
  readonly entry: Process;
  readonly entryType: EntryType;
  readonly session: Process;
  readonly group: Process;
}

/** Parents whose children enter a host, with the way they come in. */
const GATES: readonly (readonly [RegExp, EntryType])[] = [
  [
    /^(?:containerd-shim.*|docker-containerd.*|runc|crun|conmon|podman|lxc-start|unshare|systemd-nspawn)$/,
    'container',
  ],
  [/^sshd(?:-session)?$/, 'sshd'],
  [/^(?:login|agetty|getty|gnome-terminal-.*|konsole|xterm|tmux.*|screen|kitty|alacritty)$/, 'terminal'],
];

/**
 * Rows tell of no session and no process group, so the leaders are guessed. The entry leader is the highest
 * process below the nearest gate (a container runtime, sshd, a terminal) or below process 1. The session leader
 * is taken to be the same, and the group leader to be the process that the session leader started: true for
 * commands typed into a shell, and for services.
 */
export function leadersOf(process: Process): Leaders {
  const line = ancestorsOf(process);
  let at = line.length - 1;
  let entryType: EntryType = 'unknown';
  for (const [index, one] of line.entries()) {
    const above = line[index + 1];
    const gate =
      above === undefined ? undefined : GATES.find(([names]) => above.names.some((name) => names.test(name)));
    if (gate !== undefined && !isGate(one)) {
      at = index;
      entryType = gate[1];
      break;
    }
    if (one.parentPid === 1 || above?.pid === 1) {
      at = index;
      entryType = 'init';
      break;
    }
  }
  const entry = line[at] ?? process;
  return { entry, entryType, session: entry, group: line[Math.max(at - 1, 0)] ?? process };
}

function isGate(process: Process): boolean {
  return process.names.some((name) => GATES.some(([names]) => names.test(name)));
}

/** The same for a process wherever it is seen, also after the extension was started anew: host, pid, place and start. */
export function entityId(hostId: string, process: Process): string {
  return `${hostId}-${process.pid}-${process.place || 's'}-${Math.floor(process.startMs / 1000)}`;
}

import type { Process } from './process.ts';
import { ProcessRecord } from './record.ts';

/** Reads of `/proc`; null for what is gone or may not be read. */
export interface ProcReader {
  /** The bytes of `/proc/PID/cmdline`. */
  cmdline(pid: number): Promise<Uint8Array | null>;
  /** The text of `/proc/PID/stat`. */
  stat(pid: number): Promise<string | null>;
}

export interface RefinerOptions {
  readonly proc: ProcReader;
  /** What runs in the pid as far as the tree knows. */
  readonly find: (pid: number) => Process | null;
  /** Processes waiting; 1,000 unless given. The oldest are given up. */
  readonly capacity?: number;
}

/** Reads the exact arguments of processes that still live, in the background. */
export interface ArgsRefiner {
  want(process: Process): void;
  /** Reads what is wanted; resolves to how many became exact. Never rejects. */
  run(): Promise<number>;
}

/**
 * Takes `/proc/PID/cmdline` for a process's arguments only when it is provably the same exec: the pid's start
 * time is the same before and after the read, the tree knows of no later exec in that pid, and the words agree
 * with those of the row (begin with them, where the row was cut). A program can overwrite the memory that
 * `/proc` shows; then the words disagree and the row's stay.
 */
export function createArgsRefiner(options: RefinerOptions): ArgsRefiner {
  const { proc, find, capacity = 1_000 } = options;
  let wanted: ProcessRecord[] = [];
  const refine = async (process: ProcessRecord): Promise<boolean> => {
    const before = await proc.stat(process.pid);
    if (before === null || process.args.fidelity === 'exact') return false;
    const bytes = await proc.cmdline(process.pid);
    const after = await proc.stat(process.pid);
    if (bytes === null || after === null) return false;
    const start = startTicks(before);
    if (start === null || start !== startTicks(after) || find(process.pid) !== process) return false;
    const words = new TextDecoder().decode(bytes).split('\0');
    if (words.at(-1) === '') words.pop();
    if (words.length === 0 || !agrees(process, words)) return false;
    process.setExact(words);
    return true;
  };
  return {
    want(process) {
      if (!(process instanceof ProcessRecord) || process.origin !== 'exec' || process.form !== 'audit')
        return;
      // What its arguments are is not looked at here: most processes are gone, and few rules ask for them.
      wanted.push(process);
      if (wanted.length >= 2 * capacity) wanted = wanted.slice(-capacity);
    },
    async run() {
      const batch = wanted.slice(-capacity);
      wanted = [];
      let exact = 0;
      for (const process of batch) {
        try {
          if (await refine(process)) exact++;
        } catch {
          // A process that vanished while it was read keeps what its row said.
        }
      }
      return exact;
    },
  };
}

/** Field 22 of `/proc/PID/stat`; the second, a name in parentheses, may hold anything. */
function startTicks(stat: string): string | null {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[19] ?? null;
}

function agrees(process: ProcessRecord, words: readonly string[]): boolean {
  const whole = words.join(' ');
  const { fidelity, line } = process.args;
  if (whole === process.commandLine || whole === line) return true;
  if (fidelity !== 'cut') return sortedJoin(words) === process.commandLine;
  const shown = line.slice(0, line.lastIndexOf(' ') + 1) || line;
  return whole.length > shown.length && whole.startsWith(words.length > 10 ? words[0]! : shown);
}

/** The words joined in the order that osquery writes them in. */
function sortedJoin(words: readonly string[]): string {
  return words
    .map((word, index) => ({ word, name: String(index) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ word }) => word)
    .join(' ');
}

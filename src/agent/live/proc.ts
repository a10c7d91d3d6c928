import { readdir, readFile } from 'node:fs/promises';
import { createArgsRefiner, type Process, type ProcessTree, type ProcReader } from '../../process/index.ts';

export interface ArgsHealth {
  /** Processes whose exact arguments were read, of those that still ran. */
  readonly exact: number;
  readonly runs: number;
}

/** Reads the exact arguments of processes that were started a moment ago, if they still run. */
export interface ArgsReader {
  want(process: Process): void;
  /** Reads what is wanted, in the background; never two at once. */
  run(): void;
  readonly health: ArgsHealth;
}

export interface LookingProcReader extends ProcReader {
  /** Sees which pids there are: only those are read after. */
  look(): Promise<void>;
}

/** Linux's own; the list of pids that run spares the reads of all others, which are most. */
export function createProcReader(root = '/proc'): LookingProcReader {
  let running: ReadonlySet<string> = new Set();
  const read = async (pid: number, name: string): Promise<Buffer | null> => {
    if (!running.has(String(pid))) return null;
    try {
      return await readFile(`${root}/${pid}/${name}`);
    } catch {
      return null;
    }
  };
  return {
    async look() {
      running = new Set(await readdir(root));
    },
    cmdline: (pid) => read(pid, 'cmdline'),
    stat: async (pid) => (await read(pid, 'stat'))?.toString('latin1') ?? null,
  };
}

export function createArgsReader(tree: ProcessTree, proc: LookingProcReader): ArgsReader {
  const refiner = createArgsRefiner({ proc, find: (pid) => tree.find(pid) });
  let [wanted, isRunning, exact, runs] = [false, false, 0, 0];
  const readAll = async (): Promise<void> => {
    await proc.look();
    exact += await refiner.run();
    runs++;
  };
  return {
    want(process) {
      wanted = true;
      refiner.want(process);
    },
    run() {
      if (!wanted || isRunning) return;
      [wanted, isRunning] = [false, true];
      void readAll()
        .catch(() => {})
        .finally(() => {
          isRunning = false;
        });
    },
    get health() {
      return { exact, runs };
    },
  };
}

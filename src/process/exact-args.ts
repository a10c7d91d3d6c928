import type { Process } from './process.ts';

/** Reads `/proc`; answers null for what is gone or may not be read. */
export interface ProcReader {
  cmdline(pid: number): Promise<Uint8Array | null>;
  stat(pid: number): Promise<string | null>;
}

/** Reads exact arguments of processes that still live, in the background. */
export interface ArgsRefiner {
  /** Asks for the process's arguments; bounded, the oldest unanswered are dropped. */
  want(process: Process): void;
  /** Answers what is wanted; resolves to how many became exact. */
  run(): Promise<number>;
}

export declare function createArgsRefiner(proc: ProcReader): ArgsRefiner;

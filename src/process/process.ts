import type { Args } from './args.ts';

/**
 * One program at work in one process: what an exec (or a fork, which carries its parent's program on) made.
 * A second exec in the same pid makes another `Process`, whose `previous` is the first.
 *
 * Never changes once made, but for two things that arrive later: exact arguments from `/proc`, and the loss
 * of `parent` when the tree had to forget it.
 */
export interface Process {
  readonly pid: number;
  /** The parent's pid as the row had it; 0 when the row did not say. */
  readonly parentPid: number;
  /** How the tree came to know of it; `inferred` and `fork` borrow their command line from the parent. */
  readonly origin: Origin;
  /** Tells this program apart from every other of its host and boot: pid, and the exec's or fork's place in its stream, or its start time. */
  readonly key: string;
  readonly parent: Process | null;
  /** What ran in this pid before the exec. */
  readonly previous: Process | null;
  /** The resolved file; empty when unknown. */
  readonly path: string;
  /** As the row had it, arguments joined by one space. */
  readonly commandLine: string;
  /** Without osquery's quotes; empty when unknown. */
  readonly workingDirectory: string;
  readonly userId: string;
  readonly groupId: string;
  /** When it was started or first seen, Unix milliseconds; 0 when unknown. */
  readonly startMs: number;
  readonly args: Args;
  /** Every name it answers to, most literal first; never empty unless all is unknown. */
  readonly names: readonly string[];
}

export type Origin = 'exec' | 'fork' | 'seed' | 'inferred';

/** What a row that shows an exec says. Texts as osquery gave them. */
export interface ExecFacts {
  readonly pid: number;
  readonly parentPid: number;
  readonly path: string;
  readonly commandLine: string;
  readonly workingDirectory: string;
  readonly userId: string;
  readonly groupId: string;
  readonly timeMs: number;
  /** The row's place in its stream (`eid`), which makes the process's key. */
  readonly place: string;
}

/** What a fork row says: `path` is the program of the parent, which the child carries on. */
export type ForkFacts = Omit<ExecFacts, 'commandLine' | 'workingDirectory'>;

/** What a row of `processes` says. */
export type SeedFacts = Omit<ExecFacts, 'place' | 'timeMs'> & { readonly startMs: number };

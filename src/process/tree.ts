import type { ExecFacts, ForkFacts, Process, SeedFacts } from './process.ts';

export interface TreeOptions {
  /** Programs remembered, live and exited. */
  readonly capacity?: number;
}

/** Who started whom. Feeding never throws; facts that make no sense are counted and otherwise ignored. */
export interface ProcessTree {
  exec(facts: ExecFacts): Process;
  /** Null when the row tells only of the parent: a child in a PID namespace, known by a wrong pid. */
  fork(facts: ForkFacts): Process | null;
  exit(pid: number, timeMs: number): Process | null;
  /** A whole snapshot: adds what is unknown, corrects what was reused, marks exited what is not in it. */
  seed(processes: readonly SeedFacts[]): void;
  /** What runs, or last ran, in the pid. */
  find(pid: number): Process | null;
  readonly health: TreeHealth;
  save(): unknown;
  /** False, and the tree stays as it is, for a state it did not write. */
  load(state: unknown): boolean;
}

export interface TreeHealth {
  readonly held: number;
  readonly evicted: number;
  /** Parents that no row explained, whose program was inferred. */
  readonly inferred: number;
  /** Fork rows that carried a pid of another namespace. */
  readonly foreignForks: number;
  /** Facts that made no sense: pid 0, its own parent, a cycle. */
  readonly nonsense: number;
}

export declare function createProcessTree(options?: TreeOptions): ProcessTree;

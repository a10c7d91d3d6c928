import type { Args, LineForm } from './args.ts';

/**
 * One program at work in one process: what an exec made, or a fork, whose child carries its parent's program on.
 * A second exec in the same pid makes another `Process`, whose `previous` is the first.
 *
 * What it says never changes, but for exact arguments that come later from `/proc`, and for `parent` and
 * `previous`, which become null when the tree had to forget so much.
 */
export interface Process {
  readonly pid: number;
  /** The parent's pid as the row had it; 0 when it did not say. */
  readonly parentPid: number;
  readonly origin: Origin;
  /** Where it was first seen: the `eid` of its row, or empty for one from `processes`. With pid and `startMs` it is unlike any other of its host. */
  readonly place: string;
  /** When it was started or first seen, Unix milliseconds; 0 when unknown. */
  readonly startMs: number;
  readonly parent: Process | null;
  /** What ran in this pid before the exec. */
  readonly previous: Process | null;
  /** The resolved file; empty when unknown. */
  readonly path: string;
  /** As the row had it; for a fork and an inferred parent, that of the process it was forked from. Empty when unknown. */
  readonly commandLine: string;
  /** Empty when unknown. */
  readonly workingDirectory: string;
  readonly userId: string;
  readonly groupId: string;
  readonly args: Args;
  /** The arguments as `/proc` had them; null when they were not read. */
  readonly exactWords: readonly string[] | null;
  /** The first argument; empty when unknown. Cheaper than `args`. */
  readonly firstWord: string;
  /**
   * Texts that have every word of the command line and of all arguments, words being the runs between spaces.
   * Cheaper than `args`: for most forms of a line it is the line.
   */
  readonly wordTexts: string | readonly string[];
  /** Every name it answers to; empty when nothing is known. */
  readonly names: readonly string[];
  /** Of its program, where its exec's row told; null elsewhere. */
  readonly signature: Signature | null;
  /** What it has in common with all that run the same; another one once exact arguments came. */
  readonly image: Image;
  /** What of the command line its names and executables depend on. */
  readonly calling: string;
  /** As `image`, whatever the arguments are but for `calling`. */
  readonly program: Image;
}

/**
 * The same number for processes that run the same program with the same arguments, in the same folder, for the
 * same user: what can be asked of them has the same answers, but for who they are and when they began. No others
 * have it as their image, or as their program: the two are counted apart.
 */
export type Image = number;

/** A program's code signature: whether there is one, and whether the system took it for good. */
export interface Signature {
  readonly exists: boolean;
  /** Null when not told. */
  readonly trusted: boolean | null;
  /** Who signed; empty when not told. */
  readonly subject: string;
  readonly id: string;
  readonly teamId: string;
}

/**
 * How the tree came to know of a process: a row of its exec, a row of its fork, a row of `processes`, or the
 * rows of its children alone.
 */
export type Origin = 'exec' | 'fork' | 'seed' | 'inferred';

/** What a row that shows an exec says. Texts as osquery gave them, without the quotes of `cwd`. */
export interface ExecFacts {
  readonly pid: number;
  readonly parentPid: number;
  readonly path: string;
  readonly commandLine: string;
  readonly form: LineForm;
  readonly workingDirectory: string;
  readonly userId: string;
  readonly groupId: string;
  readonly timeMs: number;
  readonly place: string;
  readonly signature?: Signature | null;
  /** The row comes after later ones of its table, to fill a gap: what is known from those stays. */
  readonly late?: boolean;
}

/** What a fork row says: `path` is the program of the process that forked. */
export interface ForkFacts {
  readonly pid: number;
  readonly parentPid: number;
  readonly path: string;
  readonly userId: string;
  readonly groupId: string;
  readonly timeMs: number;
  readonly place: string;
  /** The pid is surely the host's; false for audit's rows, whose pid is what the call returned in its own PID namespace. */
  readonly certain: boolean;
  readonly late?: boolean;
}

/** What a row of `processes` says; `name` names a kernel thread, which has no path. `form` is `plain` unless given. */
export interface SeedFacts {
  readonly pid: number;
  readonly parentPid: number;
  readonly path: string;
  readonly name?: string;
  readonly commandLine: string;
  readonly form?: LineForm;
  readonly workingDirectory: string;
  readonly userId: string;
  readonly groupId: string;
  readonly startMs: number;
}

export interface TreeOptions {
  /** Processes remembered, live and exited; 50,000 unless given. */
  readonly capacity?: number;
}

/** Who started whom. Feeding never throws; facts that make no sense are counted. */
export interface ProcessTree {
  exec(facts: ExecFacts): Process;
  /** The child; null when the row tells of the parent only, because its child's pid is one of a PID namespace. */
  fork(facts: ForkFacts): Process | null;
  /** The process that exited; null when it was not known. */
  exit(pid: number): Process | null;
  /** A whole snapshot: adds what is unknown, corrects what was guessed or reused, marks exited what is not in it. */
  seed(processes: readonly SeedFacts[]): void;
  /** One row of such a snapshot, which says nothing of other processes; null when its pid makes no sense. */
  observe(facts: SeedFacts): Process | null;
  /** What runs, or last ran, in the pid. */
  find(pid: number): Process | null;
  /** All that it holds, the longest unused first: what runs, and what ran before. */
  all(): Iterable<Process>;
  /** Whether, as far as it knows, the process is still there and has run no other program since. */
  isRunning(process: Process): boolean;
  /** The process was seen to act: it should not be forgotten. */
  touch(process: Process): void;
  readonly health: TreeHealth;
  /** Begins to save the tree as it is now; nothing may change it before `finish`. */
  beginSave(): SavingProcesses;
  /** Becomes what was saved. Null, and the tree stays as it is, for a state it did not write. */
  load(state: unknown): LoadedProcesses | null;
}

/** Processes of one state, the tree's and others that are told of in it. Each is saved once, wherever it is told of. */
export interface SavingProcesses {
  /** What to tell of a process by; -1 for none. */
  numberOf(process: Process | null): number;
  /** All of them as a JSON value. */
  finish(): unknown;
}

export interface LoadedProcesses {
  /** The process that had this number; null for none. */
  at(number: number): Process | null;
}

export interface TreeHealth {
  readonly held: number;
  readonly evicted: number;
  /** Processes that no row of their own explained, whose program was inferred. */
  readonly inferred: number;
  /** Fork rows whose pid was, or may have been, one of another namespace. */
  readonly foreignForks: number;
  /** Facts that made no sense, such as pid 0 or a process that is its own parent. */
  readonly nonsense: number;
}

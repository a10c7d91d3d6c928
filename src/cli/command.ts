/** What a command may use of the process: its streams, and whether a person is watching. */
export interface Io {
  /** Writes text to standard output as it is. */
  out(text: string): void;
  /** Writes a line to standard error. */
  err(line: string): void;
  /** Colours and progress are for terminals only, and never where NO_COLOR is set. */
  readonly outIsTerminal: boolean;
  readonly errIsTerminal: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** 0 good, 1 findings, 2 wrong use. */
export type ExitCode = 0 | 1 | 2;

export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** What `--help` prints: usage, options, exit codes, an example. */
  readonly help: string;
  run(args: readonly string[], io: Io): Promise<ExitCode>;
}

/** Wrong use of a command: its message goes to standard error, with where to find help, and the exit code is 2. */
export class UsageError extends Error {}

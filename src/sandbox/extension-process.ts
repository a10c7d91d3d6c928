import { type ChildProcess, spawn } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import { createInterface } from 'node:readline';

export interface ExtensionCommand {
  /** The program and its first arguments; osqueryd's own three follow. */
  readonly command: readonly [string, ...string[]];
  readonly cwd?: string;
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface ExtensionProcessOptions extends ExtensionCommand {
  readonly socketPath: string;
  readonly timeoutSeconds: number;
  readonly intervalSeconds: number;
  /** Each line that the process writes; without it the process writes where we do. */
  readonly onOutput: ((line: string) => void) | undefined;
  readonly onExit: (how: string) => void;
  /** How long it may take to end before it is killed; 4,000 when absent, as in osqueryd's watcher. */
  readonly graceMs?: number;
}

/**
 * An autoloaded extension: started as osqueryd starts one, with three arguments and nice 10, and started again for ever,
 * without back-off, by whoever calls `watch()`.
 */
export class ExtensionProcess {
  readonly #options: ExtensionProcessOptions;
  #child: ChildProcess | undefined;
  #stopping = false;

  constructor(options: ExtensionProcessOptions) {
    this.#options = options;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Starts the process when it does not run. */
  watch(): void {
    if (this.#child !== undefined || this.#stopping) return;
    const { command, cwd, env, onOutput, onExit } = this.#options;
    const [program, ...first] = command;
    const child = spawn(program, [...first, ...this.#arguments()], {
      cwd,
      env: { ...process.env, ...env },
      stdio: onOutput === undefined ? ['ignore', 'inherit', 'inherit'] : ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      if (stream !== null && onOutput !== undefined) createInterface({ input: stream }).on('line', onOutput);
    }
    child.once('spawn', () => lowerPriority(child.pid!));
    child.once('error', (error) => {
      this.#child = undefined;
      onExit(error.message);
    });
    child.once('exit', (code, signal) => {
      this.#child = undefined;
      onExit(signal ?? `exit code ${code}`);
    });
  }

  /** Sends a signal to the running process, as a crash or an administrator would. */
  kill(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** SIGTERM, and SIGKILL when that did not help in time. */
  async stop(): Promise<void> {
    this.#stopping = true;
    const child = this.#child;
    if (child === undefined) return;
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), this.#options.graceMs ?? 4000);
    await exited;
    clearTimeout(timer);
  }

  #arguments(): readonly string[] {
    const { socketPath, timeoutSeconds, intervalSeconds } = this.#options;
    return [
      ...['--socket', socketPath],
      ...['--timeout', String(timeoutSeconds)],
      ...['--interval', String(intervalSeconds)],
    ];
  }
}

function lowerPriority(pid: number): void {
  try {
    setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // It ended already, or the system does not allow it: nothing hangs on it.
  }
}

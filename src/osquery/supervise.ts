import type { Log, Plugin } from './plugin.ts';

export interface RunOptions {
  /** The manager socket: what osqueryd passes as `--socket`. */
  readonly socketPath: string;
  readonly name: string;
  readonly version: string;
  readonly plugins: readonly Plugin[];
  /** How often the manager is asked for our UUID, in seconds: what osqueryd passes as `--interval`. */
  readonly intervalSeconds: number;
  /** How long to go on without a manager before giving up, in seconds: what osqueryd passes as `--timeout`. */
  readonly timeoutSeconds: number;
  readonly log?: Log;
  /** Called once after each successful registration. */
  onRegistered?(uuid: number): void;
  /** Called once when core asked for shutdown, or when no manager was there for `timeoutSeconds`. All is closed by then. */
  onGone?(reason: string): void;
  /** Replaced in tests. */
  readonly clock?: Clock;
}

/** Time, as the supervisor needs it. */
export interface Clock {
  nowMs(): number;
  /** Settles after so many milliseconds, or at once when the signal aborts. Never rejects. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

export interface RunningExtension {
  /** The UUID of the current registration, `undefined` while there is none. */
  readonly uuid: number | undefined;
  /** Deregisters, closes the sockets, removes the socket file. */
  stop(): Promise<void>;
}

/** Registers the plugins with osqueryd and keeps them registered until `stop()`, shutdown by core, or the end of the manager. */
export function runExtension(options: RunOptions): RunningExtension {
  throw new Error(`not written yet: ${options}`);
}

import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { PluginRequest } from '../osquery/index.ts';
import { printIntermediateLog, printStatusLine, type StatusLine } from './status-line.ts';

/** Bits of the answer to `features`: `LOGGER_FEATURE_LOGSTATUS`, `LOGGER_FEATURE_LOGEVENT`. */
const FEATURE_STATUS = 1;
const FEATURE_EVENTS = 2;

/** A logger plugin of core's own: told like any other. */
export interface BuiltInLogger {
  string(line: Buffer): void;
  snapshot(line: Buffer): void;
  status(line: StatusLine): void;
}

/** A logger plugin, wherever it lives: answers the code of its status, or rejects. */
export type CallLogger = (
  name: string,
  request: Readonly<Record<string, string | Uint8Array>>,
) => Promise<number>;

export interface LogRouterOptions {
  /** The names of `--logger_plugin`, in order. */
  readonly names: readonly string[];
  readonly builtIn: ReadonlyMap<string, BuiltInLogger>;
  readonly call: CallLogger;
  /** Told of each line once, whatever the loggers are. */
  readonly observer: BuiltInLogger;
}

/**
 * Hands lines to the loggers that the flags name, core's own and those of extensions.
 *
 * `init` and `features` are sent once, when core starts, and not again to an extension that was started anew. Status lines go only
 * to plugins whose features ask for them, events likewise. Source: osquery/logger/logger.cpp.
 */
export class LogRouter {
  readonly #options: LogRouterOptions;
  readonly #early: StatusLine[] = [];
  readonly #takesStatus: string[] = [];
  readonly #takesEvents: string[] = [];
  #started = false;

  constructor(options: LogRouterOptions) {
    this.#options = options;
  }

  get forwardsEvents(): boolean {
    return this.#takesEvents.length > 0;
  }

  /** The loggers of extensions, which must be there when core starts. */
  get external(): readonly string[] {
    const { names, builtIn } = this.#options;
    return names.filter((name) => !builtIn.has(name));
  }

  /** Sends `init` and asks for `features`, then hands on the status lines until now. */
  async start(): Promise<void> {
    for (const name of this.external) {
      await this.#options.call(name, { init: 'osqueryd' });
      // The answer is the status code itself, a bit set.
      const features = await this.#options.call(name, { action: 'features' });
      if (features & FEATURE_STATUS) this.#takesStatus.push(name);
      if (features & FEATURE_EVENTS) this.#takesEvents.push(name);
    }
    this.#started = true;
    const early = this.#early.splice(0);
    if (early.length > 0) await this.#sendStatus(early);
  }

  /** A result line. Without a category it is one that an extension sent through core. */
  async string(line: Buffer, category?: 'event'): Promise<void> {
    const { observer } = this.#options;
    observer.string(line);
    await this.#each(
      (logger) => logger.string(line),
      category === undefined ? { string: line } : { string: line, category },
    );
  }

  async snapshot(line: Buffer): Promise<void> {
    this.#options.observer.snapshot(line);
    await this.#each((logger) => logger.snapshot(line), { snapshot: line });
  }

  async status(line: StatusLine): Promise<void> {
    this.#options.observer.status(line);
    for (const name of this.#options.names) this.#options.builtIn.get(name)?.status(line);
    if (this.#started) await this.#sendStatus([line]);
    else this.#early.push(line);
  }

  /** An event row, before it can be queried. Waits for each logger in turn, as core does. */
  async event(row: Buffer): Promise<void> {
    for (const name of this.#takesEvents) await this.#options.call(name, { event: row }).catch(() => {});
  }

  /** Hands on what an extension gave by `call("logger", "", …)`. */
  async forward(request: PluginRequest): Promise<void> {
    const line = request.get('string');
    if (line !== undefined) await this.string(line);
  }

  async #sendStatus(lines: readonly StatusLine[]): Promise<void> {
    const log = printIntermediateLog(lines);
    for (const name of this.#takesStatus) {
      await this.#options.call(name, { status: 'true', log }).catch(() => {});
    }
  }

  /** The last logger's answer is the one that counts: core goes on when an earlier one fails. */
  async #each(
    tell: (logger: BuiltInLogger) => void,
    request: Readonly<Record<string, string | Uint8Array>>,
  ): Promise<void> {
    let failed: unknown;
    for (const name of this.#options.names) {
      const builtIn = this.#options.builtIn.get(name);
      failed = undefined;
      if (builtIn !== undefined) tell(builtIn);
      else {
        const code = await this.#options.call(name, request).catch((error: unknown) => error);
        if (code !== 0) failed = new Error(`logger ${name} failed`, { cause: code });
      }
    }
    if (failed !== undefined) throw failed;
  }
}

/**
 * The `filesystem` logger: `osqueryd.results.log` and `osqueryd.snapshots.log`, one line each. Status lines go to
 * `osqueryd.status.log` as JSON, where osqueryd has glog's own files.
 */
export function createFilesystemLogger(directory: string): BuiltInLogger {
  mkdirSync(directory, { recursive: true });
  const append = (file: string, line: Uint8Array | string): void =>
    appendFileSync(join(directory, file), Buffer.concat([Buffer.from(line as string), Buffer.from('\n')]));
  return {
    string: (line) => append('osqueryd.results.log', line),
    snapshot: (line) => append('osqueryd.snapshots.log', line),
    status: (line) => append('osqueryd.status.log', printStatusLine(line)),
  };
}

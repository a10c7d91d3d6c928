import { connectManager, type ManagerClient, StatusError } from './client.ts';
import { type ExtensionInfo, explain, type Log, NO_LOG, type Plugin, type RegistryRoutes } from './plugin.ts';
import { type Server, serveExtension } from './server.ts';

export interface RunOptions {
  /** The manager socket: what osqueryd passes as `--socket`. */
  readonly socketPath: string;
  readonly name: string;
  readonly version: string;
  readonly plugins: readonly Plugin[];
  /** How often the manager is asked for our UUID, in seconds: what osqueryd passes as `--interval`. */
  readonly intervalSeconds: number;
  /** How long to wait for the first manager before giving up, in seconds: what osqueryd passes as `--timeout`. */
  readonly timeoutSeconds: number;
  /**
   * How long to go on without a manager once there was one; `timeoutSeconds` unless given. A worker that died is
   * replaced in seconds, or in minutes when that happens often.
   */
  readonly patienceSeconds?: number;
  /** Whether the process that started us is gone, and so another extension will be started in our place. */
  isOrphaned?(): boolean;
  readonly log?: Log;
  /** Called after each successful registration, when the plugins are served. */
  onRegistered?(uuid: number): void;
  /**
   * Called once when core asked for shutdown, when no manager was there for too long, or when we are orphaned; not
   * after `stop()`. All is closed by then.
   */
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

/** The API's level that is spoken here, and the oldest that will do; core refuses an `sdk_version` below 1.7.7. */
const SDK_VERSION = '5.0.0';
const MIN_SDK_VERSION = '1.8.0';
/** How long `stop()` waits for core to take the goodbye. The watcher's SIGKILL comes 4 s after its SIGTERM. */
const GOODBYE_MS = 1_000;
const FIRST_RETRY_MS = 200;
/** A name that a dead predecessor left is dropped at core's next ping, so waiting longer than that gains nothing. */
const MOST_RETRY_MS = 3_000;

const SYSTEM_CLOCK: Clock = {
  nowMs: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      const timer = setTimeout(done, ms);
      function done(): void {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      }
      if (signal.aborted) done();
      else signal.addEventListener('abort', done);
    }),
};

/** Registers the plugins with osqueryd and keeps them registered until `stop()`, shutdown by core, or the end of the manager. */
export function runExtension(options: RunOptions): RunningExtension {
  const supervisor = new Supervisor(options);
  const finished = supervisor.run();
  return {
    get uuid() {
      return supervisor.uuid;
    },
    stop: () => {
      supervisor.end(undefined);
      return finished;
    },
  };
}

/**
 * One loop: be connected, be listed, wait. Core drops an extension after one failed ping and does not say so, and a
 * new worker on the same path knows nobody, so `extensions()` is asked for our UUID at each turn. A broken
 * connection alone is no reason to register again: the listing tells.
 */
class Supervisor {
  uuid: number | undefined;
  readonly #options: RunOptions;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #info: ExtensionInfo;
  #ended = false;
  #waiting = new AbortController();
  #goneReason: string | undefined;
  #manager: ManagerClient | undefined;
  #server: Server | undefined;
  #retries = 0;
  #wasRegistered = false;
  #lastSeenMs: number;

  constructor(options: RunOptions) {
    this.#options = options;
    this.#log = options.log ?? NO_LOG;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    this.#lastSeenMs = this.#clock.nowMs();
    this.#info = {
      name: options.name,
      version: options.version,
      sdkVersion: SDK_VERSION,
      minSdkVersion: MIN_SDK_VERSION,
    };
  }

  async run(): Promise<void> {
    while (!this.#ended) {
      try {
        await this.#turn();
        this.#retries = 0;
        if (this.#manager !== undefined) await this.#wait(this.#options.intervalSeconds * 1000);
      } catch (error) {
        this.#report(error);
        if (this.#clock.nowMs() - this.#lastSeenMs >= this.#patienceMs) {
          this.end(`no manager at ${this.#options.socketPath}: ${explain(error)}`);
        }
        await this.#wait(this.#backOffMs());
      }
    }
    await this.#close();
    if (this.#goneReason !== undefined) this.#options.onGone?.(this.#goneReason);
  }

  /** Ends the loop; with a reason when it was not the caller's wish. */
  end(reason: string | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#goneReason = reason;
    this.#waiting.abort();
  }

  get #patienceMs(): number {
    const { timeoutSeconds, patienceSeconds = timeoutSeconds } = this.#options;
    return (this.#wasRegistered ? patienceSeconds : timeoutSeconds) * 1000;
  }

  async #turn(): Promise<void> {
    if (this.#options.isOrphaned?.() === true) return this.end('the process that started us is gone');
    const manager = await this.#connect();
    const listed = await manager.extensions();
    this.#lastSeenMs = this.#clock.nowMs();
    if (this.uuid !== undefined && listed.get(this.uuid)?.name === this.#info.name) return;
    if (this.uuid !== undefined) this.#log.warn({ uuid: this.uuid }, 'dropped by osquery, registering again');
    await this.#unserve();
    await this.#register(manager);
  }

  /** The connection, a new one when the last has ended. */
  async #connect(): Promise<ManagerClient> {
    if (this.#manager === undefined) {
      const manager = await connectManager(this.#options.socketPath);
      this.#manager = manager;
      manager.closed.then(() => {
        if (this.#manager === manager) this.#manager = undefined;
        this.#waiting.abort();
      });
    }
    return this.#manager;
  }

  async #register(manager: ManagerClient): Promise<void> {
    const { plugins, socketPath } = this.#options;
    const uuid = await manager.registerExtension(this.#info, registryOf(plugins));
    try {
      this.#server = await serveExtension({
        path: `${socketPath}.${uuid}`,
        plugins,
        log: this.#log,
        onShutdown: () => this.end('osquery asked for shutdown'),
      });
    } catch (error) {
      await manager.deregisterExtension(uuid);
      throw error;
    }
    this.uuid = uuid;
    this.#wasRegistered = true;
    this.#log.info({ uuid, plugins: plugins.map(({ name }) => name) }, 'registered');
    this.#options.onRegistered?.(uuid);
  }

  async #unserve(): Promise<void> {
    this.uuid = undefined;
    const server = this.#server;
    this.#server = undefined;
    await server?.close();
  }

  async #close(): Promise<void> {
    if (this.uuid !== undefined && this.#goneReason === undefined) await this.#deregister(this.uuid);
    await this.#unserve();
    this.#manager?.close();
  }

  async #deregister(uuid: number): Promise<void> {
    const done = new AbortController();
    const goodbye = this.#manager?.deregisterExtension(uuid).catch((error) => this.#report(error));
    await Promise.race([goodbye, this.#clock.sleep(GOODBYE_MS, done.signal)]);
    done.abort();
  }

  /** A name that is taken is not worth a line at each try. */
  #report(error: unknown): void {
    const level = error instanceof StatusError && this.#retries > 0 ? 'debug' : 'warn';
    this.#log[level](
      { error: explain(error), socket: this.#options.socketPath },
      'not registered with osquery',
    );
    // After an answer that did not come, it is unknown what the connection holds.
    if (!(error instanceof StatusError)) this.#manager?.close();
  }

  /** Doubles at each try; the random part keeps extensions that were started together apart. */
  #backOffMs(): number {
    const most = Math.min(MOST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#retries++);
    return most * (0.5 + Math.random() / 2);
  }

  /** Waits, but no longer than until the end or until the connection breaks. */
  async #wait(ms: number): Promise<void> {
    if (this.#ended) return;
    this.#waiting = new AbortController();
    await this.#clock.sleep(ms, this.#waiting.signal);
  }
}

function registryOf(plugins: readonly Plugin[]): RegistryRoutes {
  const byRegistry = Map.groupBy(plugins, ({ registry }) => registry);
  return new Map(
    [...byRegistry].map(([registry, members]) => [
      registry,
      new Map(members.map((plugin) => [plugin.name, plugin.routes()])),
    ]),
  );
}

import { type ChildProcess, fork, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectManager, type ManagerClient, type Server, serveManager } from '../../src/osquery/index.ts';
import type { CellRow, FedRow } from '../../src/sandbox/index.ts';
import { type Backlog, NOISE } from './numbered.ts';
import { Relay, type Trap } from './relay.ts';
import type { Order, WorkerOptions } from './worker.ts';

export type Victim = 'extension' | 'manager' | 'both';

export interface RigOptions {
  readonly batch?: number;
  /** Files and folders with rules; that of the numbered events when absent. */
  readonly rules?: readonly string[];
  /** Options of Node for the extension. */
  readonly nodeFlags?: readonly string[];
  /** What the extension is started by, given the folder of its store: a program and its first arguments. */
  readonly startedBy?: (storeFolder: string) => readonly string[];
  /** Lines of the extension's log and of osqueryd's. */
  readonly onLine?: (line: string) => void;
}

/** An alert as osquery logged it. */
export interface LoggedAlert {
  readonly alertId: string;
  readonly ruleId: string;
  readonly cmdline: string;
}

const HERE = import.meta.dirname;
const MAIN = join(HERE, '..', '..', 'src', 'cli', 'main.ts');
/** How long one step of a round may take before the round counts as hung. */
const PATIENCE_MS = 120_000;

/**
 * A host: osqueryd's worker and the extension, each a process that can be killed and is started again.
 *
 * The extension knows one socket, `em`. Behind it is whatever worker lives: its own socket is `w`, and what it
 * says to an extension passes a relay that can stop it at any byte. With a worker its connections end.
 */
export class Rig {
  readonly folder: string;
  readonly #options: RigOptions;
  #worker: ChildProcess | null = null;
  #extension: ChildProcess | null = null;
  #client: ManagerClient | null = null;
  #front: Server | null = null;
  readonly #relays = new Map<number, Relay>();
  readonly #asked = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  #lastAsked = 0;
  #tables: readonly string[] = [];
  #uuid = 0;
  #stopping = false;

  private constructor(options: RigOptions) {
    this.#options = options;
    this.folder = mkdtempSync(join(tmpdir(), 'rig-'));
    mkdirSync(join(this.folder, 'store'), { mode: 0o700 });
    writeFileSync(this.#settings, `store = ${JSON.stringify(this.storePath)}\n`, { mode: 0o600 });
  }

  static async start(options: RigOptions = {}): Promise<Rig> {
    const rig = new Rig(options);
    await rig.revive();
    return rig;
  }

  /** The socket that the extension is told. */
  get socketPath(): string {
    return join(this.folder, 'em');
  }

  get storePath(): string {
    return join(this.folder, 'store', 'store.db');
  }

  get extensionPid(): number | undefined {
    return this.#extension?.pid;
  }

  get workerPid(): number | undefined {
    return this.#worker?.pid;
  }

  feed(rows: readonly FedRow[]): Promise<unknown> {
    return this.#ask({ kind: 'feed', rows });
  }

  /** Stores a backlog: so many events spread over the seconds until now, one in so many numbered from `after` on. */
  fill(backlog: Backlog): Promise<unknown> {
    return this.#ask({ kind: 'fill', backlog });
  }

  /** Runs the pack once. Rejects when the worker dies meanwhile. */
  run(): Promise<unknown> {
    return this.#ask({ kind: 'run' });
  }

  query(sql: string): Promise<readonly CellRow[]> {
    return this.#ask({ kind: 'query', sql }) as Promise<readonly CellRow[]>;
  }

  /** The worker ends in the place of logging the line that comes after so many. */
  endWorkerAtLine(after: number): Promise<unknown> {
    return this.#ask({ kind: 'endAtLine', after });
  }

  /** Springs at the next call of the extension. */
  set(trap: Trap): void {
    for (const relay of this.#relays.values()) relay.trap = trap;
  }

  disarm(): void {
    for (const relay of this.#relays.values()) relay.trap = null;
  }

  kill(victim: Victim): void {
    if (victim !== 'extension') this.#worker?.kill('SIGKILL');
    if (victim !== 'manager') this.#extension?.kill('SIGKILL');
  }

  /** Lets the extension end in order, as osqueryd's watcher does. */
  async endExtension(): Promise<void> {
    const end = ended(this.#extension);
    this.#extension?.kill('SIGTERM');
    await end;
  }

  /** Starts what is dead, as osqueryd's watcher does, and waits until the extension is registered. */
  async revive(): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      if (performance.now() > deadline) throw new Error('the extension did not register');
      // A process that was killed is there until its end is heard of.
      await sleep(5);
      if (this.#worker === null) await this.#startWorker();
      if (this.#extension === null) this.#startExtension();
      try {
        await this.#ask({ kind: 'watch' });
        // The worker may die after the half second, too, when nobody waits for the answer any more.
        const registered = this.#ask({ kind: 'registered' }).then(
          () => true,
          () => false,
        );
        if (await Promise.race([registered, sleep(500, false)])) return;
      } catch {
        // The worker was on its way out.
      }
    }
  }

  /** The tables that the extension registered last, and the socket where it serves them. */
  get served(): { readonly tables: readonly string[]; readonly path: string } {
    return { tables: this.#tables, path: `${this.socketPath}.${this.#uuid}` };
  }

  /** The alerts in osquery's result log. */
  alerts(): readonly LoggedAlert[] {
    const file = join(this.folder, 'log', 'osqueryd.results.log');
    if (!existsSync(file)) return [];
    return readFileSync(file, 'utf8')
      .split('\n')
      .flatMap((line): LoggedAlert[] => {
        const row = parse(line)?.columns;
        if (row === undefined) return [];
        return [{ alertId: row['alert_id']!, ruleId: row['rule_id']!, cmdline: row['cmdline']! }];
      });
  }

  /** What osquery's buffer holds but for noise: the command lines of events, by eid. */
  async events(): Promise<ReadonlyMap<string, string>> {
    const rows = await this.query(
      `SELECT eid, cmdline FROM process_events WHERE time > 0 AND path <> '${NOISE}'`,
    );
    return new Map(rows.map(({ eid, cmdline }) => [String(eid), String(cmdline)]));
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    const ends = [this.#worker, this.#extension].map((child) => ended(child));
    this.kill('both');
    await Promise.all(ends);
    await this.#loseWorker();
    rmSync(this.folder, { recursive: true, force: true });
  }

  get #settings(): string {
    return join(this.folder, 'settings.toml');
  }

  async #startWorker(): Promise<void> {
    const options: WorkerOptions = {
      socketPath: join(this.folder, 'w'),
      databasePath: join(this.folder, 'events.db'),
      logDirectory: join(this.folder, 'log'),
      ...(this.#options.batch !== undefined && { batch: this.#options.batch }),
    };
    const child = fork(join(HERE, 'worker.ts'), [JSON.stringify(options)]);
    this.#worker = child;
    const ready = Promise.withResolvers<void>();
    child.on('message', (message: Message) => {
      if (message.ready === true) ready.resolve();
      else if (message.status !== undefined) this.#options.onLine?.(`osqueryd   ${message.status}`);
      else this.#answered(message);
    });
    child.once('exit', () => {
      ready.reject(new Error('the worker did not start'));
      void this.#loseWorker();
    });
    await ready.promise;
    this.#client = await connectManager(options.socketPath);
    await this.#openFront(options.socketPath, this.#client);
  }

  /** What the extension takes for the worker's socket. */
  async #openFront(workerPath: string, client: ManagerClient): Promise<void> {
    const path = this.socketPath;
    this.#front = await serveManager({
      path,
      handlers: {
        call: (registry, item, request) => client.call(registry, item, Object.fromEntries(request)),
        options: () => client.options(),
        extensions: () => client.extensions(),
        registerExtension: async (info, routes) => {
          const uuid = await client.registerExtension(info, routes);
          this.#tables = [...(routes.get('table')?.keys() ?? [])];
          this.#uuid = uuid;
          this.#relays.set(uuid, await Relay.listen(`${workerPath}.${uuid}`, `${path}.${uuid}`));
          return { code: 0, message: 'OK', uuid };
        },
        deregisterExtension: async (uuid) => {
          await client.deregisterExtension(uuid);
          return { code: 0, message: 'OK' };
        },
        query: async (sql) => ({ status: { code: 0, message: 'OK' }, rows: await client.query(sql) }),
        getQueryColumns: async (sql) => ({
          status: { code: 0, message: 'OK' },
          rows: (await client.getQueryColumns(sql)).map(({ name, type }) => ({ [name]: type })),
        }),
      },
    });
  }

  /** With a process its sockets end. */
  async #loseWorker(): Promise<void> {
    this.#worker = null;
    for (const { reject } of this.#asked.values()) reject(new Error('the worker died'));
    this.#asked.clear();
    this.#client?.close();
    this.#client = null;
    const front = this.#front;
    this.#front = null;
    const relays = [...this.#relays.values()];
    this.#relays.clear();
    await Promise.all([front?.close(), ...relays.map((relay) => relay.close())]);
  }

  #startExtension(): void {
    if (this.#stopping) return;
    const child = this.#spawnExtension();
    this.#extension = child;
    child.once('exit', () => {
      if (this.#extension === child) this.#extension = null;
    });
  }

  /** A second extension beside the one that runs, which from now on is the second; gives a way to kill the first. */
  startAnother(): () => void {
    const first = this.#extension;
    this.#startExtension();
    return () => void first?.kill('SIGKILL');
  }

  #spawnExtension(): ChildProcess {
    const { rules = [join(HERE, 'rules')], nodeFlags = [], startedBy } = this.#options;
    const [program, ...rest] = [
      ...(startedBy?.(dirname(this.storePath)) ?? []),
      ...[process.execPath, ...nodeFlags, MAIN, 'extension', '--allow-unsafe'],
      ...rules.flatMap((path) => ['--rules', path]),
      ...['--socket', this.socketPath, '--timeout', '10', '--interval', '1'],
    ];
    const child = spawn(program!, rest, {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, OSQUERY_DETECT_CONFIG: this.#settings },
    });
    createInterface({ input: child.stderr }).on('line', (line) => {
      this.#options.onLine?.(`extension  ${line}`);
    });
    return child;
  }

  #ask(order: Order): Promise<unknown> {
    const worker = this.#worker;
    if (worker === null || !worker.connected) return Promise.reject(new Error('there is no worker'));
    const id = ++this.#lastAsked;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#asked.set(id, { resolve, reject });
    worker.send({ id, order }, (error) => {
      if (error !== null) reject(error);
    });
    return promise;
  }

  #answered({ id, result, error }: Message): void {
    const asked = this.#asked.get(id!);
    this.#asked.delete(id!);
    if (error === undefined) asked?.resolve(result);
    else asked?.reject(new Error(error));
  }
}

interface Message {
  readonly ready?: boolean;
  readonly status?: string;
  readonly id?: number;
  readonly result?: unknown;
  readonly error?: string;
}

/** A line that was cut off by a death is none. */
function parse(line: string): { readonly columns: Readonly<Record<string, string>> } | undefined {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function ended(child: ChildProcess | null): Promise<void> {
  return new Promise((resolve) => {
    if (child === null || child.exitCode !== null || child.signalCode !== null) resolve();
    else child.once('exit', () => resolve());
  });
}

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  connectExtension,
  type ExtensionInfo,
  failure,
  type Row,
  type Server,
  serveManager,
  success,
} from '../../src/osquery/index.ts';

export interface SubjectOptions {
  readonly name: string;
  /** The program and its arguments but for those of osqueryd. */
  readonly command: readonly [string, ...string[]];
  readonly env?: Readonly<Record<string, string>>;
  /** A folder of its own. */
  readonly folder: string;
  /** What `processes` answers. */
  readonly processes: readonly Row[];
}

export interface Answer {
  readonly rows: readonly Row[];
  readonly milliseconds: number;
}

/** CPU time of the process so far, seconds, and its memory now, MB. */
export interface Usage {
  readonly cpuSeconds: number;
  readonly rssMegabytes: number;
}

const UUID = 1;
const TICKS_A_SECOND = 100;
const PAGE_BYTES = 4096;
/** A ping that waits longer than that shows that the event loop was taken. */
const PING_MS = 200;
const FIRST_PING_RETRY_MS = 20;

/** One extension process behind a manager socket of its own, driven as osqueryd drives one. */
export class Subject {
  readonly name: string;
  /** From the start of the process until it was registered and answered, on the wall, milliseconds, and the CPU time until then. */
  registeredMs = 0;
  registeredCpuSeconds = 0;
  /** The CPU time until its rules were at work; 0 for one that has none. */
  runningCpuSeconds = 0;
  readonly errors: string[] = [];
  readonly #process: ChildProcess;
  readonly #server: Server;
  readonly #path: string;
  #pings: number[] = [];
  #pinger: NodeJS.Timeout | undefined;

  private constructor(name: string, path: string, process: ChildProcess, server: Server) {
    this.name = name;
    this.#path = path;
    this.#process = process;
    this.#server = server;
    process.stderr!.setEncoding('utf8').on('data', (text: string) => this.#hear(text));
  }

  static async start({ name, command, env, folder, processes }: SubjectOptions): Promise<Subject> {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const path = join(folder, 'em');
    const registered = Promise.withResolvers<void>();
    const extensions = new Map<number, ExtensionInfo>();
    const server = await serveManager({
      path,
      handlers: {
        call: () => success(),
        options: () => new Map(),
        extensions: () => extensions,
        registerExtension(info) {
          extensions.set(UUID, info);
          registered.resolve();
          return { code: 0, message: 'OK', uuid: UUID };
        },
        deregisterExtension: () => ({ code: 0, message: 'OK' }),
        query: (sql) => (/FROM processes\b/.test(sql) ? success(processes) : failure('no such table')),
        getQueryColumns: () => failure('no such table'),
      },
    });
    const startedMs = performance.now();
    const [program, ...first] = command;
    const process_ = spawn(program, [...first, '--socket', path, '--timeout', '10', '--interval', '3'], {
      stdio: ['ignore', 2, 'pipe'],
      env: { ...process.env, ...env },
    });
    // As osqueryd starts extensions.
    setPriority(process_.pid!, constants.priority.PRIORITY_BELOW_NORMAL);
    const subject = new Subject(name, path, process_, server);
    const ended = new Promise<never>((_, reject) =>
      process_.once('exit', (code) =>
        reject(new Error(`${name} ended with ${code}: ${subject.errors.at(-1)}`)),
      ),
    );
    await Promise.race([registered.promise, ended]);
    await subject.#answers();
    subject.registeredMs = performance.now() - startedMs;
    subject.registeredCpuSeconds = subject.usage().cpuSeconds;
    ended.catch(() => {});
    subject.#startPinging();
    return subject;
  }

  /** Calls `generate` of a table over a new connection, as core does. */
  async generate(table: string, context: Uint8Array): Promise<Answer> {
    const startedMs = performance.now();
    const client = await connectExtension(`${this.#path}.${UUID}`, { timeoutMs: 600_000 });
    try {
      const { status, rows } = await client.call('table', table, { action: 'generate', context });
      if (status.code !== 0) throw new Error(`${this.name}: ${table}: ${status.message}`);
      return { rows, milliseconds: performance.now() - startedMs };
    } finally {
      client.close();
    }
  }

  /** Waits until the rules are at work. */
  async running(): Promise<void> {
    while ((await this.health())['state'] !== 'running') await sleep(FIRST_PING_RETRY_MS);
    this.runningCpuSeconds = this.usage().cpuSeconds;
  }

  /** What the extension says of itself and of all streams. */
  async health(): Promise<Row> {
    const { rows } = await this.generate('detection_health', Buffer.from('{"constraints":[]}'));
    return rows.find(({ stream }) => stream === 'all')!;
  }

  /** Source: proc(5). */
  usage(): Usage {
    const text = readFileSync(`/proc/${this.#process.pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return {
      cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND,
      rssMegabytes: (Number(fields[21]) * PAGE_BYTES) / 1e6,
    };
  }

  /** How long pings waited since the last call, milliseconds, sorted. */
  takePings(): readonly number[] {
    const pings = this.#pings.sort((a, b) => a - b);
    this.#pings = [];
    return pings;
  }

  async stop(): Promise<void> {
    clearInterval(this.#pinger);
    const gone = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.kill('SIGTERM');
    await gone;
    await this.#server.close();
  }

  /** The socket can only be made once the UUID is known; core looks for it every 20 ms. */
  async #answers(): Promise<void> {
    for (;;) {
      try {
        const client = await connectExtension(`${this.#path}.${UUID}`);
        await client.ping();
        client.close();
        return;
      } catch {
        await sleep(FIRST_PING_RETRY_MS);
      }
    }
  }

  #startPinging(): void {
    const channel = connectExtension(`${this.#path}.${UUID}`);
    let waiting = false;
    this.#pinger = setInterval(async () => {
      if (waiting) return;
      waiting = true;
      const startedMs = performance.now();
      await (await channel).ping().catch(() => this.errors.push('a ping was not answered'));
      this.#pings.push(performance.now() - startedMs);
      waiting = false;
    }, PING_MS);
  }

  #hear(text: string): void {
    const wrong = text.split('\n').filter((line) => /"level":[56]0/.test(line));
    this.errors.push(...wrong.map((line) => line.slice(0, 300)));
  }
}

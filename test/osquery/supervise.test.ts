import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import test, { type ExecutionContext } from 'ava';
import { connectExtension, createTable, type RunOptions, runExtension } from '../../src/osquery/index.ts';
import { socketPath } from './socket-path.ts';
import { TestManager } from './test-manager.ts';

/** Time that passes when it is told to. */
class ManualClock {
  #now = 0;
  #asleep: { readonly until: number; readonly wake: () => void } | undefined;
  #noticed = (): void => {};

  nowMs(): number {
    return this.#now;
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#asleep = undefined;
        resolve();
      };
      if (signal.aborted) return wake();
      signal.addEventListener('abort', wake, { once: true });
      this.#asleep = { until: this.#now + ms, wake };
      this.#noticed();
    });
  }

  /** Waits until the supervisor sleeps, then lets its time pass. Returns how long that was, in milliseconds. */
  async pass(): Promise<number> {
    await this.asleep();
    const { until, wake } = this.#asleep!;
    const slept = until - this.#now;
    this.#now = until;
    wake();
    return slept;
  }

  async asleep(): Promise<void> {
    if (this.#asleep === undefined) {
      await new Promise<void>((resolve) => {
        this.#noticed = resolve;
      });
    }
  }
}

interface Run {
  readonly clock: ManualClock;
  readonly registered: number[];
  readonly lines: string[];
  readonly gone: Promise<string>;
  stop(): Promise<void>;
}

function run(t: ExecutionContext, path: string, options: Partial<RunOptions> = {}): Run {
  const clock = new ManualClock();
  const { promise: gone, resolve: onGone } = Promise.withResolvers<string>();
  const [registered, lines]: [number[], string[]] = [[], []];
  const extension = runExtension({
    socketPath: path,
    name: 'detect',
    version: '1',
    plugins: [createTable({ name: 't', columns: [], generate: () => [{ n: '1' }] })],
    intervalSeconds: 3,
    timeoutSeconds: 20,
    log: {
      debug() {},
      info() {},
      warn: (fields, message) => void lines.push(`${message}: ${Object.values(fields)[0]}`),
      error() {},
    },
    onRegistered: (uuid) => void registered.push(uuid),
    onGone,
    clock,
    ...options,
  });
  t.teardown(() => extension.stop());
  return { clock, registered, lines, gone, stop: () => extension.stop() };
}

test('an extension registers, serves, and deregisters when it is stopped', async (t) => {
  const manager = await TestManager.start(t, socketPath(t));
  const { clock, registered, stop } = run(t, manager.path);
  await clock.asleep();
  const [uuid] = registered;
  t.deepEqual([...manager.extensions.keys()], [uuid]);
  t.deepEqual(await manager.generate(uuid!, 't'), [{ n: '1' }]);
  await stop();
  t.deepEqual([...manager.extensions.keys()], []);
  t.false(existsSync(`${manager.path}.${uuid}`));
});

test('as long as it is listed an extension does not register again', async (t) => {
  const manager = await TestManager.start(t, socketPath(t));
  const { clock, registered } = run(t, manager.path);
  for (let turn = 0; turn < 3; turn++) t.is(await clock.pass(), 3_000);
  await manager.pingAll();
  await clock.asleep();
  t.is(registered.length, 1);
});

test('an extension that core dropped without a word registers anew', async (t) => {
  const manager = await TestManager.start(t, socketPath(t));
  const { clock, registered, lines } = run(t, manager.path);
  await clock.asleep();
  manager.extensions.clear();
  await clock.pass();
  await clock.asleep();
  t.is(registered.length, 2);
  t.deepEqual([...manager.extensions.keys()], [registered[1]]);
  t.deepEqual(await manager.generate(registered[1]!, 't'), [{ n: '1' }]);
  t.false(existsSync(`${manager.path}.${registered[0]}`));
  t.deepEqual(lines, [`dropped by osquery, registering again: ${registered[0]}`]);
});

test('a UUID that now belongs to another extension is not taken for ours', async (t) => {
  const manager = await TestManager.start(t, socketPath(t));
  const { clock, registered } = run(t, manager.path);
  await clock.asleep();
  const [uuid] = registered;
  const { info, registry } = manager.extensions.get(uuid!)!;
  manager.extensions.set(uuid!, { info: { ...info, name: 'other' }, registry });
  await clock.pass();
  await clock.asleep();
  t.is(registered.length, 2);
});

test('an extension waits for a manager that is not there yet', async (t) => {
  const path = socketPath(t);
  const { clock, registered, lines } = run(t, path);
  const waits = [await clock.pass(), await clock.pass(), await clock.pass()];
  t.true(waits.every((ms, i) => ms >= 100 * 2 ** i && ms <= 200 * 2 ** i));
  await clock.asleep();
  const manager = await TestManager.start(t, path);
  await clock.pass();
  await clock.asleep();
  t.deepEqual([...manager.extensions.keys()], registered);
  t.regex(lines[0]!, /^not registered with osquery: connecting to .*ENOENT/);
});

test('a new manager on the same path gets its registration, whether or not a turn was due', async (t) => {
  const path = socketPath(t);
  const manager = await TestManager.start(t, path);
  const { clock, registered } = run(t, path);
  await clock.asleep();
  await manager.close();
  await clock.pass();
  await clock.asleep();
  await manager.listen();
  await clock.pass();
  await clock.asleep();
  t.is(registered.length, 2);
  t.deepEqual(await manager.generate(registered[1]!, 't'), [{ n: '1' }]);
});

test('a manager that goes away for good ends the extension after its timeout', async (t) => {
  const manager = await TestManager.start(t, socketPath(t));
  const { clock, registered, gone } = run(t, manager.path);
  await clock.asleep();
  await manager.close();
  for (let passedMs = 0; passedMs < 20_000; ) passedMs += await clock.pass();
  t.regex(await gone, /^no manager at .*: connecting to .*ENOENT/);
  t.false(existsSync(`${manager.path}.${registered[0]}`));
});

test('an extension outlives a manager that stays away longer than its first one may', async (t) => {
  const manager = await TestManager.start(t, socketPath(t));
  const { clock, registered } = run(t, manager.path, { patienceSeconds: 600 });
  await clock.asleep();
  await manager.close();
  for (let passedMs = 0; passedMs < 300_000; ) passedMs += await clock.pass();
  await clock.asleep();
  await manager.listen();
  await clock.pass();
  await clock.asleep();
  t.is(registered.length, 2);
});

test('an extension whose starter is gone leaves, though there is a manager, and waits for none', async (t) => {
  const manager = await TestManager.start(t, socketPath(t));
  let orphaned = false;
  const { clock, gone } = run(t, manager.path, { patienceSeconds: 600, isOrphaned: () => orphaned });
  await clock.pass();
  await clock.asleep();
  orphaned = true;
  await clock.pass();
  t.is(await gone, 'the process that started us is gone');
});

test('a second extension of the same name is refused and tries on until the first is gone', async (t) => {
  const manager = await TestManager.start(t, socketPath(t));
  const first = run(t, manager.path);
  await first.clock.asleep();
  const second = run(t, manager.path);
  for (let turn = 0; turn < 12; turn++) t.true((await second.clock.pass()) <= 3_000);
  await second.clock.asleep();
  t.deepEqual(second.registered, []);
  t.is(manager.refused.length, 13);
  t.deepEqual(second.lines, ['not registered with osquery: Duplicate extension registered']);
  t.deepEqual(await manager.generate(first.registered[0]!, 't'), [{ n: '1' }]);
  await first.stop();
  await second.clock.pass();
  await second.clock.asleep();
  t.deepEqual([...manager.extensions.keys()], second.registered);
});

test('shutdown by core closes the extension and says so', async (t) => {
  const manager = await TestManager.start(t, socketPath(t));
  const { clock, registered, gone } = run(t, manager.path);
  await clock.asleep();
  const extension = await connectExtension(`${manager.path}.${registered[0]}`);
  await extension.shutdown();
  t.is(await gone, 'osquery asked for shutdown');
  t.false(existsSync(`${manager.path}.${registered[0]}`));
  await extension.closed;
});

/** A process and the lines it prints. */
function start(t: ExecutionContext, path: string): { readonly child: ChildProcess; line(): Promise<string> } {
  const script = join(import.meta.dirname, 'extension-process.ts');
  const child = spawn(process.execPath, [script, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return { child, line: async () => (await lines.next()).value ?? '' };
}

test('an extension that is killed and started again meets its own stale name and gets past it', async (t) => {
  const manager = await TestManager.start(t, socketPath(t));
  const first = start(t, manager.path);
  t.regex(await first.line(), /^registered /);
  first.child.kill('SIGKILL');
  await once(first.child, 'exit');
  const second = start(t, manager.path);
  t.regex(await second.line(), /Duplicate extension registered/);
  await manager.pingAll();
  const [, uuid] = (await second.line()).split(' ');
  t.deepEqual([...manager.extensions.keys()], [Number(uuid)]);
  t.deepEqual(await manager.generate(Number(uuid), 't'), [{ pid: String(second.child.pid) }]);
  second.child.kill('SIGTERM');
  t.is(await second.line(), 'stopped');
  t.is(manager.extensions.size, 0);
});

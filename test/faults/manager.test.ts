import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { CallError } from '../../src/osquery/index.ts';
import { TestManager } from '../osquery/test-manager.ts';
import { listenBadly, manners } from './bad-manager.ts';
import { Random } from './random.ts';

const ROOT = join(import.meta.dirname, '..', '..');
/** Connections that are made in vain before osqueryd is well. */
const TRIES = 3;
const MOST_MEGABYTES = 300;

for (const { name, manner } of manners(new Random(11))) {
  test.serial(`an osqueryd that ${name} is outlived, and joined when it is well`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'bad-'));
    t.teardown(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'em');
    const bad = await listenBadly(path, manner);
    const extension = spawn(
      process.execPath,
      [
        ...[join(ROOT, 'src/cli/main.ts'), 'extension', '--socket', path, '--interval', '1'],
        ...['--rules', join(ROOT, 'packs/rules'), '--allow-unsafe'],
      ],
      { stdio: 'ignore' },
    );
    t.teardown(() => extension.kill('SIGKILL'));
    const ended = new Promise<string>((resolve) => extension.once('exit', (code) => resolve(`exit ${code}`)));
    // Who never answers is asked once, and then waited for.
    const tries = name === 'accepts and never answers' ? 1 : TRIES;
    t.is(await Promise.race([bad.connected(tries), ended]), undefined);
    await bad.close();
    t.true(megabytesOf(extension) < MOST_MEGABYTES, 'it takes no more memory than it is given');
    const manager = await TestManager.start(t, path);
    t.deepEqual(await Promise.race([scanOf(manager), ended]), []);
  });
}

/** Asks for alerts as core does, as soon as there is whom to ask. */
async function scanOf(manager: TestManager): Promise<unknown> {
  const context = JSON.stringify({
    constraints: [
      { name: 'batch', affinity: 'BIGINT', list: [{ op: 16, expr: '[]' }] },
      { name: 'stream', affinity: 'TEXT', list: [{ op: 2, expr: 'process_events' }] },
    ],
  });
  for (;;) {
    const [uuid] = manager.extensions.keys();
    try {
      if (uuid !== undefined) return await manager.generate(uuid, 'detections', context);
    } catch (error) {
      // The socket can only be made once the UUID is known.
      if (!(error instanceof CallError)) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Memory at its highest until now. Source: proc(5). */
function megabytesOf({ pid }: ChildProcess): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)![1]) / 1024;
}

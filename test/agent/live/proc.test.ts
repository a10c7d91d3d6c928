import { spawn } from 'node:child_process';
import { once } from 'node:events';
import test from 'ava';
import { createDetection } from '../../../src/agent/index.ts';
import { createProcReader } from '../../../src/agent/live/proc.ts';
import { createHost } from '../../../src/schema/index.ts';
import { openStore } from '../../../src/store/index.ts';
import { EventTable, SCHEMA } from './event-table.ts';
import { RULES, TestClock } from './running.ts';

const WORDS = ['-c', 'read line', 'a name', 'two  spaces', ''];

test('arguments of a process that still runs become exact, after its row was read', async (t) => {
  if (process.platform !== 'linux') {
    t.pass('only Linux has a /proc');
    return;
  }
  const child = spawn('/bin/sh', WORDS, { stdio: ['pipe', 'ignore', 'ignore'] });
  t.teardown(() => child.kill('SIGKILL'));
  await once(child, 'spawn');
  const pid = child.pid!;
  const [table, clock] = [new EventTable(), new TestClock()];
  const store = await openStore({ path: null });
  const host = createHost('here');
  const proc = createProcReader();
  const { detect, live } = createDetection({ rules: RULES, schema: SCHEMA, host, store, clock, proc });
  const gone = { pid: 2 ** 22 + 1, path: '/bin/ls', cmdline: 'ls a b' };
  table.store([{ pid, path: '/bin/dash', cmdline: ['/bin/sh', ...WORDS].join(' ') }, gone], clock.ms);
  await detect({ batch: table.scan(), stream: 'process_events', rule: undefined });
  t.is(live.detector.tree.find(pid)?.args.fidelity, 'split', 'no answer waits for it');
  for (let turn = 0; turn < 10_000 && live.health.args?.runs === 0; turn++) await new Promise(setImmediate);
  const { words, fidelity } = live.detector.tree.find(pid)!.args;
  t.is(fidelity, 'exact');
  t.deepEqual(
    words.filter((word) => word !== ''),
    ['/bin/sh', ...WORDS].filter((word) => word !== ''),
  );
  t.is(live.detector.tree.find(gone.pid)?.args.fidelity, 'split');
  t.deepEqual(live.health.args, { exact: 1, runs: 1 });
});

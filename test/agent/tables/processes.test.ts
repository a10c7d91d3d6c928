import test from 'ava';
import { createProcessesTable } from '../../../src/agent/tables/processes.ts';
import { createProcessTree } from '../../../src/process/index.ts';
import { exec, fork, seed } from '../../process/facts.ts';
import { ask } from './ask.ts';

const tree = createProcessTree();
tree.seed([seed(), seed({ pid: 2, path: '', name: 'kthreadd', commandLine: '' })]);
tree.exec(
  exec({ pid: 50, parentPid: 1, path: '/usr/bin/env', commandLine: 'env bash', place: '0000000007' }),
);
tree.exec(
  exec({ pid: 50, parentPid: 1, path: '/usr/bin/bash', commandLine: 'bash run.sh', place: '0000000008' }),
);
tree.fork(fork({ pid: 51, parentPid: 50, place: '0000000009' }));
tree.exec(
  exec({ pid: 52, parentPid: 51, path: '/usr/bin/id', commandLine: 'id', userId: '33', place: '10' }),
);
tree.exit(51);

const table = createProcessesTable(() => tree);

test('every process is listed, with where it is known from, whether it runs, and who its parent was', async (t) => {
  const used = ['pid', 'path', 'origin', 'running', 'parent_path'];
  const rows = await ask(table, { used });
  t.deepEqual(
    rows
      .map(({ pid, path, origin, running, parent_path }) => [pid, path, origin, running, parent_path])
      .sort(),
    [
      ['1', '/usr/lib/systemd/systemd', 'seed', '1', ''],
      ['2', '', 'seed', '1', ''],
      ['50', '/usr/bin/bash', 'exec', '1', '/usr/lib/systemd/systemd'],
      ['50', '/usr/bin/env', 'exec', '0', '/usr/lib/systemd/systemd'],
      ['51', '/usr/bin/bash', 'fork', '0', '/usr/bin/bash'],
      ['52', '/usr/bin/id', 'exec', '1', '/usr/bin/bash'],
    ],
  );
});

test('one process is found by pid, also after its parent has exited', async (t) => {
  const [row, ...more] = await ask(table, { constraints: [['pid', 2, '52']] });
  t.deepEqual(more, []);
  t.like(row, {
    ...{ parent: '51', name: 'id', cmdline: 'id', cwd: '/', user_id: '33', group_id: '0', eid: '10' },
    start_time: '1000',
  });
  t.deepEqual(JSON.parse(row!['ancestors']!), [
    { pid: 51, path: '/usr/bin/bash' },
    { pid: 50, path: '/usr/bin/bash' },
    { pid: 1, path: '/usr/lib/systemd/systemd' },
  ]);
});

test('a kernel thread has the name that it gives itself, and an unknown start is NULL', async (t) => {
  const rows = await ask(table, { constraints: [['pid', 2, '2']] });
  t.is(rows[0]!['name'], 'kthreadd');
  tree.exec(exec({ pid: 60, parentPid: 0, timeMs: 0 }));
  t.false('start_time' in (await ask(table, { constraints: [['pid', 2, '60']] }))[0]!);
});

test('children are found by their parent', async (t) => {
  const rows = await ask(table, { constraints: [['parent', 2, '1']], used: ['pid'] });
  t.deepEqual(
    rows.map(({ pid }) => pid),
    ['50', '50'],
  );
});

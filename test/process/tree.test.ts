import test from 'ava';
import fc from 'fast-check';
import { createProcessTree, type Process, type ProcessTree } from '../../src/process/index.ts';
import type { ProcessRecord } from '../../src/process/record.ts';
import { exec, fork, seed } from './facts.ts';

const BASH = { path: '/usr/bin/bash', commandLine: 'bash run.sh' };
const lineOf = (process: Process | null): readonly number[] => {
  const pids: number[] = [];
  for (let one = process; one !== null; one = one.parent) pids.push(one.pid);
  return pids;
};
const savedState = (tree: ProcessTree): unknown => JSON.parse(JSON.stringify(tree.beginSave().finish()));

test('an exec knows its parent, also after the parent has exited and its pid was used again', (t) => {
  const tree = createProcessTree();
  tree.seed([seed()]);
  const shell = tree.exec(exec({ pid: 50, parentPid: 1, ...BASH, place: '1' }));
  const child = tree.exec(exec({ pid: 51, parentPid: 50, place: '2' }));
  tree.exit(50);
  tree.exec(exec({ pid: 50, parentPid: 1, path: '/usr/bin/vi', place: '3' }));
  t.deepEqual(lineOf(child), [51, 50, 1]);
  t.is(child.parent, shell);
  t.is(child.parent?.path, '/usr/bin/bash');
  t.is(tree.find(50)?.path, '/usr/bin/vi');
  t.is(tree.find(50)?.previous, null);
});

test('a second exec in one pid remembers the first; children belong to the program that ran then', (t) => {
  const tree = createProcessTree();
  const first = tree.exec(exec({ pid: 50, parentPid: 40, path: '/usr/bin/env', place: '1' }));
  const child = tree.exec(exec({ pid: 51, parentPid: 50, place: '2' }));
  const second = tree.exec(exec({ pid: 50, parentPid: 40, ...BASH, place: '3' }));
  t.is(second.previous, first);
  t.is(child.parent, first);
  t.is(tree.exec(exec({ pid: 52, parentPid: 50, place: '4' })).parent, second);
});

test('a process that was handed to process 1 before its exec is the same one', (t) => {
  const tree = createProcessTree();
  tree.seed([seed()]);
  tree.exec(exec({ pid: 50, parentPid: 1, ...BASH, place: '1' }));
  const forked = tree.fork(fork({ pid: 51, parentPid: 50, place: '2' }));
  const daemon = tree.exec(exec({ pid: 51, parentPid: 1, place: '3' }));
  t.is(daemon.previous, forked);
  t.is(daemon.parent?.pid, 1);
});

test("a parent that only forked carries its own parent's program on", (t) => {
  const tree = createProcessTree();
  tree.exec(exec({ pid: 50, parentPid: 40, ...BASH, place: '1' }));
  tree.fork(fork({ pid: 51, parentPid: 50, place: '2' }));
  const child = tree.exec(exec({ pid: 52, parentPid: 51, place: '3' }));
  t.is(child.parent?.commandLine, 'bash run.sh');
  t.deepEqual(lineOf(child), [52, 51, 50]);
});

test("a fork looks like its parent just where it runs the parent's program with its arguments as the same user", (t) => {
  for (const isKnown of [true, false]) {
    const tree = createProcessTree();
    const parent = tree.exec(exec({ pid: 50, parentPid: 40, ...BASH, place: '1' }));
    // Asked for before it forks, or not.
    if (isKnown) t.is(parent.image + parent.program, parent.image + parent.program);
    const forked = (pid: number, facts: object): Process | null =>
      tree.fork(fork({ pid, parentPid: 50, place: '2', ...facts }));
    const looks = (process: Process | null): readonly boolean[] => [
      process?.image === parent.image,
      process?.program === parent.program,
    ];
    t.deepEqual(looks(forked(51, {})), [true, true]);
    t.deepEqual(looks(forked(52, { userId: '7' })), [false, false]);
    t.deepEqual(looks(forked(53, { groupId: '7' })), [false, false]);
    t.deepEqual(looks(forked(54, { path: '/usr/bin/dash' })), [false, false]);
    (parent as ProcessRecord).setExact(['bash', 'run.sh', '']);
    t.deepEqual(looks(forked(55, {})), [false, true]);
  }
});

test("the fork row of vfork comes after its child's exec and does not undo it", (t) => {
  const tree = createProcessTree();
  tree.exec(exec({ pid: 50, parentPid: 40, ...BASH, place: '1' }));
  const child = tree.exec(exec({ pid: 51, parentPid: 50, path: '/usr/bin/make', place: '2' }));
  t.is(tree.fork(fork({ pid: 51, parentPid: 50, place: '3' })), child);
  t.is(tree.exec(exec({ pid: 52, parentPid: 51, place: '4' })).parent?.path, '/usr/bin/make');
});

test('fork rows of a PID namespace make no process, and show what a parent is that only forked', (t) => {
  const tree = createProcessTree();
  tree.seed([seed({ pid: 25, parentPid: 2, path: '', name: 'kworker/3', commandLine: '' })]);
  tree.exec(exec({ pid: 15_000, parentPid: 14_000, ...BASH, place: '1' }));
  t.is(tree.fork(fork({ pid: 25, parentPid: 15_000, place: '2' })), null);
  t.is(tree.fork(fork({ pid: 26, parentPid: 15_001, place: '3' })), null);
  const child = tree.exec(exec({ pid: 15_002, parentPid: 15_001, place: '4' }));
  t.is(child.parent?.origin, 'inferred');
  t.deepEqual(lineOf(child), [15_002, 15_001, 15_000]);
  t.is(child.parent?.commandLine, 'bash run.sh');
  t.deepEqual(tree.find(25)?.names, ['kworker/3']);
  t.is(tree.health.foreignForks, 2);
});

test("forks of a namespace are disbelieved even where its pids look like the host's", (t) => {
  const tree = createProcessTree();
  tree.exec(exec({ pid: 15_000, parentPid: 14_000, ...BASH, place: '1' }));
  tree.fork(fork({ pid: 30, parentPid: 15_000, place: '2' }));
  tree.exec(exec({ pid: 15_001, parentPid: 15_000, path: '/usr/bin/make', place: '3' }));
  t.is(tree.fork(fork({ pid: 15_004, parentPid: 15_001, path: '/usr/bin/make', place: '4' })), null);
});

test("after the pids wrapped around, the first child's exec proves its fork", (t) => {
  const tree = createProcessTree();
  tree.exec(exec({ pid: 32_700, parentPid: 900, ...BASH, place: '1' }));
  t.is(tree.fork(fork({ pid: 301, parentPid: 32_700, place: '2' })), null);
  const child = tree.exec(exec({ pid: 301, parentPid: 32_700, place: '3' }));
  t.is(child.parent?.pid, 32_700);
  t.not(tree.fork(fork({ pid: 302, parentPid: 32_700, place: '4' })), null);
  t.is(tree.health.foreignForks, 0);
});

test('after the pids wrapped around, a parent that only forked is found among the doubted forks', (t) => {
  const tree = createProcessTree();
  tree.exec(exec({ pid: 32_700, parentPid: 900, ...BASH, place: '1' }));
  tree.fork(fork({ pid: 301, parentPid: 32_700, place: '2' }));
  t.is(tree.exec(exec({ pid: 302, parentPid: 301, place: '3' })).parent?.origin, 'fork');
});

test('a snapshot corrects what was guessed and leaves what rows told', (t) => {
  const tree = createProcessTree();
  const known = tree.exec(exec({ pid: 50, parentPid: 1, ...BASH, place: '1' }));
  tree.fork(fork({ pid: 9, parentPid: 60, path: '/usr/bin/dash', place: '2' }));
  t.is(tree.find(60)?.origin, 'inferred');
  tree.seed([
    seed(),
    seed({ pid: 50, parentPid: 1, path: '/usr/bin/bash', commandLine: 'title', startMs: 900_000 }),
    seed({ pid: 60, parentPid: 50, path: '/usr/bin/dash', commandLine: 'dash -x' }),
    seed({ pid: 70, parentPid: 70 }),
  ]);
  t.is(tree.find(50), known);
  t.is(tree.find(60)?.commandLine, 'dash -x');
  t.deepEqual(lineOf(tree.find(60)), [60, 50]);
  t.is(tree.health.nonsense, 1);
});

test('a snapshot is not taken as a second exec of the program that it showed', (t) => {
  const tree = createProcessTree();
  tree.seed([seed({ pid: 50, parentPid: 1, path: '/usr/bin/true', commandLine: 'true' })]);
  t.is(tree.exec(exec({ pid: 50, parentPid: 1 })).previous, null);
});

test('the tree stays within its bound, forgets the exited first, and keeps the ancestors of the active', (t) => {
  const tree = createProcessTree({ capacity: 100 });
  tree.exec(exec({ pid: 50, parentPid: 1, ...BASH, place: '1' }));
  tree.exec(exec({ pid: 51, parentPid: 50, ...BASH, place: '2' }));
  for (let pid = 1000; pid < 6000; pid++) tree.exec(exec({ pid, parentPid: 51, place: String(pid) }));
  t.is(tree.health.held, 100);
  t.is(tree.health.evicted, 4902);
  t.deepEqual(lineOf(tree.find(5999)), [5999, 51, 50]);
});

test('a chain of processes that each start the next holds no more than the bound', (t) => {
  const tree = createProcessTree({ capacity: 100 });
  for (let pid = 1000; pid < 9000; pid++) tree.exec(exec({ pid, parentPid: pid - 1, place: String(pid) }));
  t.true(lineOf(tree.find(8999)).length <= 102);
});

test('long texts count against the bound', (t) => {
  const tree = createProcessTree({ capacity: 100 });
  for (let pid = 1000; pid < 1100; pid++) {
    tree.exec(exec({ pid, commandLine: 'x'.repeat(1_000_000), place: String(pid) }));
  }
  t.is(tree.health.held, 1);
  t.true(tree.find(1099)!.commandLine.length <= 32_768);
});

test('a saved tree comes back the same, and no other state is taken', (t) => {
  const tree = createProcessTree();
  tree.seed([seed()]);
  tree.exec(exec({ pid: 50, parentPid: 1, ...BASH, place: '1' }));
  tree.exec(exec({ pid: 50, parentPid: 1, path: '/usr/bin/make', place: '2' }));
  tree.fork(fork({ pid: 51, parentPid: 50, path: '/usr/bin/make', place: '3' }));
  tree.exit(51);
  const state = savedState(tree);
  const other = createProcessTree();
  other.exec(exec({ pid: 7, place: '9' }));
  t.truthy(other.load(state));
  t.deepEqual(savedState(other), state);
  t.is(other.find(7), null);
  t.deepEqual(lineOf(other.find(51)), [51, 50, 1]);
  t.is(other.find(50)?.previous?.path, '/usr/bin/bash');
  for (const wrong of [
    null,
    3,
    {},
    { version: 1, lastPid: 0, era: 0, records: [[1]] },
    { ...(state as object), version: 99 },
  ]) {
    t.is(other.load(wrong), null);
  }
  t.deepEqual(lineOf(other.find(51)), [51, 50, 1]);
});

test('what the tree has forgotten is saved where something else tells of it, its ancestors too', (t) => {
  const tree = createProcessTree({ capacity: 16 });
  tree.exec(exec({ pid: 40, parentPid: 1, ...BASH, place: '1' }));
  const child = tree.exec(exec({ pid: 41, parentPid: 40, path: '/usr/bin/id', place: '2' }));
  for (let pid = 100; pid < 115; pid++) tree.exec(exec({ pid, parentPid: 1, place: String(pid) }));
  t.is(tree.find(40), null);
  const saving = tree.beginSave();
  const held = saving.numberOf(tree.find(114));
  const forgotten = saving.numberOf(child);
  t.is(saving.numberOf(child), forgotten);
  t.is(saving.numberOf(null), -1);
  const other = createProcessTree({ capacity: 16 });
  const loaded = other.load(JSON.parse(JSON.stringify(saving.finish())))!;
  t.is(loaded.at(held), other.find(114));
  t.deepEqual(lineOf(loaded.at(forgotten)), lineOf(child));
  t.is(loaded.at(-1), null);
  t.is(other.find(41)?.path, tree.find(41)?.path);
  t.is(other.health.held, tree.health.held);
});

test('a damaged state is refused or gives a tree, and never throws', (t) => {
  const tree = createProcessTree();
  tree.seed([seed()]);
  for (let pid = 50; pid < 54; pid++) tree.exec(exec({ pid, parentPid: pid - 1, ...BASH, place: `${pid}` }));
  const text = JSON.stringify(savedState(tree));
  const values = ['0', '-1', '7', '1e99', '1e999', '"x"', 'null', '[]', '{}', '', ','];
  let refused = 0;
  fc.assert(
    fc.property(
      fc.nat({ max: text.length - 1 }),
      fc.nat({ max: 12 }),
      fc.constantFrom(...values),
      (at, cut, put) => {
        let state: unknown;
        try {
          state = JSON.parse(text.slice(0, at) + put + text.slice(at + cut));
        } catch {
          return;
        }
        const other = createProcessTree();
        if (other.load(state) === null) refused += 1;
        for (const process of other.all()) t.true(lineOf(process).length <= 64);
        t.truthy(createProcessTree().load(savedState(other)));
      },
    ),
    { numRuns: 2000 },
  );
  t.true(refused > 0);
});

test('nonsense is counted and breaks nothing', (t) => {
  const tree = createProcessTree({ capacity: 50 });
  const number = fc.constantFrom(0, 1, 2, 3, 4, 5, -1, 1.5, Number.NaN, Number.MAX_SAFE_INTEGER, 2 ** 40);
  const text = fc.constantFrom('', '/usr/bin/bash', '/usr/bin/true', '\ud800', '\0');
  const step = fc.record({
    act: fc.constantFrom('exec', 'fork', 'exit', 'seed', 'observe'),
    pid: number,
    parentPid: number,
    path: text,
    commandLine: text,
    timeMs: number,
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      for (const { act, ...facts } of steps) {
        const seeded = seed({ ...facts, startMs: facts.timeMs });
        if (act === 'exec') tree.exec(exec(facts));
        else if (act === 'fork') tree.fork(fork(facts));
        else if (act === 'exit') tree.exit(facts.pid);
        else if (act === 'seed')
          tree.seed([seeded, seed({ pid: 3, parentPid: 4 }), seed({ pid: 4, parentPid: 3 })]);
        else tree.observe(seeded);
      }
      for (const pid of [1, 2, 3, 4, 5]) t.true(lineOf(tree.find(pid)).length <= 64);
      t.true(tree.health.held <= 50);
      t.truthy(createProcessTree().load(savedState(tree)));
    }),
  );
  t.true(tree.health.nonsense > 0);
});

test('a late exec row goes behind what later rows told of its pid, and its children find it', (t) => {
  const tree = createProcessTree();
  const shell = tree.exec(exec({ pid: 40, parentPid: 1, ...BASH, place: '1' }));
  const now = tree.exec(exec({ pid: 50, parentPid: 40, path: '/usr/bin/vi', place: '9' }));
  const late = { late: true, timeMs: 900_000 };
  const env = tree.exec(exec({ pid: 50, parentPid: 40, path: '/usr/bin/env', place: '3', ...late }));
  const child = tree.exec(exec({ pid: 51, parentPid: 50, place: '4', ...late }));
  t.is(tree.find(50), now);
  t.is(now.previous, env);
  t.is(env.parent, shell);
  t.is(child.parent, env);
  t.is(tree.find(51), child, 'nothing later is known of its pid');
  t.is(tree.exec(exec({ pid: 52, parentPid: 50, place: '10' })).parent, now);
});

test('a late row of a pid that another process has taken since changes nothing for that process', (t) => {
  const tree = createProcessTree();
  const other = tree.exec(exec({ pid: 50, parentPid: 77, path: '/usr/bin/vi', place: '9' }));
  const gone = tree.exec(exec({ pid: 50, parentPid: 40, place: '3', late: true }));
  t.is(tree.find(50), other);
  t.is(other.previous, null);
  t.is(gone.pid, 50);
  t.is(tree.exec(exec({ pid: 51, parentPid: 50, place: '4', late: true })).parent, null);
});

import test from 'ava';
import { createProcessTree, type Process } from '../../src/process/index.ts';
import { everyday, type RecordedRow, recordedProcesses, recording } from '../events/recording.ts';
import { exec, fork, seed } from './facts.ts';

interface Outcome {
  readonly row: Readonly<Record<string, string>>;
  readonly process: Process;
  readonly verdict: 'right' | 'wrong' | 'unknown' | 'untold';
}

/** Feeds the process rows to a tree, and holds each exec's parent against what fork rows say its program was. */
function follow(rows: readonly RecordedRow[], options: { forks: boolean; seeded: boolean }) {
  const events = rows.filter(({ table }) => table === 'process_events').map(({ columns }) => columns);
  const told = toldPrograms(events);
  const tree = createProcessTree();
  if (options.seeded) {
    tree.seed(recordedProcesses().map((row) => seed({ ...factsOf(row), name: row['name']!, startMs: 0 })));
  }
  const outcomes: Outcome[] = [];
  for (const row of events) {
    if (row['syscall'] !== 'execve') {
      if (options.forks) tree.fork(fork(factsOf(row)));
      continue;
    }
    const process = tree.exec(exec({ ...factsOf(row), workingDirectory: row['cwd']! }));
    const program = told(row);
    const parent = process.parent?.path;
    const verdict =
      parent === undefined
        ? 'unknown'
        : program === undefined
          ? 'untold'
          : parent === program
            ? 'right'
            : 'wrong';
    outcomes.push({ row, process, verdict });
  }
  return {
    tree,
    outcomes,
    health: tree.health,
    count: (verdict: string) => outcomes.filter((one) => one.verdict === verdict).length,
  };
}

function factsOf(row: Readonly<Record<string, string>>) {
  return {
    pid: Number(row['pid']),
    parentPid: Number(row['parent']),
    path: row['path']!,
    commandLine: row['cmdline'] ?? '',
    timeMs: Number(row['time'] ?? 0) * 1000,
    place: row['eid'] ?? '',
  };
}

/**
 * What rows themselves say of a parent's program: the `path` of the fork row nearest in the stream that the
 * parent made, which is the program that the parent ran then.
 */
function toldPrograms(events: readonly Readonly<Record<string, string>>[]) {
  const forks = Map.groupBy(
    events.filter((row) => row['syscall'] !== 'execve'),
    (row) => row['parent']!,
  );
  return (row: Readonly<Record<string, string>>): string | undefined => {
    let nearest: Readonly<Record<string, string>> | undefined;
    const distance = (one: Readonly<Record<string, string>>): number =>
      Math.abs(Number(one['eid']) - Number(row['eid']));
    for (const one of forks.get(row['parent']!) ?? []) {
      if (nearest === undefined || distance(one) < distance(nearest)) nearest = one;
    }
    return nearest?.['path'];
  };
}

function causes(outcomes: readonly Outcome[]): string {
  return outcomes
    .filter(({ verdict }) => verdict === 'wrong' || verdict === 'unknown')
    .slice(0, 20)
    .map(
      ({ row, verdict }) =>
        `${verdict}: eid ${row['eid']}, parent ${row['parent']}, ${row['cmdline']?.slice(0, 60)}`,
    )
    .join('\n');
}

test("everyday: with fork rows the parent's program is known and right for 99.5 % of exec rows", (t) => {
  const { outcomes, count } = follow(everyday(), { forks: true, seeded: true });
  const right = count('right') / outcomes.length;
  t.log(
    `${outcomes.length} exec rows: ${(right * 100).toFixed(2)} % right, ${count('wrong')} wrong, ${count('unknown')} unknown, ${count('untold')} that no row tells of`,
  );
  t.true(right >= 0.995, causes(outcomes));
});

test("everyday: without fork rows the parent's program is known and right for 99 % of exec rows", (t) => {
  const rows = everyday();
  const { outcomes, count } = follow(rows, { forks: false, seeded: true });
  const whole = follow(rows, { forks: true, seeded: true });
  const right = count('right') / outcomes.length;
  const lines = outcomes.filter(
    ({ process }, index) =>
      process.parent?.commandLine === whole.outcomes[index]!.process.parent?.commandLine,
  );
  const inferred = outcomes.filter(({ process }) => process.parent?.origin === 'inferred').length;
  t.log(
    `${outcomes.length} exec rows: ${(right * 100).toFixed(2)} % right, ${inferred} of them by inference; the command line too for ${((lines.length / outcomes.length) * 100).toFixed(2)} %`,
  );
  t.true(right >= 0.99, causes(outcomes));
});

for (const name of ['attack', 'seed'] as const) {
  test(`${name}: no fork row with a namespace's pid corrupts the tree`, (t) => {
    const { tree, outcomes, count, health } = follow(recording(name), { forks: true, seeded: false });
    const plain = recording(name).filter(({ columns }) => columns['syscall'] === 'execve').length;
    t.is(outcomes.length, plain);
    const rows = recording(name).map(({ columns }) => columns);
    // Pids of the host: of execs, and of whoever is named as a parent.
    const execs = rows.filter(({ syscall }) => syscall === 'execve');
    const global = new Set([...execs.map(({ pid }) => pid), ...rows.map(({ parent }) => parent)]);
    const invented = rows.filter(({ pid, syscall }) => {
      const isFork = syscall !== undefined && syscall !== 'execve';
      return isFork && !global.has(pid) && tree.find(Number(pid)) !== null;
    });
    t.deepEqual(invented, [], 'processes under pids that the host never had');
    t.is(count('wrong'), 0, causes(outcomes));
    t.true(outcomes.every(({ process }) => process.parent === null || process.parent.pid > 300));
    t.true(
      count('right') / (count('right') + count('wrong') + count('unknown') - framesOf(outcomes)) > 0.99,
      causes(outcomes),
    );
    t.log(
      `${outcomes.length} exec rows: ${count('right')} parents right, ${count('wrong')} wrong, ${count('unknown')} unknown (${framesOf(outcomes)} frames, whose parent was not recorded), ${count('untold')} that no fork row tells of; ${health.foreignForks} fork rows disbelieved, ${health.inferred} processes inferred`,
    );
  });
}

/** Frames were started by a process whose rows were left out of the recording. */
function framesOf(outcomes: readonly Outcome[]): number {
  return outcomes.filter(
    ({ row, verdict }) => verdict === 'unknown' && row['cmdline'] === '/bin/bash --norc /frame.sh',
  ).length;
}

import test from 'ava';
import {
  createArgsRefiner,
  createProcessTree,
  type ExecFacts,
  type ProcReader,
} from '../../src/process/index.ts';
import { exec } from './facts.ts';

const STAT = '1000 (a) name) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 777 20';

/** A /proc with one process; its stat texts are given one after the other. */
function proc(words: readonly string[], stats: readonly string[] = [STAT, STAT]): ProcReader {
  let reads = 0;
  return {
    cmdline: async () => new TextEncoder().encode(words.map((word) => `${word}\0`).join('')),
    stat: async () => stats[reads++] ?? null,
  };
}

async function refine(facts: Partial<ExecFacts>, reader: ProcReader) {
  const tree = createProcessTree();
  const process = tree.exec(exec(facts));
  const refiner = createArgsRefiner({ proc: reader, find: tree.find.bind(tree) });
  refiner.want(process);
  return { process, exact: await refiner.run(), tree, refiner };
}

test('arguments with spaces become exact', async (t) => {
  const { process, exact } = await refine(
    { commandLine: 'sh -c echo hi  there' },
    proc(['sh', '-c', 'echo hi', '', 'there']),
  );
  t.is(exact, 1);
  t.deepEqual(process.args.words, ['sh', '-c', 'echo hi', 'there']);
  t.is(process.args.fidelity, 'exact');
});

test('more than ten arguments agree in the order that osquery wrote them', async (t) => {
  const words = ['p', 'a b', '2', '3', '4', '5', '6', '7', '8', '9', '10', '11'];
  const { exact } = await refine({ commandLine: 'p a b 10 11 2 3 4 5 6 7 8 9' }, proc(words));
  t.is(exact, 1);
});

test('a cut line becomes whole', async (t) => {
  const whole = ['echo', `${'x'.repeat(8_000)}`, '--flag'];
  const { process } = await refine({ commandLine: `echo ${'x'.repeat(7_380)} 8000` }, proc(whole));
  t.is(process.args.fidelity, 'exact');
  t.is(process.args.words.at(-1), '--flag');
});

const refused: readonly { name: string; reader: ProcReader }[] = [
  { name: 'other words', reader: proc(['sh', '-c', 'rm']) },
  { name: 'a pid that was used again meanwhile', reader: proc(['true'], [STAT, STAT.replace('777', '778')]) },
  { name: 'a process that is gone', reader: proc(['true'], [STAT]) },
  { name: 'a failing read', reader: { ...proc(['true']), cmdline: () => Promise.reject(new Error('no')) } },
  { name: 'no words', reader: proc([]) },
];
for (const { name, reader } of refused) {
  test(`${name} is refused`, async (t) => {
    const { process, exact } = await refine({}, reader);
    t.is(exact, 0);
    t.is(process.args.fidelity, 'split');
  });
}

test('a later exec in the same pid is not mistaken for it', async (t) => {
  const tree = createProcessTree();
  const process = tree.exec(exec());
  const refiner = createArgsRefiner({ proc: proc(['true']), find: tree.find.bind(tree) });
  refiner.want(process);
  tree.exec(exec({ place: '2' }));
  t.is(await refiner.run(), 0);
});

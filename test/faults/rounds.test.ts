import test from 'ava';
import { runRounds } from './rounds.ts';

const ROUNDS = 5;
/** Ten processes are started one after the other, maybe on a busy machine. */
const PATIENCE_MS = 600_000;
/** Its rounds kill each of the three, on the way to the extension, in it, and on the way back. */
const SEED = 4;

test('no alert is lost, and none has two ids, whoever is killed at whatever moment', async (t) => {
  t.timeout(PATIENCE_MS);
  const { kills, events, duplicates, lost, doubled } = await runRounds({
    rounds: ROUNDS,
    seed: SEED,
    onRound: ({ number, victim, point }) => t.log(`round ${number}: ${victim} killed (${point})`),
  });
  t.deepEqual(lost, []);
  t.deepEqual(doubled, []);
  t.is(kills.extension + kills.manager + kills.both, ROUNDS);
  t.log(`${events} events, ${duplicates} alerts logged again under the same id`);
});

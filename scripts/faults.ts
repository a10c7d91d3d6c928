/**
 * `npm run faults -- --rounds 200 --seed 1`: kills the extension, osqueryd's worker, or both, once in each round
 * and at a random point, over a stream of numbered events of which every one must raise its own alert. Prints
 * what was killed, what came twice and what was lost; ends with 1 when an alert was lost, or came under two ids.
 */
import { parseArgs } from 'node:util';
import { runRounds } from '../test/faults/rounds.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    verbose: { type: 'boolean', default: false },
  },
});

const startedMs = performance.now();
const tally = await runRounds({
  rounds: Number(values.rounds),
  seed: Number(values.seed),
  onRound({ number, victim, point, events, logged, lost }) {
    if (!process.stdout.isTTY && !values.verbose && number % 10 !== 0 && lost === 0) return;
    const at = `${victim} killed (${point})`.padEnd(28);
    console.log(
      `round ${String(number).padStart(4)}  ${at} ${events} events, ${logged} alerts logged, ${lost} lost`,
    );
  },
  ...(values.verbose && { onLine: (line: string) => console.log(`  ${line}`) }),
});
const { kills, duplicates, lost, doubled } = tally;
console.log(
  `${tally.rounds} rounds in ${((performance.now() - startedMs) / 1000).toFixed(0)} s: ` +
    `killed the extension ${kills.extension} times, osqueryd ${kills.manager} times, both ${kills.both} times; ` +
    `${tally.events} events, ${duplicates} alerts logged again under the same id, ` +
    `${doubled.length} under another, ${lost.length} lost`,
);
for (const cmdline of lost.slice(0, 20)) console.log(`lost: ${cmdline}`);
process.exitCode = lost.length + doubled.length === 0 ? 0 : 1;

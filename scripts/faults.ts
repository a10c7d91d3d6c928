/**
 * `npm run faults`: what happens to alerts when things go wrong.
 *
 *     npm run faults -- --rounds 200 --seed 1     kills the extension, osqueryd's worker, or both, once in each
 *                                                 round and at a random point, over a stream of numbered events
 *                                                 of which every one must raise its own alert
 *     npm run faults -- --backlog                 a million events while the extension was gone for an hour
 *
 * Prints what was killed, what came twice and what was lost; ends with 1 when an alert was lost, or came under
 * two ids. --verbose prints the logs of both sides.
 */
import { type BacklogResult, type Memory, type Progress, runBacklog } from '../test/faults/backlog.ts';
import { type Round, runRounds, type Tally } from '../test/faults/rounds.ts';
import { readOptions } from './options.ts';

const values = readOptions(import.meta.filename, {
  rounds: { type: 'string', default: '200' },
  seed: { type: 'string', default: '1' },
  backlog: { type: 'boolean', default: false },
  events: { type: 'string', default: '1000000' },
  verbose: { type: 'boolean', default: false },
});
/** As the pack's interval, so that the next scans are as large as on a host. */
const SCAN_EACH_MS = 10_000;

if (values.backlog) await backlog();
else await rounds();

async function rounds(): Promise<void> {
  const startedMs = performance.now();
  const tally = await runRounds({
    rounds: Number(values.rounds),
    seed: Number(values.seed),
    onRound: (round) => {
      if (process.stdout.isTTY || values.verbose || round.number % 10 === 0 || round.lost > 0) tell(round);
    },
    ...(values.verbose && { onLine: (line: string) => console.log(`  ${line}`) }),
  });
  tellTally(tally, (performance.now() - startedMs) / 1000);
  process.exitCode = tally.lost.length + tally.doubled.length === 0 ? 0 : 1;
}

function tell({ number, victim, point, events, logged, lost }: Round): void {
  const at = `${victim} killed (${point})`.padEnd(28);
  console.log(
    `round ${String(number).padStart(4)}  ${at} ${events} events, ${logged} alerts logged, ${lost} lost`,
  );
}

function tellTally({ rounds, kills, events, duplicates, lost, doubled }: Tally, seconds: number): void {
  console.log(
    `${rounds} rounds in ${seconds.toFixed(0)} s: killed the extension ${kills.extension} times, ` +
      `osqueryd ${kills.manager} times, both ${kills.both} times; ${events} events, ` +
      `${duplicates} alerts logged again under the same id, ${doubled.length} under another, ${lost.length} lost`,
  );
  for (const cmdline of lost.slice(0, 20)) console.log(`lost: ${cmdline}`);
}

async function backlog(): Promise<void> {
  const events = Number(values.events);
  console.log(`storing ${events} events of an hour, one in 1,000 of them with an alert to come`);
  const result = await runBacklog({
    events,
    each: 1000,
    seconds: 3600,
    scanEachMs: SCAN_EACH_MS,
    onProgress: (progress) => console.log(printProgress(progress)),
  });
  console.log(printBacklog(result, events));
  process.exitCode = result.missing + result.doubled.length === 0 && !result.restarted ? 0 : 1;
}

function printProgress({ seconds, missing, extension, osqueryd }: Progress): string {
  return `${seconds.toFixed(0).padStart(5)} s  ${missing} alerts to come; extension ${print(extension)}, osqueryd's stand-in ${print(osqueryd)}`;
}

function printBacklog(
  { seconds, missing, numbered, doubled, restarted }: BacklogResult,
  events: number,
): string {
  const pace = Math.round(events / seconds);
  return (
    `${numbered - missing} of ${numbered} alerts after ${seconds.toFixed(0)} s (${pace} rows a second), ` +
    `${doubled.length} under two ids${restarted ? '; the extension was RESTARTED' : ''}`
  );
}

function print({ now, most }: Memory): string {
  return `${now.toFixed(0)} MB (at most ${most.toFixed(0)})`;
}

import { type FSWatcher, watch } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FedRow } from '../../src/sandbox/index.ts';
import { missingOf, numbered, repeatedIn } from './numbered.ts';
import { Random } from './random.ts';
import { Rig, type Victim } from './rig.ts';

/** Where a death comes. */
export type Point = 'before' | 'request' | 'reading' | 'commit' | 'answer' | 'log' | 'after' | 'later';

export interface RoundsOptions {
  readonly rounds: number;
  readonly seed: number;
  readonly onRound?: (round: Round) => void;
  readonly onLine?: (line: string) => void;
}

export interface Round {
  readonly number: number;
  readonly victim: Victim;
  readonly point: Point;
  readonly events: number;
  readonly logged: number;
  readonly lost: number;
}

export interface Tally {
  readonly rounds: number;
  readonly kills: Readonly<Record<Victim, number>>;
  readonly events: number;
  /** Alerts that were logged more than once, each time with the same id. */
  readonly duplicates: number;
  /** Events whose alert was never logged. */
  readonly lost: readonly string[];
  /** Events that were logged under more than one id. */
  readonly doubled: readonly string[];
}

const POINTS: readonly Point[] = [
  'before',
  'request',
  'reading',
  'commit',
  'answer',
  'log',
  'after',
  'later',
];
const VICTIMS: readonly Victim[] = ['extension', 'manager', 'both'];
const MOST_EVENTS = 60;
/** Pairs that each round opens and the next closes; each round has so many events at least. */
const PAIRS = 3;
/** How long the alerts of a round may take to come after the death. */
const PATIENCE_MS = 90_000;

/** Kills the extension, osqueryd's worker, or both, in each round at another point, and counts what became of alerts. */
export async function runRounds({ rounds, seed, onRound, onLine }: RoundsOptions): Promise<Tally> {
  const random = new Random(seed);
  const rig = await Rig.start({ ...(onLine !== undefined && { onLine }) });
  const kills = { extension: 0, manager: 0, both: 0 };
  /** Lost in an earlier round: not waited for again. */
  const given = new Set<string>();
  let fed = 0;
  try {
    for (let number = 1; number <= rounds; number += 1) {
      const [victim, point] = [random.pick(VICTIMS), random.pick(POINTS)];
      const count = random.between(PAIRS, MOST_EVENTS);
      await rig.feed(nextRows(fed, count));
      fed += count;
      await killAt(rig, { victim, point, random, count });
      kills[victim] += 1;
      await rig.revive();
      const lost = await settle(rig, given);
      for (const cmdline of lost) given.add(cmdline);
      onRound?.({ number, victim, point, events: fed, logged: rig.alerts().length, lost: lost.length });
    }
    return { rounds, kills, ...(await tally(rig)) };
  } finally {
    await rig.stop();
  }
}

/** The round's numbered events, and around them the end of the last round's pairs and the beginning of new ones. */
function nextRows(after: number, count: number): FedRow[] {
  return [
    ...(after === 0 ? [] : numbered({ after: after - PAIRS, count: PAIRS }, 'pair-close')),
    ...numbered({ after, count }),
    ...numbered({ after: after + count - PAIRS, count: PAIRS }, 'pair-open'),
  ];
}

interface Death {
  readonly victim: Victim;
  readonly point: Point;
  readonly random: Random;
  readonly count: number;
}

/** Lets the pack run, and the victim die on the way. */
async function killAt(rig: Rig, { victim, point, random, count }: Death): Promise<void> {
  const dead = Promise.withResolvers<void>();
  const kill = (): void => {
    rig.kill(victim);
    dead.resolve();
  };
  const run = (): Promise<unknown> => rig.run().catch(() => {});
  switch (point) {
    case 'before':
      kill();
      break;
    case 'request':
      rig.set({ on: 'request', afterBytes: 1 + random.upTo(150 * count), spring: kill });
      await Promise.race([run(), dead.promise]);
      break;
    case 'reading': {
      const ran = run();
      await sleep(random.upTo(60));
      kill();
      await ran;
      break;
    }
    case 'commit': {
      const watcher = onWrite(rig, kill);
      await Promise.race([run(), dead.promise]);
      watcher.close();
      break;
    }
    case 'answer':
      rig.set({ on: 'answer', afterBytes: 1 + random.upTo(1500 * count), spring: kill });
      await Promise.race([run(), dead.promise]);
      break;
    case 'log':
      // The extension, if it is to die, dies when osqueryd has its answer and has logged some of it.
      await rig.endWorkerAtLine(random.between(0, count - 1));
      await run();
      break;
    case 'after':
      await run();
      break;
    case 'later':
      await run();
      await sleep(random.upTo(1500));
      break;
  }
  rig.disarm();
  kill();
}

/** Calls when the store's folder changes: a commit is on its way, or was this moment. */
function onWrite(rig: Rig, act: () => void): FSWatcher {
  return watch(dirname(rig.storePath), () => act());
}

/** Runs the pack until every event's alert is logged, but for those given up; gives those that did not come. */
async function settle(rig: Rig, given: ReadonlySet<string>): Promise<readonly string[]> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    await rig.run();
    const missing = (await missingOf(rig)).filter((cmdline) => !given.has(cmdline));
    if (missing.length === 0 || performance.now() > deadline) return missing;
    await sleep(200);
    await rig.revive();
  }
}

async function tally(rig: Rig): Promise<Pick<Tally, 'events' | 'duplicates' | 'lost' | 'doubled'>> {
  return { events: (await rig.events()).size, lost: await missingOf(rig), ...repeatedIn(rig) };
}

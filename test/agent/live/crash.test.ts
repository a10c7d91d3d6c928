import assert from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { Host, type Step } from './host.ts';

type Kind = Exclude<Step['kind'], 'events' | 'scan'>;

/** Programs that run in so many processes: the fewer, the more pairs. */
function eventsOf(pids: number): fc.Arbitrary<Step> {
  const exec = fc.record({
    pid: fc.integer({ min: 2, max: 1 + pids }),
    parent: fc.integer({ min: 2, max: 9 }),
    path: fc.constantFrom('/bin/bad', '/bin/ls', '/bin/sh'),
  });
  return fc.record({ kind: fc.constant('events'), execs: fc.array(exec, { minLength: 1, maxLength: 6 }) });
}

const scan: fc.Arbitrary<Step> = fc.record({
  kind: fc.constant('scan'),
  end: fc.constantFrom('answered', 'answered', 'unread', 'unheard'),
  batch: fc.constantFrom(20_000, 3),
});
const ofKind = (...kinds: readonly Kind[]): fc.Arbitrary<Step> =>
  fc.record({ kind: fc.constantFrom(...kinds) }) as fc.Arbitrary<Step>;
const disturbance = ofKind('kill', 'end', 'snapshot', 'registered', 'byHand', 'failed');

const steps = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: eventsOf(8) },
    { weight: 5, arbitrary: scan },
    { weight: 3, arbitrary: disturbance },
  ),
  { minLength: 3, maxLength: 30 },
);

/** Rows that are missed, and looked for in vain while the schedule goes on. */
const deafness = fc
  .tuple(
    eventsOf(2),
    ofKind('failed'),
    ofKind('refuses', 'hangs'),
    eventsOf(2),
    fc.array(fc.oneof({ weight: 4, arbitrary: scan }, disturbance), { minLength: 3, maxLength: 9 }),
  )
  .map(([missed, failed, deaf, events, others]) => [missed, failed, deaf, events, ...others]);
const deafSteps = fc
  .tuple(eventsOf(2), scan, fc.array(deafness, { minLength: 1, maxLength: 4 }))
  .map(([events, first, rest]) => [events, first, ...rest.flat()]);

/** What is logged of some steps; when nothing went wrong, unless `isAll`. */
async function run(
  taken: readonly Step[],
  { isDeaf, isAll }: { isDeaf: boolean; isAll: boolean },
): Promise<Host> {
  const host = new Host({ isDeaf });
  await host.start();
  for (const step of taken) {
    if (isAll || step.kind === 'events') await host.take(step);
    else host.clock.ms += 10_000;
  }
  await host.settle();
  host.close();
  return host;
}

async function holds(steps: fc.Arbitrary<readonly Step[]>, isDeaf: boolean): Promise<void> {
  const property = fc.asyncProperty(steps, async (taken) => {
    const { logged, disturbed, process } = await run(taken, { isDeaf, isAll: true });
    const wanted = (await run(taken, { isDeaf, isAll: false })).logged;
    // Not AVA's: fast-check looks for the shortest sequence of steps that fails.
    assert.deepEqual([...new Set(logged)].sort(), wanted.toSorted());
    if (!disturbed) assert.equal(new Set(logged).size, logged.length);
    const { failures } = process.detection.live.health;
    assert.equal(failures.count, 0, failures.last as Error);
  });
  await fc.assert(property, { numRuns: 60, includeErrorInReport: true });
}

test('whoever is killed, whenever: every alert is logged, and twice only with the same id after a disturbance', async (t) => {
  await holds(steps, false);
  t.pass();
});

test('and so when osquery answers no question for a while: rules that need an order find the same', async (t) => {
  await holds(deafSteps, true);
  t.pass();
});

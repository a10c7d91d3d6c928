import assert from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { Host, type Step } from './host.ts';

const execs = fc.array(
  fc.record({
    pid: fc.integer({ min: 2, max: 9 }),
    parent: fc.integer({ min: 2, max: 9 }),
    path: fc.constantFrom('/bin/bad', '/bin/ls', '/bin/sh'),
  }),
  { minLength: 1, maxLength: 6 },
);
const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('events' as const), execs }) },
    {
      weight: 5,
      arbitrary: fc.record({
        kind: fc.constant('scan' as const),
        end: fc.constantFrom('answered' as const, 'answered' as const, 'unread' as const, 'unheard' as const),
        batch: fc.constantFrom(20_000, 3),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constantFrom('kill', 'end', 'snapshot', 'registered', 'byHand', 'failed'),
      }) as fc.Arbitrary<Step>,
    },
  ),
  { minLength: 3, maxLength: 30 },
);

/** What is found when nothing goes wrong. */
async function wanted(rows: readonly Step[]): Promise<readonly string[]> {
  const host = new Host();
  await host.start();
  for (const step of rows) {
    if (step.kind === 'events') await host.take(step);
    else host.clock.ms += 10_000;
  }
  await host.settle();
  host.close();
  return host.logged.toSorted();
}

test('whoever is killed, whenever: every alert is logged, and twice only with the same id after a disturbance', async (t) => {
  await fc.assert(
    fc.asyncProperty(steps, async (taken) => {
      const host = new Host();
      await host.start();
      for (const step of taken) await host.take(step);
      await host.settle();
      const { logged, disturbed } = host;
      const { failures } = host.process.detection.live.health;
      host.close();
      // Not AVA's: fast-check looks for the shortest sequence of steps that fails.
      assert.deepEqual([...new Set(logged)].sort(), await wanted(taken));
      if (!disturbed) assert.equal(new Set(logged).size, logged.length);
      assert.equal(failures.count, 0, failures.last as Error);
    }),
    { numRuns: 60 },
  );
  t.pass();
});

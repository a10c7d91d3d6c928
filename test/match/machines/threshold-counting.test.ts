import test from 'ava';
import fc from 'fast-check';
import { createThresholdMachine } from '../../../src/match/machines/threshold.ts';
import type { ThresholdQuery } from '../../../src/rule/index.ts';
import type { FlatEvent, Row } from '../flat-event.ts';
import { countSteps } from '../steps.ts';
import { combinations, inTime, run, type Schedule, schedules, valuesOf } from './stream.ts';
import { fields, OPTIONS, query } from './threshold-query.ts';

/** Keeps every event of a group since its last alert and counts them all again for each new one. */
function naive(asked: ThresholdQuery, events: readonly FlatEvent[]): readonly string[] {
  const groups = new Map<string, { counted: FlatEvent[]; quietUntilMs: number }>();
  const found: string[] = [];
  for (const event of events) {
    for (const values of combinations(event.row, asked.by)) {
      const name = values.map((value) => `${typeof value} ${value}`).join();
      const group = groups.get(name) ?? { counted: [], quietUntilMs: Number.NEGATIVE_INFINITY };
      groups.set(name, group);
      if (event.timeMs <= group.quietUntilMs) continue;
      group.counted.push(event);
      const within = group.counted.filter(({ timeMs }) => timeMs >= event.timeMs - asked.windowMs);
      const { cardinality } = asked;
      const different = new Set(
        within.flatMap(({ row }) => (cardinality ? valuesOf(row, cardinality.field) : [])),
      );
      if (within.length < asked.atLeast || different.size < (cardinality?.atLeast ?? 0)) continue;
      const newest = within.slice(-asked.atLeast);
      const lastWith = [...different]
        .map((value) => within.findLast(({ row }) => valuesOf(row, cardinality!.field).includes(value))!)
        .map((one) => ({ one, at: within.indexOf(one) }))
        .sort((x, y) => y.at - x.at);
      const wanted = cardinality?.atLeast ?? 0;
      const atLeastFrom = lastWith[wanted - 1]?.at ?? Number.POSITIVE_INFINITY;
      const firstMs = within[Math.min(within.length - newest.length, atLeastFrom)]!.timeMs;
      group.quietUntilMs = firstMs + asked.windowMs;
      group.counted = [];
      found.push(`${name} @${event.serial}`);
    }
  }
  return found.sort();
}

const row: fc.Arbitrary<Row> = fc.record(
  {
    host: fc.oneof(fc.constantFrom('a', 'b'), fc.constant(['a', 'b'])),
    user: fc.constantFrom('u', 'v', 'w'),
    args: fc.subarray(['x', 'y', 'z'], { minLength: 1 }),
    pid: fc.constantFrom(1, 2),
  },
  { requiredKeys: [] },
);
const asked: fc.Arbitrary<ThresholdQuery> = fc
  .record({
    by: fc.subarray(['host', 'pid', 'args'], { maxLength: 2 }),
    atLeast: fc.integer({ min: 1, max: 4 }),
    cardinality: fc.option(
      fc.record({ field: fc.constantFrom('user', 'args'), atLeast: fc.integer({ min: 1, max: 3 }) }),
    ),
    windowMs: fc.integer({ min: 0, max: 25 }),
  })
  .map(query);

const completions = (asked: ThresholdQuery, schedule: Schedule): readonly string[] =>
  run(() => createThresholdMachine(asked, OPTIONS), fields, schedule)
    .map(
      ({ keys, events }) =>
        `${keys.map((value) => `${typeof value} ${value}`).join()} @${events.at(-1)?.serial}`,
    )
    .sort();

test('late, told of the time and restarted at any moment, it finds what counting everything again finds', (t) => {
  let hits = 0;
  fc.assert(
    fc.property(asked, schedules(fields, row), (query, schedule) => {
      const want = naive(query, inTime(schedule));
      hits += want.length;
      t.deepEqual(completions(query, schedule), want);
    }),
    { numRuns: 1000 },
  );
  t.true(hits > 1000);
});

/** After which event all that came until then, counted again by time, are enough. */
function firstEnough(
  { atLeast, windowMs, cardinality }: ThresholdQuery,
  events: readonly FlatEvent[],
): number {
  return events.findIndex((_, i) => {
    const come = events.slice(0, i + 1);
    const newestMs = Math.max(...come.map(({ timeMs }) => timeMs));
    const within = come.filter(({ timeMs }) => timeMs >= newestMs - windowMs);
    const different = new Set(
      within.flatMap(({ row }) => (cardinality ? valuesOf(row, cardinality.field) : [])),
    );
    return within.length >= atLeast && different.size >= (cardinality?.atLeast ?? 0);
  });
}

test('events in no order at all count at their own times', (t) => {
  let hits = 0;
  const events = fc
    .array(fc.record({ row, timeMs: fc.nat(60) }), { maxLength: 20, size: 'max' })
    .map((some) => some.map(({ row, timeMs }, serial) => fields.event(row, { timeMs, serial })));
  fc.assert(
    fc.property(asked, events, (query, arriving) => {
      const machine = createThresholdMachine({ ...query, by: [] }, OPTIONS);
      let found = false;
      const alertAt = arriving.findIndex((event) => {
        machine.push(event, 1, () => {
          found = true;
        });
        return found;
      });
      hits += alertAt < 0 ? 0 : 1;
      return alertAt === firstEnough(query, arriving);
    }),
    { numRuns: 2000 },
  );
  t.true(hits > 500);
});

test('an event takes as many steps with a threshold of thousands as with one of a few', (t) => {
  const stepsFor = (most: number): number => {
    const asked = query({
      ...{ atLeast: 2 * most, windowMs: 1_000_000 },
      cardinality: { field: 'user', atLeast: most },
    });
    const machine = createThresholdMachine(asked, OPTIONS);
    let serial = 0;
    const push = (different: number): void => {
      const event = fields.event({ host: 'a', user: `u${serial % different}` }, { timeMs: serial, serial });
      serial += 1;
      machine.push(event, 1, () => t.fail());
    };
    // Both are full: one value is missing. Those that come and go are as many as are held.
    for (let i = 0; i < 2 * most; i += 1) push(most - 1);
    return countSteps('/src/match/', () => {
      for (let i = 0; i < 5000; i += 1) push(most - 1);
    });
  };
  const [few, many] = [stepsFor(8), stepsFor(4096)];
  t.log(`${few / 5000} and ${many / 5000} steps an event`);
  t.true(few > 5000 && many < 1.2 * few);
});

test('what an alert shows fulfils the rule, in order, within the window, and in no other alert of its group', (t) => {
  fc.assert(
    fc.property(asked, schedules(fields, row), (query, schedule) => {
      const seen = new Set<string>();
      for (const { keys, events } of run(() => createThresholdMachine(query, OPTIONS), fields, schedule)) {
        const times = events.map(({ timeMs }) => timeMs);
        t.true(events.length >= query.atLeast);
        t.deepEqual(
          times,
          times.toSorted((x, y) => x - y),
        );
        t.true(times.at(-1)! - times[0]! <= query.windowMs);
        const { cardinality } = query;
        const rows = events.map((event) => (event as FlatEvent).row);
        const different = new Set(
          rows.flatMap((one) => (cardinality ? valuesOf(one, cardinality.field) : [])),
        );
        t.true(different.size >= (cardinality?.atLeast ?? 0));
        for (const { serial } of events) {
          const name = `${keys.join()} ${serial}`;
          t.false(seen.has(name));
          seen.add(name);
        }
      }
    }),
    { numRuns: 300 },
  );
});

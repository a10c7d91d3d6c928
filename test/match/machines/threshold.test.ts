import test from 'ava';
import fc from 'fast-check';
import { createThresholdMachine } from '../../../src/match/machines/threshold.ts';
import { field, type ThresholdQuery, TRUE } from '../../../src/rule/index.ts';
import { type FlatEvent, flatFields, type Row } from '../flat-event.ts';
import { type Driven, drive } from './drive.ts';
import { codecOf, combinations, inTime, run, type Schedule, schedules, valuesOf } from './stream.ts';

const fields = flatFields({
  host: 'keyword',
  user: 'keyword',
  args: 'keyword',
  pid: 'number',
  on: 'boolean',
});
const OPTIONS = { fields, categoryField: 'event.category', mostHeld: 10_000 };

function query(change: Partial<ThresholdQuery> = {}): ThresholdQuery {
  const event = { kind: 'event', category: null, condition: TRUE } as const;
  return { kind: 'threshold', event, by: ['host'], atLeast: 3, cardinality: null, windowMs: 10, ...change };
}

/** Rows of one stream: `[time, row]`. */
function alerts(asked: ThresholdQuery, rows: readonly (readonly [number, Row])[]): readonly string[] {
  const arrivals = rows.map(([timeMs, row], serial) => fields.event(row, { timeMs, serial }));
  return run(() => createThresholdMachine(asked, OPTIONS), fields, { arrivals, told: [], restarts: [] }).map(
    ({ keys, events }) => `${keys.join()}: ${events.map(({ timeMs }) => timeMs).join(' ')}`,
  );
}

const a = { host: 'a' };
const b = { host: 'b' };

const CASES: readonly {
  name: string;
  query?: Partial<ThresholdQuery>;
  rows: readonly (readonly [number, Row])[];
  want: readonly string[];
}[] = [
  {
    name: 'enough events within the window make an alert',
    rows: [
      [0, a],
      [5, a],
      [10, a],
    ],
    want: ['a: 0 5 10'],
  },
  {
    name: 'one fewer makes none',
    rows: [
      [0, a],
      [5, a],
    ],
    want: [],
  },
  {
    name: 'one just outside of the window does not count',
    rows: [
      [0, a],
      [5, a],
      [11, a],
    ],
    want: [],
  },
  {
    name: 'the window slides',
    rows: [
      [0, a],
      [9, a],
      [11, a],
      [12, a],
    ],
    want: ['a: 9 11 12'],
  },
  {
    name: 'groups count for themselves',
    rows: [
      [0, a],
      [1, b],
      [2, a],
      [3, b],
      [4, a],
    ],
    want: ['a: 0 2 4'],
  },
  {
    name: 'a group is quiet until the window of its alert is over',
    rows: [0, 1, 2, 3, 4, 5, 6, 10].map((time) => [time, a]),
    want: ['a: 0 1 2'],
  },
  {
    name: 'afterwards it counts from nothing',
    rows: [0, 1, 2, 9, 10, 11, 12, 13].map((time) => [time, a]),
    want: ['a: 0 1 2', 'a: 11 12 13'],
  },
  {
    name: 'a threshold of one makes one alert a window',
    query: { atLeast: 1 },
    rows: [
      [0, a],
      [5, a],
      [11, a],
    ],
    want: ['a: 0', 'a: 11'],
  },
  {
    name: 'no fields count all events together',
    query: { by: [] },
    rows: [
      [0, a],
      [1, b],
      [2, {}],
    ],
    want: [': 0 1 2'],
  },
  {
    name: 'an event that lacks a field counts nowhere',
    query: { by: ['host', 'user'] },
    rows: [
      [0, a],
      [1, a],
      [2, a],
      [3, { host: 'a', user: 'u' }],
    ],
    want: [],
  },
  {
    name: 'a field that no event carries counts nothing',
    query: { by: ['host', 'no.such'] },
    rows: [
      [0, a],
      [1, a],
      [2, a],
    ],
    want: [],
  },
  {
    name: 'an event with several values counts for each',
    rows: [
      [0, { host: ['a', 'b'] }],
      [1, a],
      [2, b],
      [3, { host: ['b', 'a', 'c'] }],
    ],
    want: ['a: 0 1 3', 'b: 0 2 3'],
  },
  {
    name: 'values of different types are different groups',
    query: { by: ['pid'], atLeast: 2 },
    rows: [
      [0, { pid: 1 }],
      [1, { pid: 1n }],
      [2, { pid: 2 ** 60 }],
      [3, { pid: 2 ** 60 }],
    ],
    want: [`${2 ** 60}: 2 3`],
  },
  {
    name: 'different values are asked for beside the count',
    query: { cardinality: { field: 'user', atLeast: 2 } },
    rows: [
      [0, { host: 'a', user: 'u' }],
      [1, { host: 'a', user: 'u' }],
      [2, { host: 'a', user: 'u' }],
      [3, { host: 'a', user: 'v' }],
    ],
    want: ['a: 1 2 3'],
  },
  {
    name: 'an event with the last value of its kind is part of the alert though the newest reach the count',
    query: { atLeast: 1, cardinality: { field: 'user', atLeast: 3 } },
    rows: ['u', 'v', 'v', 'w'].map((user, time) => [time, { host: 'a', user }]),
    want: ['a: 0 2 3'],
  },
  {
    name: 'a different value that fell out of the window does not count',
    query: { atLeast: 1, cardinality: { field: 'user', atLeast: 2 } },
    rows: [
      [0, { host: 'a', user: 'u' }],
      [11, { host: 'a', user: 'v' }],
    ],
    want: [],
  },
  {
    name: 'one event with several values has them all',
    query: { atLeast: 1, cardinality: { field: 'args', atLeast: 3 } },
    rows: [
      [0, { host: 'a', args: ['x', 'y'] }],
      [1, { host: 'a', args: ['y', 'z'] }],
    ],
    want: ['a: 0 1'],
  },
  {
    name: 'events that do not match the query do not count',
    query: {
      event: {
        kind: 'event',
        category: null,
        condition: { kind: 'oneOf', operand: field('user'), values: ['u'], ignoreCase: false },
      },
    },
    rows: [
      [0, { host: 'a', user: 'u' }],
      [1, a],
      [2, { host: 'a', user: 'u' }],
      [3, { host: 'a', user: 'u' }],
    ],
    want: ['a: 0 2 3'],
  },
];

for (const { name, query: change, rows, want } of CASES) {
  test(name, (t) => {
    t.deepEqual(alerts(query(change), rows), want);
  });
}

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

function driven(asked: ThresholdQuery, mostHeld = 10_000): Driven {
  return drive(createThresholdMachine(asked, { ...OPTIONS, mostHeld }), { fields });
}

test('over the bound the group touched longest ago is given up and counted', (t) => {
  const machine = driven(query({ windowMs: 1000 }), 4);
  const found: string[] = [];
  const push = (host: string, timeMs: number): void =>
    machine.push(fields.event({ host }, { timeMs, serial: timeMs }), ({ keys }) => found.push(keys.join()));
  for (const [timeMs, host] of ['a', 'b', 'a', 'b', 'c', 'a', 'b', 'b', 'x'].entries()) push(host, timeMs);
  machine.advance(100, () => {});
  t.true(machine.held <= 4);
  t.deepEqual(found, ['b']);
  t.is(machine.evicted, 1);
});

test('one alert always has room, however small the bound', (t) => {
  const machine = driven(query({ atLeast: 50, windowMs: 1000 }), 1);
  let found = 0;
  for (let timeMs = 0; timeMs < 50; timeMs += 1) {
    machine.push(fields.event(a, { timeMs, serial: timeMs }), () => {
      found += 1;
    });
  }
  machine.advance(1000, () => {
    found += 1;
  });
  t.is(found, 1);
});

test('groups that are over leave without being counted as given up', (t) => {
  const machine = driven(query());
  for (let i = 0; i < 1000; i += 1) {
    machine.push(fields.event({ host: `h${i}` }, { timeMs: i * 20, serial: i }), () => {});
  }
  t.true(machine.held <= 3);
  t.is(machine.evicted, 0);
});

test('a row that comes later than the slack counts at its own time', (t) => {
  const rows: readonly (readonly [number, Row])[] = [
    [50, a],
    [100, a],
    [45, a],
    [104, a],
    [96, a],
  ];
  t.deepEqual(alerts(query(), rows), ['a: 96 100 104']);
});

test('the state of another query is refused', (t) => {
  const codec = codecOf(fields);
  const state = createThresholdMachine(query(), OPTIONS).save(codec);
  t.true(createThresholdMachine(query(), OPTIONS).load(state, codec));
  t.false(createThresholdMachine(query({ atLeast: 4 }), OPTIONS).load(state, codec));
  t.false(createThresholdMachine(query(), OPTIONS).load(null, codec));
});

import test from 'ava';
import { createThresholdMachine } from '../../../src/match/machines/threshold.ts';
import { field, type ThresholdQuery } from '../../../src/rule/index.ts';
import type { Row } from '../flat-event.ts';
import { type Driven, drive } from './drive.ts';
import { codecOf, run } from './stream.ts';
import { fields, OPTIONS, query } from './threshold-query.ts';

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

import test from 'ava';
import fc from 'fast-check';
import { createNewTermsMachine } from '../../../src/match/machines/new-terms.ts';
import type { MachineOptions } from '../../../src/match/machines/plan.ts';
import { field, type NewTermsQuery, TRUE } from '../../../src/rule/index.ts';
import { type FlatEvent, flatFields, type Row } from '../flat-event.ts';
import { type Driven, drive } from './drive.ts';
import { codecOf, combinations, inTime, run, type Schedule, schedules } from './stream.ts';

const fields = flatFields({ host: 'keyword', path: 'keyword', args: 'keyword', pid: 'number' });
const OPTIONS: MachineOptions = {
  fields,
  categoryField: 'event.category',
  mostHeld: 10_000,
  learnMs: 0,
};

function query(change: Partial<NewTermsQuery> = {}): NewTermsQuery {
  const event = { kind: 'event', category: null, condition: TRUE } as const;
  return { kind: 'newTerms', event, fields: ['path'], historyMs: 100, ...change };
}

interface Case {
  readonly name: string;
  readonly query?: Partial<NewTermsQuery>;
  readonly learnMs?: number;
  readonly rows: readonly (readonly [number, Row])[];
  readonly want: readonly string[];
}

const a = { path: 'a' };
const b = { path: 'b' };

const CASES: readonly Case[] = [
  {
    name: 'a term is found when it is first seen',
    rows: [
      [0, a],
      [1, b],
      [2, a],
      [3, b],
    ],
    want: ['a @0', 'b @1'],
  },
  {
    name: 'a term is new again after the history',
    rows: [
      [0, a],
      [101, a],
    ],
    want: ['a @0', 'a @101'],
  },
  {
    name: 'and not at the end of the history',
    rows: [
      [0, a],
      [100, a],
    ],
    want: ['a @0'],
  },
  {
    name: 'the history slides with the term',
    rows: [
      [0, a],
      [90, a],
      [180, a],
      [270, a],
    ],
    want: ['a @0'],
  },
  {
    name: 'an event without the field has no term',
    rows: [
      [0, {}],
      [1, { path: [] }],
    ],
    want: [],
  },
  {
    name: 'a combination of fields is new though each of its values is known',
    query: { fields: ['path', 'host'] },
    rows: [
      [0, { path: 'a', host: 'x' }],
      [1, { path: 'b', host: 'y' }],
      [2, { path: 'a', host: 'y' }],
      [3, { path: 'a', host: 'x' }],
    ],
    want: ['a,x @0', 'b,y @1', 'a,y @2'],
  },
  {
    name: 'three fields',
    query: { fields: ['path', 'host', 'pid'] },
    rows: [
      [0, { path: 'a', host: 'x', pid: 1 }],
      [1, { path: 'a', host: 'x', pid: 2 }],
      [2, { path: 'a', host: 'x' }],
    ],
    want: ['a,x,1 @0', 'a,x,2 @1'],
  },
  {
    name: 'an event with several values makes one match for each new term',
    query: { fields: ['args', 'host'] },
    rows: [
      [0, { args: ['p', 'q'], host: 'x' }],
      [1, { args: ['q', 'r'], host: ['x', 'y'] }],
    ],
    want: ['p,x @0', 'q,x @0', 'q,y @1', 'r,x @1', 'r,y @1'],
  },
  {
    name: 'only events that match the query make history',
    query: {
      event: {
        kind: 'event',
        category: null,
        condition: { kind: 'oneOf', operand: field('host'), values: ['x'], ignoreCase: false },
      },
    },
    rows: [
      [0, { path: 'a', host: 'y' }],
      [1, { path: 'a', host: 'x' }],
    ],
    want: ['a @1'],
  },
  {
    name: 'a rule learns silently at first',
    learnMs: 10,
    rows: [
      [0, a],
      [9, b],
      [10, { path: 'c' }],
      [11, a],
    ],
    want: ['c @10'],
  },
];

/** The machine is told when the stream begins: with its oldest event. */
const found = (asked: NewTermsQuery, schedule: Schedule, options: MachineOptions): readonly string[] => {
  const make = () => createNewTermsMachine(asked, options);
  const matches = run(make, fields, { ...schedule, beganMs: beganMs(schedule) });
  return matches.map(({ keys, events }) => `${keys.join()} @${events[0]?.timeMs}`);
};

function beganMs({ arrivals }: Schedule): number {
  return arrivals.reduce((oldest, { timeMs }) => Math.min(oldest, timeMs), Number.POSITIVE_INFINITY);
}

function inOrder(rows: Case['rows']): Schedule {
  const arrivals = rows.map(([timeMs, row], serial) => fields.event(row, { timeMs, serial }));
  return { arrivals, told: [], restarts: [] };
}

for (const { name, query: change, learnMs = 0, rows, want } of CASES) {
  test(name, (t) => {
    t.deepEqual(found(query(change), inOrder(rows), { ...OPTIONS, learnMs }), want);
  });
}

/** Looks for each term through all events before. */
function naive(asked: NewTermsQuery, events: readonly FlatEvent[], learnUntilMs: number): readonly string[] {
  const has = ({ row }: FlatEvent, term: string): boolean =>
    combinations(row, asked.fields).some((values) => values.join() === term);
  return events.flatMap((event, i) => {
    const history = events.slice(0, i).filter(({ timeMs }) => timeMs >= event.timeMs - asked.historyMs);
    return combinations(event.row, asked.fields)
      .map((values) => values.join())
      .filter((term) => event.timeMs >= learnUntilMs && !history.some((before) => has(before, term)))
      .map((term) => `${term} @${event.timeMs}`);
  });
}

const row: fc.Arbitrary<Row> = fc.record(
  {
    host: fc.oneof(fc.constantFrom('x', 'y'), fc.constant(['x', 'y'])),
    path: fc.constantFrom('a', 'b', 'c'),
    args: fc.subarray(['p', 'q', 'r'], { minLength: 1 }),
    pid: fc.constantFrom(1, 2),
  },
  { requiredKeys: [] },
);
const asked: fc.Arbitrary<NewTermsQuery> = fc
  .record({
    fields: fc.subarray(['host', 'path', 'args', 'pid'], { minLength: 1, maxLength: 3 }),
    historyMs: fc.integer({ min: 0, max: 60 }),
  })
  .map(query);

test('late, told of the time and restarted at any moment, it finds what searching all events before finds', (t) => {
  let hits = 0;
  fc.assert(
    fc.property(asked, schedules(fields, row), fc.nat({ max: 40 }), (query, schedule, learnMs) => {
      const want = naive(query, inTime(schedule), beganMs(schedule) + learnMs);
      hits += want.length;
      t.deepEqual(found(query, schedule, { ...OPTIONS, learnMs }).toSorted(), want.toSorted());
    }),
    { numRuns: 1000 },
  );
  t.true(hits > 1000);
});

test('unless told, a rule learns for a day, or for its history if that is shorter', (t) => {
  const day = 86_400_000;
  const { learnMs: _, ...options } = OPTIONS;
  const rows: Case['rows'] = [0, 1, 3_599_999, 3_600_000, day - 1, day].map((time) => [
    time,
    { path: `p${time}` },
  ]);
  t.deepEqual(found(query({ historyMs: 7 * day }), inOrder(rows), options), [`p${day} @${day}`]);
  t.deepEqual(found(query({ historyMs: 3_600_000 }), inOrder(rows), options), [
    'p3600000 @3600000',
    `p${day - 1} @${day - 1}`,
    `p${day} @${day}`,
  ]);
});

function driven(options: Partial<MachineOptions>): Driven {
  return drive(createNewTermsMachine(query(), { ...OPTIONS, ...options }), { fields });
}

test('a rule that is told of the time learns from then on, before its first event', (t) => {
  const machine = driven({ learnMs: 10 });
  const matches: unknown[] = [];
  machine.advance(0, (match) => matches.push(match));
  machine.push(fields.event(a, { timeMs: 11 }), (match) => matches.push(match));
  machine.advance(1000, (match) => matches.push(match));
  t.is(matches.length, 1);
});

test('over the bound the term seen longest ago is forgotten and counted', (t) => {
  const machine = driven({ mostHeld: 2 });
  const terms: string[] = [];
  for (const [timeMs, path] of ['a', 'b', 'a', 'c', 'a', 'b'].entries()) {
    machine.push(fields.event({ path }, { timeMs, serial: timeMs }), ({ keys }) => terms.push(keys.join()));
  }
  machine.advance(50, ({ keys }) => terms.push(keys.join()));
  t.deepEqual(terms, ['a', 'b', 'c', 'b']);
  t.is(machine.held, 2);
  t.is(machine.evicted, 2);
});

test('terms that are over leave without being counted as given up', (t) => {
  const machine = driven({});
  for (let i = 0; i < 1000; i += 1) {
    machine.push(fields.event({ path: `p${i}` }, { timeMs: i * 10, serial: i }), () => {});
  }
  t.true(machine.held < 20);
  t.is(machine.evicted, 0);
});

test('long terms cost no more to remember than short ones, and stay apart', (t) => {
  const machine = driven({});
  const terms: unknown[] = [];
  const long = 'x'.repeat(100_000);
  for (const [timeMs, path] of [`${long}1`, `${long}2`, `${long}1`].entries()) {
    machine.push(fields.event({ path }, { timeMs, serial: timeMs }), (match) => terms.push(match));
  }
  machine.advance(50, (match) => terms.push(match));
  t.is(terms.length, 2);
  t.true(JSON.stringify(machine.save(codecOf(fields))).length < 1000);
});

test('a row that comes later than the slack counts at its own time, and makes no term new twice', (t) => {
  t.deepEqual(
    found(
      query(),
      inOrder([
        [500, b],
        [1000, a],
        [1000, a],
        [950, a],
        [920, b],
      ]),
      OPTIONS,
    ),
    ['b @500', 'a @950', 'b @920'],
  );
});

test('the state of another query is refused', (t) => {
  const codec = codecOf(fields);
  const state = createNewTermsMachine(query(), OPTIONS).save(codec);
  t.true(createNewTermsMachine(query(), OPTIONS).load(state, codec));
  t.false(createNewTermsMachine(query({ fields: ['host'] }), OPTIONS).load(state, codec));
  t.false(createNewTermsMachine(query(), OPTIONS).load(undefined, codec));
});

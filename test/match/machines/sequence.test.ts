import test from 'ava';
import type { Match } from '../../../src/match/index.ts';
import type { SequenceQuery } from '../../../src/rule/index.ts';
import type { FlatEvent } from '../flat-event.ts';
import type { Driven } from './drive.ts';
import { codecOf, fields, machineOf, parseEvents, sequence, step } from './sequence-query.ts';

function words({ events }: Match): string {
  return events.map((event) => String((event as FlatEvent).row['word'])).join(' ');
}

function run(machine: Driven, events: readonly FlatEvent[]): string[] {
  const found: string[] = [];
  for (const event of events) machine.push(event, (match) => found.push(words(match)));
  machine.advance(Number.POSITIVE_INFINITY, (match) => found.push(words(match)));
  return found;
}

const [a, b, c] = [step('a'), step('b'), step('c')];

const cases: readonly { name: string; query: SequenceQuery; events: string; want: readonly string[] }[] = [
  { name: 'steps in order match', query: sequence([a, b]), events: 'a1 b2', want: ['a1 b2'] },
  { name: 'steps out of order do not', query: sequence([a, b]), events: 'b1 a2', want: [] },
  { name: 'keys keep users apart', query: sequence([a, b]), events: 'a1x b2y b3x', want: ['a1x b3x'] },
  { name: 'the newest first event wins', query: sequence([a, b]), events: 'a1 a2 b3 b4', want: ['a2 b3'] },
  {
    name: 'one event serves two steps of two sequences',
    query: sequence([step('*'), step('*')]),
    events: 'a1 b2 c3',
    want: ['a1 b2', 'b2 c3'],
  },
  { name: 'no event serves two steps of one', query: sequence([a, a]), events: 'a1', want: [] },
  {
    name: 'events of one time follow their numbers',
    query: sequence([a, b]),
    events: 'a1 b1',
    want: ['a1 b1'],
  },
  {
    name: 'events of one time follow their numbers, the other way round',
    query: sequence([b, a]),
    events: 'a1 b1',
    want: [],
  },
  {
    name: 'the span includes its end',
    query: sequence([a, b], { maxSpanMs: 5 }),
    events: 'a1 b6',
    want: ['a1 b6'],
  },
  {
    name: 'the span counts from the first event',
    query: sequence([a, b, c], { maxSpanMs: 5 }),
    events: 'a1 b4 c7',
    want: [],
  },
  { name: 'until ends what is pending', query: sequence([a, b], { until: c }), events: 'a1 c2 b3', want: [] },
  {
    name: 'until of another user does not',
    query: sequence([a, b], { until: c }),
    events: 'a1x c2y b3x',
    want: ['a1x b3x'],
  },
  {
    name: 'an event that is last step and until completes',
    query: sequence([a, b], { until: b }),
    events: 'a1 b2',
    want: ['a1 b2'],
  },
  {
    name: 'an event that is first step and until starts nothing',
    query: sequence([a, b], { until: a }),
    events: 'a1 b2',
    want: [],
  },
  {
    name: 'a missing event between came',
    query: sequence([a, step('c', { missing: true }), b]),
    events: 'a1 c2 b3',
    want: [],
  },
  {
    name: 'a missing event between did not come',
    query: sequence([a, step('c', { missing: true }), b]),
    events: 'a1 c2x b3',
    want: ['a1 b3'],
  },
  {
    name: 'an event at the time of a step is not between',
    query: sequence([a, step('c', { missing: true }), b]),
    events: 'a1 c1 b3 a4 c5 b5',
    want: ['a1 b3', 'a4 b5'],
  },
  {
    name: 'a missing event before came within the span',
    query: sequence([step('c', { missing: true }), a, b], { maxSpanMs: 5 }),
    events: 'c1 a2 b6',
    want: [],
  },
  {
    name: 'a missing event before came too long ago',
    query: sequence([step('c', { missing: true }), a, b], { maxSpanMs: 5 }),
    events: 'c1 a2 b7',
    want: ['a2 b7'],
  },
  {
    name: 'a missing event after came within the span',
    query: sequence([a, b, step('c', { missing: true })], { maxSpanMs: 5 }),
    events: 'a1 b2 c6',
    want: [],
  },
  {
    name: 'a missing event after came later',
    query: sequence([a, b, step('c', { missing: true })], { maxSpanMs: 5 }),
    events: 'a1 b2 c7',
    want: ['a1 b2'],
  },
  {
    name: 'one step with a missing event after it',
    query: sequence([a, step('c', { missing: true })], { maxSpanMs: 5 }),
    events: 'a1 a2x c3',
    want: ['a2x'],
  },
];

for (const { name, query, events, want } of cases) {
  test(`sequence: ${name}`, (t) => {
    t.deepEqual(run(machineOf(query), parseEvents(events)), want);
  });
}

test('a sequence that waits for an absence is found when time has passed, and not before', (t) => {
  const machine = machineOf(sequence([a, step('c', { missing: true })], { maxSpanMs: 5 }));
  const found: string[] = [];
  machine.push(parseEvents('a1')[0]!, (match) => found.push(words(match)));
  machine.advance(6, (match) => found.push(words(match)));
  t.deepEqual(found, []);
  machine.advance(7, (match) => found.push(words(match)));
  t.deepEqual(found, ['a1']);
});

test('rows that come late within the slack are put in their place, doubles are dropped', (t) => {
  const [first, second, third, last] = parseEvents('a5 b9 b12 c20') as [
    ...[FlatEvent, FlatEvent, FlatEvent, FlatEvent],
  ];
  const query = sequence([a, b]);
  const arriving = [second, third, first, first, second];
  t.deepEqual(run(machineOf(query, 10), arriving), ['a5 b9']);
  t.deepEqual(run(machineOf(query, 0), [second, third, last, first]), ['a5 b12']);
});

test('rows of one place in the order that differ are not doubles', (t) => {
  const [x, y, end] = parseEvents('a5x a5y b9x') as [FlatEvent, FlatEvent, FlatEvent];
  const alike = [y, x].map((event) => ({ ...event, serial: 1 }));
  const endOfY = fields.event({ kind: 'b', user: 'y', word: 'b9y' }, { timeMs: 9, serial: 7 });
  const machine = machineOf(sequence([a, b]), 10);
  t.deepEqual(run(machine, [...alike, end, endOfY, endOfY]), ['a5x b9x', 'a5y b9y']);
});

test('what is held is bounded, the oldest goes first and is counted', (t) => {
  const machine = machineOf(sequence([a, b]), 0, 10);
  const many = Array.from({ length: 25 }, (_, i) =>
    fields.event({ kind: 'a', user: `u${i}`, word: `a${i}` }, { timeMs: i, serial: i }),
  );
  for (const event of many) machine.push(event, () => t.fail());
  machine.advance(100, () => t.fail());
  t.is(machine.held, 10);
  t.is(machine.evicted, 15);
  const ends = [14, 15].map((i) =>
    fields.event({ kind: 'b', user: `u${i}`, word: `b${i}` }, { timeMs: 200, serial: i }),
  );
  t.deepEqual(run(machine, ends), ['a15 b15']);
});

test('a sequence whose span is over is no longer held', (t) => {
  const machine = machineOf(sequence([a, b], { maxSpanMs: 5 }));
  for (const event of parseEvents('a1 a2x')) machine.push(event, () => t.fail());
  machine.advance(7, () => t.fail());
  t.is(machine.held, 1);
  machine.advance(8, () => t.fail());
  t.is(machine.held, 0);
});

test('the state of another query, another version or none at all is refused', (t) => {
  const machine = machineOf(sequence([a, b]));
  const other = machineOf(sequence([a, c]));
  for (const state of [null, 1, 'x', {}, [], other.save(codecOf([]))])
    t.false(machine.load(state, codecOf([])));
  t.true(machine.load(machine.save(codecOf([])), codecOf([])));
});

import test from 'ava';
import fc from 'fast-check';
import type { EventCodec, Match } from '../../../src/match/index.ts';
import { createSequenceMachine } from '../../../src/match/machines/sequence.ts';
import { field, type JoinKey, type SequenceQuery, type SequenceStep } from '../../../src/rule/index.ts';
import { type FlatEvent, flatFields } from '../flat-event.ts';
import { type Driven, drive } from './drive.ts';
import { searchSequences } from './sequence-oracle.ts';

const fields = flatFields({ kind: 'keyword', user: 'keyword', other: 'keyword' });
const byUser: JoinKey = { operand: field('user'), optional: false };

interface Spec {
  readonly missing?: boolean;
  readonly by?: readonly JoinKey[];
}

function step(kind: string, { missing = false, by = [byUser] }: Spec = {}): SequenceStep {
  return {
    event: {
      kind: 'event',
      category: null,
      condition: {
        kind: 'oneOf',
        operand: field('kind'),
        values: kind === '*' ? ['a', 'b', 'c'] : [kind],
        ignoreCase: false,
      },
    },
    by,
    missing,
  };
}

function sequence(
  steps: readonly SequenceStep[],
  { maxSpanMs = null, until = null }: Partial<Pick<SequenceQuery, 'maxSpanMs' | 'until'>> = {},
): SequenceQuery {
  return { kind: 'sequence', steps, maxSpanMs, until };
}

/** `a5` is an event of kind a at 5 ms; `a5x` that of user x. Numbers in the order of writing break ties. */
function parseEvents(text: string): FlatEvent[] {
  return text
    .split(' ')
    .filter((word) => word !== '')
    .map((word, serial) => {
      const [, kind, time, user] = /^([a-z])(\d+)([a-z]*)$/.exec(word) as unknown as string[];
      return fields.event({ kind, user: user === '' ? 'u' : user, word }, { timeMs: Number(time), serial });
    });
}

function machineOf(query: SequenceQuery, slackMs = 0, mostHeld = 1000): Driven {
  return drive(createSequenceMachine(query, { fields, categoryField: 'kind', mostHeld }), {
    ...{ fields, slackMs },
  });
}

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

/** Events as their places in a list. */
function codecOf(events: readonly FlatEvent[]): EventCodec {
  return { save: (event) => events.indexOf(event as FlatEvent), load: (saved) => events[saved as number]! };
}

const kinds = fc.constantFrom('a', 'b', 'c');
const users = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('x', 'y') },
  fc.constant(null),
  fc.constant(['x', 'y']),
);
const optionalKey = fc.boolean();

const queries = fc
  .record({
    steps: fc.array(
      fc.record({ kind: fc.constantFrom('a', 'b', 'c', '*'), missing: fc.boolean(), weight: fc.nat(3) }),
      { minLength: 1, maxLength: 5 },
    ),
    optional: optionalKey,
    keyed: fc.boolean(),
    until: fc.option(kinds),
    maxSpanMs: fc.option(fc.integer({ min: 1, max: 8 })),
  })
  .map(({ steps, optional, keyed, until, maxSpanMs }) => {
    const by = keyed ? [{ operand: field('user'), optional }] : [];
    const made = steps.map(({ kind, missing, weight }) => step(kind, { missing: missing && weight < 2, by }));
    const all = made.some(({ missing }) => !missing) ? made : [...made, step('a', { by })];
    const endsMissing = all[0]!.missing || all.at(-1)!.missing;
    return sequence(all, {
      maxSpanMs: endsMissing ? (maxSpanMs ?? 4) : maxSpanMs,
      until: until === null ? null : step(until, { by }),
    });
  });

const SLACK_MS = 4;
const arrivals = fc
  .array(
    fc.record({
      kind: fc.oneof(kinds, fc.constant(['a', 'b'])),
      user: users,
      timeMs: fc.nat(9),
      rank: fc.nat(1),
      delayMs: fc.nat(SLACK_MS),
      again: fc.option(fc.nat(SLACK_MS), { freq: 4 }),
    }),
    { maxLength: 25 },
  )
  .map((rows) =>
    rows.flatMap(({ delayMs, again, timeMs, rank, ...row }, serial) => {
      const event = fields.event(
        { ...row, word: `${row.kind}${timeMs}/${rank}/${serial}` },
        { timeMs, rank, serial },
      );
      const first = { event, atMs: timeMs + delayMs };
      return again === null ? [first] : [first, { event, atMs: timeMs + again }];
    }),
  );

function describe({ events, keys }: Match): string {
  return `${events.map((event) => (event as FlatEvent).row['word']).join(' ')} by ${JSON.stringify(keys)}`;
}

test('shuffled, late and doubled streams give what a search over all events gives, however often it is polled', (t) => {
  fc.assert(
    fc.property(queries, arrivals, fc.infiniteStream(fc.nat(9)), (query, arriving, chances) => {
      const inTime = [...arriving].sort((one, other) => one.atMs - other.atMs);
      const events = inTime.map(({ event }) => event);
      const codec = codecOf(events);
      let machine = machineOf(query, SLACK_MS);
      const found: string[] = [];
      const report = (match: Match): void => void found.push(describe(match));
      for (const { event, atMs } of inTime) {
        const chance = chances.next().value as number;
        if (chance === 0) machine.advance(atMs - SLACK_MS, report);
        if (chance === 1) {
          const saved = JSON.parse(JSON.stringify(machine.save(codec))) as unknown;
          machine = machineOf(query, SLACK_MS);
          if (!machine.load(saved, codec)) return false;
        }
        machine.push(event, report);
      }
      machine.advance(Number.POSITIVE_INFINITY, report);
      const wanted = searchSequences(query, events, fields).map(describe);
      t.deepEqual(found.sort(), wanted.sort());
      return true;
    }),
    { numRuns: 4000 },
  );
});

import test from 'ava';
import fc from 'fast-check';
import type { Match } from '../../../src/match/index.ts';
import { chooseDifferent, createSampleMachine } from '../../../src/match/machines/sample.ts';
import { type Event, field, literal, type SampleQuery } from '../../../src/rule/index.ts';
import { type FlatEvent, flatFields } from '../flat-event.ts';
import { type Driven, drive } from './drive.ts';

const fields = flatFields({ kind: 'keyword', user: 'keyword', id: 'number' });

function sample(...kinds: readonly string[]): SampleQuery {
  return {
    kind: 'sample',
    steps: kinds.map((kind) => ({
      event: {
        kind: 'event',
        category: null,
        condition: {
          kind: 'compare',
          op: 'eq',
          left: field('kind'),
          right: literal(kind),
          ignoreCase: false,
        },
      },
      by: [{ operand: field('user'), optional: false }],
      missing: false,
    })),
  };
}

function event(
  id: number,
  kind: string | readonly string[],
  user: string | readonly string[] | null = 'u',
): FlatEvent {
  return fields.event({ id, kind, user }, { serial: id });
}

function driven(query: SampleQuery): Driven {
  return drive(createSampleMachine(query, { fields, categoryField: 'kind', mostHeld: 10 }), { fields });
}

function run(query: SampleQuery, events: readonly FlatEvent[]): (readonly [string, readonly number[]])[] {
  const found: (readonly [string, readonly number[]])[] = [];
  const machine = driven(query);
  for (const one of events) {
    machine.push(one, ({ keys, events: own }: Match) => {
      found.push([keys.join(), own.map(({ serial }) => serial)]);
    });
  }
  return found;
}

test('a sample is found in any order, once for each key', (t) => {
  const events = [
    event(1, 'b'),
    event(2, 'a', 'v'),
    event(3, 'a'),
    event(4, 'a'),
    event(5, 'b'),
    event(6, 'b', 'v'),
  ];
  t.deepEqual(run(sample('a', 'b'), events), [
    ['u', [3, 1]],
    ['v', [2, 6]],
  ]);
});

test('each step needs an event of its own', (t) => {
  const both = ['a', 'b'];
  t.deepEqual(run(sample('a', 'b'), [event(1, both), event(1, both)]), []);
  t.deepEqual(run(sample('a', 'b'), [event(1, both), event(2, 'a')]), [['u', [2, 1]]]);
});

test('events without the key count for nothing, those with several for each', (t) => {
  t.deepEqual(run(sample('a', 'b'), [event(1, 'a', null), event(2, 'b', null)]), []);
  t.deepEqual(run(sample('a', 'b'), [event(1, 'a', ['v', 'u']), event(2, 'b', ['u', 'v'])]), [
    ['u', [1, 2]],
    ['v', [1, 2]],
  ]);
});

test('rows of one place in the order that differ are different events', (t) => {
  const [one, other] = [event(1, 'a'), { ...event(2, 'b'), serial: 1 }];
  t.deepEqual(run(sample('a', 'b'), [one, other]), [['u', [1, 1]]]);
});

test('an event that fits two steps is one event after its state was taken back, too', (t) => {
  const both = (): FlatEvent => event(1, ['a', 'b']);
  const codec = { save: () => 1, load: both };
  const before = driven(sample('a', 'b', 'a'));
  before.push(both(), () => t.fail());
  const after = driven(sample('a', 'b', 'a'));
  t.true(after.load(before.save(codec), codec));
  after.push(event(2, 'a'), () => t.fail());
  let found = 0;
  after.push(event(3, 'a'), () => {
    found += 1;
  });
  t.is(found, 1);
});

test('keys are bounded, the oldest goes first and is counted', (t) => {
  const machine = driven(sample('a', 'b'));
  const found: Match[] = [];
  for (let i = 0; i < 25; i += 1) machine.push(event(i, 'a', `u${i}`), (match) => found.push(match));
  t.is(machine.held, 10);
  t.is(machine.evicted, 15);
  machine.push(event(100, 'b', 'u14'), (match) => found.push(match));
  machine.push(event(101, 'b', 'u24'), (match) => found.push(match));
  t.deepEqual(
    found.map(({ keys }) => keys),
    [['u24']],
  );
});

test('the state is saved and taken back, another one refused', (t) => {
  const events = [event(0, 'a'), event(1, 'b', 'v'), event(2, 'a', 'v')];
  const codec = { save: (one: Event) => one.serial, load: (saved: unknown) => events[saved as number]! };
  const before = driven(sample('a', 'b'));
  for (const one of events) before.push(one, () => {});
  const state = JSON.parse(JSON.stringify(before.save(codec))) as unknown;
  const after = driven(sample('a', 'b'));
  t.true(after.load(state, codec));
  const found: Match[] = [];
  for (const one of [event(3, 'b', 'v'), event(4, 'b')]) after.push(one, (match) => found.push(match));
  t.deepEqual(
    found.map(({ keys, events: own }) => [keys, own.map(({ serial }) => serial)]),
    [[['u'], [0, 4]]],
  );
  t.false(driven(sample('a', 'c')).load(state, codec));
  t.false(driven(sample('a', 'b')).load(null, codec));
});

/** Tries every choice in order: what Elasticsearch does. */
function tryAll(
  lists: readonly (readonly Event[])[],
  chosen: readonly Event[] = [],
): readonly Event[] | null {
  const [first, ...rest] = lists;
  if (first === undefined) return chosen;
  for (const one of first) {
    const found = chosen.includes(one) ? null : tryAll(rest, [...chosen, one]);
    if (found !== null) return found;
  }
  return null;
}

test('the events chosen are the first that leave enough for the other steps', (t) => {
  const events = Array.from({ length: 5 }, (_, id) => event(id, 'a'));
  const lists = fc.array(fc.uniqueArray(fc.constantFrom(...events), { maxLength: 5 }), {
    minLength: 1,
    maxLength: 5,
  });
  fc.assert(
    fc.property(lists, (some) => {
      t.deepEqual(chooseDifferent(some), tryAll(some) as Event[] | null);
    }),
    { numRuns: 2000 },
  );
});

test('many steps that only few events fit end', (t) => {
  const events = Array.from({ length: 19 }, (_, id) => event(id, 'a'));
  t.is(chooseDifferent(Array.from({ length: 20 }, () => events)), null);
});

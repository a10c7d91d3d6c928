import test from 'ava';
import fc from 'fast-check';
import { createEngine, type Engine, type EngineOptions, type RuleCounters } from '../../src/match/index.ts';
import { StreamClock } from '../../src/match/stream/stream-clock.ts';
import {
  type Condition,
  type EventQuery,
  field,
  literal,
  type Query,
  type SequenceStep,
} from '../../src/rule/index.ts';
import { type FlatEvent, flatFields } from './flat-event.ts';
import { ruleOf } from './rules.ts';

const fields = flatFields({ name: 'keyword', user: 'keyword', dear: 'keyword' });

function equals(name: string, value: string): Condition {
  return { kind: 'compare', op: 'eq', left: field(name), right: literal(value), ignoreCase: false };
}

function query(condition: Condition): EventQuery {
  return { kind: 'event', category: null, condition };
}

function sequence(first: string, second: string): Query {
  const step = (name: string): SequenceStep => ({
    event: query(equals('name', name)),
    by: [{ operand: field('user'), optional: false }],
    missing: false,
  });
  return { kind: 'sequence', steps: [step(first), step(second)], maxSpanMs: 1000, until: null };
}

function event(timeMs: number, row: Readonly<Record<string, unknown>>): FlatEvent {
  return fields.event(row, { timeMs, serial: timeMs });
}

/** An engine whose clock stands still but for reads of `dear`, which take a millisecond. */
function engineWithCosts(options: Pick<EngineOptions, 'rules' | 'budget'>) {
  const { slot } = fields.find('dear')!;
  let nowMs = 0;
  const stopped: RuleCounters[] = [];
  const engine = createEngine({
    ...{ ...options, fields, clockMs: () => nowMs, onStop: (counters) => stopped.push(counters) },
  });
  const found: string[] = [];
  const push = (one: FlatEvent): void => {
    const get = (asked: number) => {
      if (asked === slot) nowMs += 1;
      return one.get(asked);
    };
    engine.push({ ...one, get }, (rule) => found.push(rule.id));
  };
  return { engine, stopped, found, push };
}

// An exclusion alone, so that no index keeps any event from them.
const other = (name: string): Condition => ({ kind: 'not', arg: equals(name, 'x') });
const DEAR = [ruleOf('dear', query(other('dear'))), ruleOf('cheap', query(other('name')))];
const row = { name: 'a', dear: 'a' };

test('a rule over its budget in two windows is stopped and told; the others go on', (t) => {
  const budget = { microsecondsPerEvent: 500, windowEvents: 256 };
  const { engine, stopped, found, push } = engineWithCosts({ rules: DEAR, budget });
  for (let at = 0; at < 511; at += 1) push(event(at, row));
  t.deepEqual(stopped, []);
  push(event(511, row));
  // Of four samples a window the slowest is left out: three times 64 ms over 256 events.
  t.deepEqual(
    stopped.map(({ rule, stopped: why }) => [rule.id, why]),
    [['dear', { microsecondsPerEvent: 750, budgetMicroseconds: 500, timeMs: 511 }]],
  );
  found.length = 0;
  push(event(512, row));
  t.deepEqual(found, ['cheap']);
  t.deepEqual(
    engine.counters.map(({ stopped: why }) => why === null),
    [false, true],
  );
});

test('a rule within its budget, or over it now and then, is not stopped', (t) => {
  const budget = { microsecondsPerEvent: 500, windowEvents: 256 };
  const within = engineWithCosts({ rules: DEAR, budget: { ...budget, microsecondsPerEvent: 750 } });
  for (let at = 0; at < 2048; at += 1) within.push(event(at, row));
  t.deepEqual(within.stopped, []);
  const now = engineWithCosts({ rules: [ruleOf('s', query(other('dear')))], budget });
  for (let at = 0; at < 2048; at += 1) {
    now.push(at % 512 < 256 ? event(at, row) : { ...event(at, row), get: () => 'x' });
  }
  t.true(now.stopped.length <= 1);
});

test('what a stopped rule held is given up, and what waits for it is dropped', (t) => {
  const reads: Query = {
    kind: 'threshold',
    event: query(other('dear')),
    ...{ by: ['user'], atLeast: 10_000, cardinality: null, windowMs: 1e9 },
  };
  const { engine, stopped, push } = engineWithCosts({
    rules: [ruleOf('dear', reads)],
    budget: { microsecondsPerEvent: 500, windowEvents: 256 },
  });
  for (let at = 0; at < 600; at += 1) push(event(at * 100, { ...row, user: 'u' }));
  t.is(stopped.length, 1);
  engine.advance(1e9, () => t.fail());
  t.is(engine.counters[0]?.held, 0);
  t.true(engine.counters[0]!.evicted > 0);
});

test('no event waits for a stopped rule, also none that says what an earlier one said', (t) => {
  const step = (name: string): SequenceStep => ({
    event: query(equals('name', name)),
    by: [{ operand: field('dear'), optional: false }],
    missing: false,
  });
  const dear: Query = { kind: 'sequence', steps: [step('a'), step('z')], maxSpanMs: null, until: null };
  const { engine, stopped, push } = engineWithCosts({
    rules: [ruleOf('dear', dear)],
    budget: { microsecondsPerEvent: 500, windowEvents: 256 },
  });
  const likeness = { number: 0, frame: { number: 0 } };
  let at = 0;
  for (; at < 2000 && stopped.length === 0; at += 1) push({ ...event(at * 100, row), likeness });
  t.is(stopped.length, 1);
  t.true(engine.waiting > 0);
  for (const until = at + 100; at < until; at += 1) push({ ...event(at * 100, row), likeness });
  t.is(engine.waiting, 0);
});

test('state over all rules is bounded: who holds most gives up its oldest, and counts it', (t) => {
  const rules = [ruleOf('large', sequence('a', 'z')), ruleOf('small', sequence('b', 'z'))];
  const engine = createEngine({ rules, fields, slackMs: 0, mostHeldInAll: 100 });
  const held = (): readonly number[] => engine.counters.map((one) => one.held);
  for (let at = 0; at < 20; at += 1) engine.push(event(at, { name: 'b', user: `u${at}` }), () => t.fail());
  for (let at = 20; at < 500; at += 1) {
    engine.push(event(at, { name: 'a', user: `u${at}` }), () => t.fail());
    t.true(held().reduce((sum, one) => sum + one, 0) <= 100);
  }
  t.is(held()[1], 20);
  t.true(held()[0]! >= 70);
  const [large, small] = engine.counters;
  t.is(large!.evicted + large!.held + engine.waiting, 480);
  t.is(small!.evicted, 0);
  const found: string[] = [];
  engine.push(event(501, { name: 'z', user: 'u499' }), (rule) => found.push(rule.id));
  engine.push(event(502, { name: 'z', user: 'u20' }), (rule) => found.push(rule.id));
  engine.advance(503, (rule) => found.push(rule.id));
  t.deepEqual(found, ['large'], 'the newest is there, the oldest is not');
});

function matchesIn(engine: Engine, events: readonly FlatEvent[]): string[] {
  const found: string[] = [];
  for (const one of events) {
    engine.push(one, (_, match) => found.push(match.events.map(({ timeMs }) => timeMs).join(' ')));
  }
  return found;
}

test('one event from the far future ends no sequence, and puts none in disorder', (t) => {
  const rules = [ruleOf('r', sequence('a', 'b'))];
  const engine = createEngine({ rules, fields, slackMs: 10 });
  const far = { ...event(8e12, { name: 'a', user: 'v' }), serial: 2 };
  const events = [
    event(1, { name: 'a', user: 'u' }),
    far,
    event(500, { name: 'b', user: 'u' }),
    event(605, { name: 'b', user: 'w' }),
    event(600, { name: 'a', user: 'w' }),
  ];
  const clock = [event(700, { name: 'c' }), event(800, { name: 'c' })];
  t.deepEqual(matchesIn(engine, [...events, ...clock]), ['1 500', '600 605']);
  t.is(engine.waiting, 1, 'it waits for its time');
});

test('a clock that was set forward is believed with the second event', (t) => {
  const rules = [ruleOf('r', sequence('a', 'b'))];
  const engine = createEngine({ rules, fields, slackMs: 10 });
  const later = 1e9;
  const events = [
    event(1, { name: 'a', user: 'u' }),
    event(later, { name: 'a', user: 'u' }),
    event(later + 5, { name: 'b', user: 'u' }),
    event(later + 100, { name: 'c' }),
    event(later + 101, { name: 'c' }),
  ];
  t.deepEqual(matchesIn(engine, events), [`${later} ${later + 5}`]);
});

test('the clock of a stream goes no further than its second newest event or the time given', (t) => {
  const said = fc.record({ given: fc.boolean(), timeMs: fc.nat(1_000_000) });
  fc.assert(
    fc.property(fc.array(said), (all) => {
      const clock = new StreamClock();
      let before = Number.NEGATIVE_INFINITY;
      const seen: number[] = [];
      let givenMs = Number.NEGATIVE_INFINITY;
      for (const { given, timeMs } of all) {
        if (given) clock.advance(timeMs);
        else clock.see(timeMs);
        if (given) givenMs = Math.max(givenMs, timeMs);
        else seen.push(timeMs);
        const [newest = Number.NEGATIVE_INFINITY, second = Number.NEGATIVE_INFINITY] = seen.toSorted(
          (a, b) => b - a,
        );
        t.is(clock.nowMs, Math.min(newest, Math.max(second, givenMs)));
        t.true(clock.nowMs >= before, 'never back');
        before = clock.nowMs;
        const copy = new StreamClock();
        copy.load(JSON.parse(JSON.stringify(clock.save())));
        t.deepEqual([copy.nowMs, copy.beganMs], [clock.nowMs, clock.beganMs]);
      }
    }),
  );
});

test('more different steps than there are bits are told apart', (t) => {
  const names = Array.from({ length: 40 }, (_, i) => `s${i}`);
  const query: Query = {
    ...{ kind: 'sequence', maxSpanMs: null, until: null },
    steps: names.map((name) => ({ event: eventOf(name), by: [], missing: false })),
  };
  const engine = createEngine({ rules: [ruleOf('r', query)], fields, slackMs: 0 });
  const all = names.map((name, at) => event(at, { name }));
  const found = matchesIn(engine, [
    ...all.slice(0, 39),
    event(39, { name: 's38' }),
    event(40, { name: 's39' }),
  ]);
  engine.advance(100, (_, match) => found.push(match.events.map(({ timeMs }) => timeMs).join(' ')));
  t.deepEqual(found, [[...Array.from({ length: 39 }, (_, i) => i), 40].join(' ')]);
});

function eventOf(name: string): EventQuery {
  return query(equals('name', name));
}

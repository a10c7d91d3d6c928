import test from 'ava';
import { createEngine, type Engine, type EngineOptions } from '../../src/match/index.ts';
import {
  type Condition,
  type EventQuery,
  field,
  literal,
  type Query,
  type Rule,
  type SequenceStep,
  TRUE,
} from '../../src/rule/index.ts';
import { type FlatEvent, flatFields } from './flat-event.ts';
import { ruleOf } from './rules.ts';

const fields = flatFields({ 'event.category': 'keyword', name: 'keyword', user: 'keyword' });

function equals(name: string, value: string): Condition {
  return { kind: 'compare', op: 'eq', left: field(name), right: literal(value), ignoreCase: false };
}

function query(condition: Condition, category: string | null = null): EventQuery {
  return { kind: 'event', category, condition };
}

function step(condition: Condition): SequenceStep {
  return { event: query(condition), by: [], missing: false };
}

function sequence(...conditions: readonly Condition[]): Query {
  return { kind: 'sequence', steps: conditions.map(step), maxSpanMs: null, until: null };
}

function event(timeMs: number, row: Readonly<Record<string, unknown>>): FlatEvent {
  return fields.event({ 'event.category': 'process', ...row }, { timeMs, serial: timeMs });
}

function engineOf(rules: readonly Rule[], options: Partial<EngineOptions> = {}): Engine {
  return createEngine({ rules, fields, ...options });
}

/** The ids of the rules that match, in order, with the times of their events. */
function run(engine: Engine, events: readonly FlatEvent[]): string[] {
  const found: string[] = [];
  const report: Parameters<Engine['push']>[1] = (rule, match) =>
    void found.push(`${rule.id} ${match.events.map(({ timeMs }) => timeMs).join(' ')}`);
  for (const one of events) engine.push(one, report);
  engine.advance(Number.POSITIVE_INFINITY, report);
  return found;
}

test('each rule finds its events, in the category that it asks for', (t) => {
  const engine = engineOf([
    ruleOf('process', query(TRUE, 'process')),
    ruleOf('file', query(TRUE, 'file')),
    ruleOf('any', query(equals('name', 'x'))),
  ]);
  t.deepEqual(run(engine, [event(1, { name: 'x' }), event(2, { 'event.category': 'file' })]), [
    'process 1',
    'any 1',
    'file 2',
  ]);
});

test('the field with the category can be another', (t) => {
  const engine = engineOf([ruleOf('r', query(TRUE, 'admin'))], { categoryField: 'user' });
  t.deepEqual(run(engine, [event(1, { user: 'admin' }), event(2, {})]), ['r 1']);
});

test('an event that an exception lets pass counts for no part of a rule', (t) => {
  const exceptions = [equals('user', 'root'), equals('user', 'backup')];
  const engine = engineOf([
    ruleOf('event', query(equals('name', 'a')), { exceptions }),
    ruleOf('sequence', sequence(equals('name', 'a'), equals('name', 'b')), { exceptions }),
  ]);
  const events = [
    event(1, { name: 'a', user: 'x' }),
    event(2, { name: 'a', user: 'root' }),
    event(3, { name: 'b' }),
  ];
  t.deepEqual(run(engine, events), ['event 1', 'sequence 1 3']);
});

test('a rule that cannot be compiled is told and does not stop the others', (t) => {
  const regex: Condition = {
    kind: 'regex',
    operand: field('name'),
    patterns: ['a&b'],
    dialect: 'lucene',
    ignoreCase: false,
  };
  const engine = engineOf([ruleOf('bad', query(regex)), ruleOf('good', query(TRUE))]);
  t.deepEqual(
    engine.faults.map(({ rule, error }) => [rule.id, (error as Error).message]),
    [
      [
        'bad',
        'regular expression "a&b": Unsupported: intersection ("&"). Put a backslash before it for the character.',
      ],
    ],
  );
  t.deepEqual(run(engine, [event(1, {})]), ['good 1']);
});

test('a rule that fails while running is counted and does not stop the others', (t) => {
  const engine = engineOf([ruleOf('reads', query(equals('name', 'a'))), ruleOf('reads not', query(TRUE))]);
  const failing = {
    ...event(1, {}),
    get: () => {
      throw new Error('unreadable');
    },
  };
  t.deepEqual(run(engine, [failing]), ['reads not 1']);
  const [first, second] = engine.counters;
  t.is(first?.failed, 1);
  t.is(String(first?.lastFailure), 'Error: unreadable');
  t.is(second?.failed, 0);
});

test("what the callback throws is the caller's, not the rule's", (t) => {
  const engine = engineOf([ruleOf('r', query(TRUE))]);
  const full = (): never => {
    throw new Error('store is full');
  };
  t.throws(() => engine.push(event(1, {}), full), { message: 'store is full' });
  t.is(engine.counters[0]?.failed, 0);
});

test('what each rule has done is counted', (t) => {
  const engine = engineOf([
    ruleOf('event', query(equals('name', 'a'))),
    ruleOf('sequence', sequence(equals('name', 'a'), equals('name', 'b'))),
  ]);
  run(engine, [event(1, { name: 'a' }), event(2, { name: 'a' }), event(3, { name: 'c' })]);
  t.deepEqual(
    engine.counters.map(({ rule, evaluated, matched, held, evicted }) => [
      rule.id,
      evaluated,
      matched,
      held,
      evicted,
    ]),
    [
      ['event', 2, 2, 0, 0],
      ['sequence', 2, 0, 1, 0],
    ],
  );
});

test('the time of one evaluation in 64 is taken', (t) => {
  const engine = engineOf([ruleOf('a', query(equals('name', 'x'))), ruleOf('b', query(equals('name', 'y')))]);
  run(
    engine,
    Array.from({ length: 200 }, (_, at) => event(at, { name: 'x' })),
  );
  const [a, b] = engine.counters;
  t.deepEqual([a?.evaluated, a?.sampled, b?.sampled], [200, 3, 0]);
  t.true(a!.sampledMs > 0);
});

test('the state is saved and taken back, rule by rule; what no longer fits is told', (t) => {
  const rules = [
    ruleOf('kept', sequence(equals('name', 'a'), equals('name', 'b'))),
    ruleOf('changed', sequence(equals('name', 'a'), equals('name', 'c'))),
    ruleOf('gone', sequence(equals('name', 'a'), equals('name', 'c'))),
  ];
  const events = [event(1, { name: 'a' }), event(2, { name: 'b' }), event(3, { name: 'd' })];
  const codec = {
    save: (one: { timeMs: number }) => one.timeMs,
    load: (saved: unknown) => events[(saved as number) - 1]!,
  };
  const before = engineOf(rules, { slackMs: 0 });
  before.push(events[0]!, () => t.fail());
  const state = JSON.parse(JSON.stringify(before.save(codec))) as unknown;
  const after = engineOf([rules[0]!, ruleOf('changed', sequence(equals('name', 'a'), equals('name', 'd')))], {
    slackMs: 0,
  });
  t.deepEqual(after.load(state, codec), ['changed', 'gone']);
  t.deepEqual(run(after, events.slice(1)), ['kept 1 2']);
  t.deepEqual(engineOf(rules).load(null, codec), []);
});

test('a broken state is refused and the rule starts with none', (t) => {
  const rules = [ruleOf('r', sequence(equals('name', 'a'), equals('name', 'b')))];
  const events = [event(1, { name: 'a' }), event(2, { name: 'b' })];
  const codec = { save: () => 1, load: () => event(1, { name: 'a' }) };
  const before = engineOf(rules, { slackMs: 0 });
  for (const one of [events[0]!, event(5, { name: 'a' })]) before.push(one, () => t.fail());
  const state = before.save(codec) as { rules: { r: Record<string, unknown> } };
  t.true(Object.hasOwn(state.rules.r, 'pending'));
  delete state.rules.r['sightings'];
  const after = engineOf(rules, { slackMs: 0 });
  t.deepEqual(after.load(state, codec), ['r']);
  t.deepEqual(run(after, [events[1]!]), []);
});

test("new terms are learnt from the stream's first event on, whichever rule that matters to", (t) => {
  const learns: Query = {
    kind: 'newTerms',
    event: query(equals('user', 'u')),
    fields: ['name'],
    historyMs: 1000,
  };
  for (const index of [true, false]) {
    const engine = engineOf([ruleOf('r', learns)], { slackMs: 0, learnMs: 10, index });
    const rows: readonly (readonly [number, string, string])[] = [
      [100, 'a', 'other'],
      [109, 'b', 'u'],
      [112, 'c', 'u'],
      [113, 'b', 'u'],
    ];
    t.deepEqual(
      run(
        engine,
        rows.map(([timeMs, name, user]) => event(timeMs, { name, user })),
      ),
      ['r 112'],
    );
  }
});

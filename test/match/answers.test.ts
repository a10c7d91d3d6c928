import test from 'ava';
import fc from 'fast-check';
import { createEngine } from '../../src/match/index.ts';
import {
  type Condition,
  type Event,
  field,
  type Likeness,
  literal,
  type Query,
  type Rule,
} from '../../src/rule/index.ts';
import { flatFields } from './flat-event.ts';
import { ruleOf } from './rules.ts';

const fields = flatFields(
  { 'event.category': 'keyword', name: 'keyword', user: 'keyword', pid: 'keyword' },
  { ofTheMoment: ['pid'] },
);

function equals(name: string, value: string): Condition {
  return { kind: 'compare', op: 'eq', left: field(name), right: literal(value), ignoreCase: false };
}

function all(...args: readonly Condition[]): Condition {
  return { kind: 'and', args };
}

function sequence(...conditions: readonly Condition[]): Query {
  const steps = conditions.map((condition) => ({
    ...{ event: { kind: 'event', category: null, condition } as const, by: [], missing: false },
  }));
  return { kind: 'sequence', steps, maxSpanMs: null, until: null };
}

const RULES: readonly Rule[] = [
  ...[equals('name', 'a'), equals('pid', '1'), all(equals('name', 'a'), equals('pid', '1'))].map(
    (condition, i) => ruleOf(`event ${i}`, { kind: 'event', category: null, condition }),
  ),
  ruleOf('sequence', sequence(equals('name', 'a'), equals('name', 'b'))),
  ruleOf(
    'of the moment',
    sequence(all(equals('name', 'a'), equals('pid', '1')), equals('name', 'b'), equals('pid', '2')),
  ),
];

/** What an engine finds. Events of one name and user have one likeness, when they have any. */
function matches(rows: readonly (readonly [name: string, user: string, pid: string])[], asksAll: boolean) {
  const likenesses = new Map<string, Likeness>();
  const engine = createEngine({ rules: RULES, fields, index: !asksAll });
  const found: string[] = [];
  const report: Parameters<typeof engine.push>[1] = (rule, match) =>
    void found.push(`${rule.id} ${match.events.map(({ serial }) => serial).join(' ')}`);
  for (const [serial, [name, user, pid]] of rows.entries()) {
    const key = `${name} ${user}`;
    const likeness = likenesses.get(key) ?? { number: likenesses.size, frame: { number: likenesses.size } };
    likenesses.set(key, likeness);
    const plain = fields.event({ 'event.category': 'process', name, user, pid }, { timeMs: serial, serial });
    const event: Event = asksAll || user === 'unknown' ? plain : { ...plain, likeness };
    engine.push(event, report);
  }
  engine.advance(Number.POSITIVE_INFINITY, report);
  const evaluated = engine.counters.reduce((sum, counters) => sum + counters.evaluated, 0);
  return { found, evaluated };
}

test('what is known of a likeness is what asking every rule of every event finds', (t) => {
  const row = fc.tuple(
    fc.constantFrom('a', 'b', 'c'),
    fc.constantFrom('x', 'y', 'unknown'),
    fc.constantFrom('1', '2', '3'),
  );
  fc.assert(
    fc.property(fc.array(row, { maxLength: 40 }), (rows) => {
      t.deepEqual(matches(rows, false).found, matches(rows, true).found);
    }),
  );
});

test('rules that ask for no field of the moment are asked once of events that say the same', (t) => {
  const once = matches([['a', 'x', '3']], false).evaluated;
  const again =
    matches(
      [
        ['a', 'x', '3'],
        ['a', 'x', '3'],
      ],
      false,
    ).evaluated - once;
  t.true(again > 0 && again < once, `${once}, then ${again}`);
});

test('another likeness under the same number is another one', (t) => {
  const engine = createEngine({ rules: RULES.slice(0, 1), fields });
  const found: number[] = [];
  for (const [serial, name] of ['c', 'a', 'c', 'a'].entries()) {
    const event = fields.event({ 'event.category': 'process', name }, { serial });
    engine.push(
      { ...event, likeness: { number: 3, frame: { number: 4 } } },
      (_, match) => void found.push(match.events[0]!.serial),
    );
  }
  t.deepEqual(found, [1, 3]);
});

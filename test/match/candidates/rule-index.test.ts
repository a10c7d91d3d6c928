import { existsSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { loadRules } from '../../../src/lang/index.ts';
import { createEngine, type Engine } from '../../../src/match/index.ts';
import { createProcessTree } from '../../../src/process/index.ts';
import {
  type Condition,
  definite,
  type Event,
  field,
  literal,
  not,
  type Pattern,
  type Rule,
  type Scalar,
} from '../../../src/rule/index.ts';
import { createHost, createReader, createSchema } from '../../../src/schema/index.ts';
import { everyday, recordedProcesses, recording, SHARED } from '../../events/recording.ts';
import { leaves } from '../arbitrary.ts';
import { type FlatEvent, flatFields, framed, type Row } from '../flat-event.ts';
import { ruleOf } from '../rules.ts';

const RULES = [join(import.meta.dirname, '..', '..', '..', 'packs', 'rules')];
const CORPUS = ['linux', 'cross-platform'].map((name) => join(SHARED, 'corpus', 'elastic', name));
const SIGMA = join(SHARED, 'corpus', 'sigma');

/** The ids of the rules that match with their events, in order. */
function matchesOf(engine: Engine, events: readonly Event[]): string[] {
  const found: string[] = [];
  for (const event of events) {
    engine.push(event, (rule, match) => {
      found.push(`${rule.id} ${match.events.map(({ serial }) => serial).join(' ')} ${match.keys.join(' ')}`);
    });
  }
  engine.advance(Number.MAX_SAFE_INTEGER, (rule, match) => {
    found.push(`${rule.id} ${match.events.map(({ serial }) => serial).join(' ')} ${match.keys.join(' ')}`);
  });
  return found;
}

function recordedEvents(): readonly Event[] {
  const schema = createSchema('linux');
  const reader = createReader({ schema, tree: createProcessTree(), host: createHost('test') });
  reader.seed(recordedProcesses());
  const rows = [...recording('seed'), ...recording('attack'), ...everyday()];
  return rows.map(({ table, columns }) => reader.read(table, columns)).filter((event) => event !== null);
}

for (const { name, paths } of [
  { name: "Elastic's rules", paths: CORPUS },
  { name: "Sigma's rules", paths: [SIGMA] },
  { name: 'our own rules', paths: RULES },
]) {
  test(`an index finds what asking every rule finds: ${name} on every recorded event`, async (t) => {
    if (!paths.every(existsSync)) {
      t.log(`skipped: no ${paths.join(', ')}`);
      t.pass();
      return;
    }
    const { rules } = await loadRules(paths);
    if (rules.length === 0) {
      t.log('skipped: none of these rules can be read yet');
      t.pass();
      return;
    }
    const { fields } = createSchema('linux');
    const events = recordedEvents();
    const one = createEngine({ rules, fields, learnMs: 0 });
    const all = createEngine({ rules, fields, learnMs: 0, index: false });
    const wanted = matchesOf(all, events);
    t.true(wanted.length > 0);
    t.deepEqual(matchesOf(one, events), wanted);
    const asked = one.counters.reduce((sum, { evaluated }) => sum + evaluated, 0);
    const askable = all.counters.reduce((sum, { evaluated }) => sum + evaluated, 0);
    t.true(asked < askable / 10, `${asked} of ${askable}`);
  });
}

const fields = flatFields(
  {
    'event.category': 'keyword',
    'event.action': 'keyword',
    a: 'keyword',
    b: 'keyword',
    'user.id': 'keyword',
    line: 'keyword',
    ip: 'ip',
    n: 'number',
    words: 'keyword',
  },
  { wordsIn: { line: 'words' }, ofTheLine: ['line', 'words'] },
);
const NAMES = ['event.category', 'event.action', 'a', 'b', 'user.id', 'line', 'ip', 'n', 'none'];

const texts = fc.constantFrom(
  ...['', 'a', 'A', 'ab', 'aB', 'abab', 'ba', 'bab', 'ß', 'ẞ', 'K', 'k', '😀a', '1', '0', '0\na'],
  ...['a b', ' a', 'b ', 'ab ba', 'ba  ab a', 'kK ß', `${'ab'.repeat(20)} a`, 'b'.repeat(20)],
);
const operands = fc.constantFrom(...NAMES).map((name) => field(name));

const { condition } = fc.letrec<{ condition: Condition }>((tie) => ({
  condition: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaves(operands, texts),
    fc
      .tuple(fc.constantFrom('and', 'or'), fc.array(tie('condition'), { maxLength: 4 }))
      .map(([kind, args]): Condition => ({ kind, args })),
    tie('condition').map(not),
    tie('condition').map(definite),
  ),
}));

const value = fc.oneof(
  { weight: 3, arbitrary: fc.oneof({ weight: 4, arbitrary: texts }, fc.constantFrom<Scalar>(1, true)) },
  fc.constant(null),
  fc.array(texts, { maxLength: 3 }),
);
const rows = fc.record(Object.fromEntries(NAMES.map((name) => [name, value]))).map(withWords);

/** Words of `line` stand in `words` in another order, among others. */
function withWords(row: Row): Row {
  const lines = [row['line'] ?? null].flat().filter((one) => typeof one === 'string');
  return { ...row, words: lines.map((one) => ['bb', ...one.split(' ').toReversed(), 'bb'].join(' ')) };
}

const queries = fc.array(fc.record({ category: fc.option(texts), condition }), {
  minLength: 1,
  maxLength: 8,
});

test('an index finds what asking every rule finds: random conditions on random events', (t) => {
  fc.assert(
    fc.property(queries, fc.array(rows, { maxLength: 8 }), (some, given) => {
      const rules: Rule[] = some.map((one, i) => ruleOf(`${i}`, { kind: 'event', ...one }));
      const events = given.map((row, serial) => fields.event(row, { serial, timeMs: serial }));
      t.deepEqual(
        matchesOf(createEngine({ rules, fields }), events),
        matchesOf(createEngine({ rules, fields, index: false }), events),
      );
    }),
    { numRuns: 1000 },
  );
});

/** What an event says but for the line. */
function frameOf({ row: { line, words, ...rest } }: FlatEvent): string {
  return JSON.stringify(rest);
}

test('an index finds what asking every rule finds: random conditions on events that differ in their lines', (t) => {
  const lines = fc.array(value, { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(queries, fc.array(fc.tuple(rows, lines), { maxLength: 3 }), (some, given) => {
      const rules: Rule[] = some.map((one, i) => ruleOf(`${i}`, { kind: 'event', ...one }));
      const events = given
        .flatMap(([row, all]) => all.map((line) => withWords({ ...row, line })))
        .map((row, serial) => fields.event(row, { serial, timeMs: serial }));
      t.deepEqual(
        matchesOf(createEngine({ rules, fields }), framed(events, frameOf)),
        matchesOf(createEngine({ rules, fields, index: false }), events),
      );
    }),
    { numRuns: 1000 },
  );
});

for (const name of ['a', 'user.id', 'line']) {
  test(`an index finds what asking every rule finds: tests of ${name}, and their contraries`, (t) => {
    const letters = fc.constantFrom('a', 'b', 'A', ' ', '0');
    const short = fc.oneof(
      fc.array(letters, { maxLength: 5 }).map((some) => some.join('')),
      fc.constantFrom('0', ''),
    );
    const test = leaves(fc.constant(field(name)), short);
    const values = fc.array(
      fc.oneof(short, fc.array(short, { minLength: 1, maxLength: 2 }), fc.constantFrom(null, 1)),
      { maxLength: 10 },
    );
    fc.assert(
      fc.property(fc.array(test, { minLength: 1, maxLength: 4 }), values, (some, given) => {
        const conditions = some.flatMap((one) => [
          ...[one, not(one), not({ kind: 'or', args: [one, not(one)] }), not(definite(one))],
          not(definite(not(one))),
        ]);
        const rules = conditions.map((condition, i) =>
          ruleOf(`${i}`, { kind: 'event', category: null, condition }),
        );
        const events = given.map((one, serial) => fields.event(withWords({ [name]: one }), { serial }));
        t.deepEqual(
          matchesOf(createEngine({ rules, fields }), framed(events, frameOf)),
          matchesOf(createEngine({ rules, fields, index: false }), events),
        );
      }),
      { numRuns: 1000 },
    );
  });
}

test('more kinds of events than are told apart change nothing', (t) => {
  const rules = ['x5', 'x4000'].map((action) =>
    ruleOf(action, {
      ...{ kind: 'event', category: null },
      condition: {
        ...{ kind: 'compare', op: 'eq', left: field('event.action'), ignoreCase: false },
        right: literal(action),
      },
    }),
  );
  const events = Array.from({ length: 5000 }, (_, i) =>
    fields.event({ 'event.action': `x${i}` }, { serial: i }),
  );
  t.deepEqual(matchesOf(createEngine({ rules, fields }), events), ['x5 5 ', 'x4000 4000 ']);
});

test('a wildcard built to be slow takes time linear in the text', (t) => {
  const anything = { wild: 'anything' as const };
  const slow: Pattern = ['a', 'a', 'a', 'a', 'b'].flatMap((letter) => [anything, letter]);
  const condition: Condition = { kind: 'like', operand: field('a'), patterns: [slow], ignoreCase: true };
  const engine = createEngine({
    rules: [ruleOf('slow', { kind: 'event', category: null, condition })],
    fields,
  });
  let read = 0;
  const long = 'a'.repeat(100_000);
  const events = Array.from({ length: 20 }, (_, serial) => ({
    ...{ timeMs: 0, rank: 0, serial },
    get: () => {
      read += 1;
      return long;
    },
  }));
  t.deepEqual(matchesOf(engine, events), []);
  t.true(read < 20 * 20);
  t.deepEqual(matchesOf(engine, [fields.event({ a: `${long}b` })]), ['slow 0 ']);
});

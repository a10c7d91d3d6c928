import test from 'ava';
import fc from 'fast-check';
import { createEngine } from '../../src/match/index.ts';
import { searchSequences } from './machines/sequence-oracle.ts';
import {
  describe,
  fields,
  kinds,
  parseEvents,
  queries,
  sequence,
  step,
  users,
} from './machines/sequence-query.ts';
import { ruleOf } from './rules.ts';

/** Many of one time, as osquery's rows of one second are, and each up to two seconds late. */
const arrivals = fc
  .array(fc.record({ kind: kinds, user: users, afterMs: fc.constantFrom(0, 0, 0, 1), lagMs: fc.nat(2) }), {
    maxLength: 40,
  })
  .map((rows) => {
    let timeMs = 0;
    return rows
      .map(({ kind, user, afterMs, lagMs }, serial) => {
        timeMs += afterMs;
        const event = fields.event({ kind, user, word: `${kind}${timeMs}/${serial}` }, { timeMs, serial });
        return { event, atMs: timeMs + lagMs };
      })
      .toSorted((a, b) => a.atMs - b.atMs)
      .map(({ event }) => event);
  });

test('rules that want the same events in their order each find what a search over all events gives', (t) => {
  fc.assert(
    fc.property(fc.array(queries, { minLength: 2, maxLength: 4 }), arrivals, (some, events) => {
      const rules = some.map((query, i) => ruleOf(String(i), query));
      const engine = createEngine({ rules, fields, categoryField: 'kind', slackMs: 3 });
      const found: string[] = [];
      const report: Parameters<typeof engine.push>[1] = (rule, match) =>
        void found.push(`${rule.id}: ${describe(match)}`);
      for (const event of events) engine.push(event, report);
      engine.advance(Number.MAX_SAFE_INTEGER, report);
      const wanted = some.flatMap((query, i) =>
        searchSequences(query, events, fields).map((match) => `${i}: ${describe(match)}`),
      );
      t.deepEqual(found.sort(), wanted.sort());
    }),
    { numRuns: 2000 },
  );
});

test('a callback that throws costs no other event of its time and no other rule', (t) => {
  const query = sequence([step('a'), step('b')]);
  const rules = ['first', 'second'].map((id) => ruleOf(id, query));
  const engine = createEngine({ rules, fields, categoryField: 'kind', slackMs: 0 });
  const told: string[] = [];
  const report: Parameters<typeof engine.push>[1] = (rule, match) => {
    told.push(`${rule.id}: ${describe(match)}`);
    throw new Error('store is full');
  };
  for (const event of parseEvents('a1x a1y b2x b2y')) engine.push(event, report);
  t.throws(() => engine.advance(10, report), { message: 'store is full' });
  const matches = ['a1x b2x by ["x"]', 'a1y b2y by ["y"]'];
  t.deepEqual(
    told.sort(),
    rules.flatMap(({ id }) => matches.map((match) => `${id}: ${match}`)),
  );
});

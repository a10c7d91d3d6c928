import test from 'ava';
import fc from 'fast-check';
import { createEngine, type Engine } from '../../../src/match/index.ts';
import type { Event, EventQuery } from '../../../src/rule/index.ts';
import { ruleOf } from '../rules.ts';
import { searchSequences } from './sequence-oracle.ts';
import { codecOf, describe, fields, queries, users } from './sequence-query.ts';

/** What kinds of events each source has. */
const KINDS: Readonly<Record<string, readonly string[]>> = { first: ['a', 'b'], second: ['b', 'c'] };
const SLACK_MS = 2;

/** Events of both sources, each in its own order, and the one as far behind the other as the slack allows. */
const arrivals = fc
  .array(
    fc.record({
      source: fc.constantFrom(...Object.keys(KINDS)),
      at: fc.nat(1),
      user: users,
      afterMs: fc.nat(3),
      lagMs: fc.nat(SLACK_MS),
    }),
    { maxLength: 25 },
  )
  .map((rows) => {
    let timeMs = 0;
    const comesMs = new Map<string, number>();
    return rows.map(({ source, at, user, afterMs, lagMs }, serial) => {
      timeMs += afterMs;
      const rank = Object.keys(KINDS).indexOf(source);
      const kind = KINDS[source]![at]!;
      const row = { kind, user, word: `${source}${kind}${timeMs}/${serial}` };
      const atMs = Math.max(timeMs + lagMs, comesMs.get(source) ?? 0);
      comesMs.set(source, Math.min(atMs, timeMs + SLACK_MS));
      return {
        event: { ...fields.event(row, { timeMs, rank, serial }), source },
        atMs: comesMs.get(source)!,
      };
    });
  })
  .map((events) => events.toSorted((a, b) => a.atMs - b.atMs));

function sourcesOf({ condition }: EventQuery): readonly string[] {
  const kinds = condition.kind === 'oneOf' ? condition.values : [];
  return Object.keys(KINDS).filter((source) => KINDS[source]!.some((kind) => kinds.includes(kind)));
}

test('an event that nothing can lead to is let go, and what is found stays the same', (t) => {
  let [waited, waitedAll] = [0, 0];
  fc.assert(
    fc.property(queries, arrivals, fc.infiniteStream(fc.nat(9)), (query, arriving, chances) => {
      const rules = [ruleOf('r', query)];
      const make = (): Engine =>
        createEngine({ rules, fields, categoryField: 'kind', slackMs: SLACK_MS + 1, sourcesOf });
      const events: readonly Event[] = arriving.map(({ event }) => event);
      const codec = codecOf(arriving.map(({ event }) => event));
      let engine = make();
      const every = make();
      const found: string[] = [];
      for (const { event, atMs } of arriving) {
        const chance = chances.next().value;
        if (chance === 0) engine.advance(atMs - SLACK_MS, (_, match) => found.push(describe(match)));
        if (chance > 5) {
          const saved = JSON.parse(JSON.stringify(engine.save(codec)));
          engine = make();
          t.deepEqual(engine.load(saved, codec), []);
        }
        engine.push(event, (_, match) => found.push(describe(match)), true);
        every.push(event, () => {});
        waited += engine.waiting;
        waitedAll += every.waiting;
      }
      engine.advance(Number.MAX_SAFE_INTEGER, (_, match) => found.push(describe(match)));
      t.deepEqual(found.sort(), searchSequences(query, events, fields).map(describe).sort());
    }),
    { numRuns: 5000 },
  );
  t.log(`${waited} events waited at a time, ${waitedAll} where none is let go`);
  t.true(waited < 0.95 * waitedAll);
});

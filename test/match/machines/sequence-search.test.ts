import test from 'ava';
import fc from 'fast-check';
import type { Match } from '../../../src/match/index.ts';
import { field } from '../../../src/rule/index.ts';
import type { FlatEvent } from '../flat-event.ts';
import { searchSequences } from './sequence-oracle.ts';
import { codecOf, fields, machineOf, sequence, step } from './sequence-query.ts';

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

import test from 'ava';
import fc from 'fast-check';
import type { Match } from '../../../src/match/index.ts';
import { searchSequences } from './sequence-oracle.ts';
import { codecOf, describe, fields, kinds, machineOf, queries, users } from './sequence-query.ts';

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

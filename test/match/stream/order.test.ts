import test from 'ava';
import fc from 'fast-check';
import { Feed, type Place } from '../../../src/match/stream/feed.ts';
import { inOrder } from '../../../src/match/stream/in-order.ts';
import { compareEvents } from '../../../src/match/stream/order.ts';
import { flatFields } from '../flat-event.ts';
import { countSteps } from '../steps.ts';

const fields = flatFields({});

type Item = ReturnType<typeof fields.event>;

const rows = fc.array(
  fc.record({ afterMs: fc.nat(3), lateMs: fc.constantFrom(0, 0, 0, 2, 9, 40), reason: fc.nat(2) }),
  { maxLength: 300, size: 'max' },
);

/** A feed whose events come out in a list, in their order within each time. */
function listing(options: { readonly slackMs: number; readonly mostWaiting?: number }) {
  const feed = new Feed<number>({ mostWaiting: 100_000, ...options });
  const placed: { readonly event: Item; readonly reason: number }[] = [];
  const place: Place<number> = ({ groups }) => {
    const items = [...groups].flatMap(([reason, events]) =>
      events.map((event) => ({ event: event as Item, reason })),
    );
    placed.push(...inOrder(items, (a, b) => a === b));
  };
  return { feed, placed, place };
}

const serialsOf = (some: readonly { readonly event: Item }[]): readonly number[] =>
  some.map(({ event }) => event.serial).sort((a, b) => a - b);

test('what waits comes out in order, each once and for its own reason, whatever comes late', (t) => {
  fc.assert(
    fc.property(rows, (some) => {
      const { feed, placed, place } = listing({ slackMs: 5 });
      const all: { readonly event: Item; readonly reason: number }[] = [];
      const late: Item[] = [];
      let timeMs = 100;
      for (const [serial, { afterMs, lateMs, reason }] of some.entries()) {
        timeMs += afterMs;
        const event = fields.event({}, { timeMs: timeMs - lateMs, serial });
        feed.clock.see(event.timeMs);
        if (feed.isPast(event.timeMs)) late.push(event);
        else {
          feed.push(event, reason, place);
          all.push({ event, reason });
        }
        feed.settle(place);
        const due = all.filter((one) => one.event.timeMs < feed.clock.nowMs - 5);
        t.deepEqual(serialsOf(placed), serialsOf(due));
        t.is(feed.size, all.length - placed.length);
      }
      feed.advance(Number.POSITIVE_INFINITY, place);
      t.deepEqual(
        placed,
        all.toSorted((a, b) => compareEvents(a.event, b.event)),
      );
      for (const event of late) t.true(event.timeMs < timeMs - 5);
    }),
    { numRuns: 300 },
  );
});

test('of rows with one place in the order, those that are the same are given once', (t) => {
  const at = (serial: number) => ({ event: fields.event({}, { timeMs: 1, serial }) });
  const [first, second, third] = [at(1), at(1), at(2)];
  t.deepEqual([...inOrder([third, first, second, first], (a, b) => a === b)], [first, second, third]);
});

test('where too many wait, all of the oldest time are handed on', (t) => {
  const { feed, placed, place } = listing({ slackMs: 1000, mostWaiting: 4 });
  for (const [serial, timeMs] of [9, 7, 8, 7, 9].entries())
    feed.push(fields.event({}, { timeMs, serial }), 0, place);
  t.deepEqual(
    placed.map(({ event }) => event.serial),
    [1, 3],
  );
  t.is(feed.size, 3);
});

test('an event whose time was handed on early, as too many waited, is handed on as well', (t) => {
  const { feed, placed, place } = listing({ slackMs: 1000, mostWaiting: 1 });
  for (const serial of [0, 1, 2, 3, 4]) feed.push(fields.event({}, { timeMs: 7, serial }), 0, place);
  feed.advance(1000, place);
  t.deepEqual(
    placed.map(({ event }) => event.serial),
    [0, 1, 2, 3, 4],
  );
  t.is(feed.size, 0);
});

test('an event takes as many steps however many wait, in their order or not', (t) => {
  const stepsFor = (waiting: number, offsetMs: number): number => {
    const { feed, place } = listing({ slackMs: 1e9 });
    const push = (timeMs: number): void => feed.push(fields.event({}, { timeMs }), 0, place);
    // Whole seconds, as osquery gives them, of which there are few however many events wait.
    for (let i = 0; i < waiting; i += 1) push((i % 100) * 1000);
    return countSteps('/src/match/', () => {
      for (let i = 0; i < 500; i += 1) push(((i + offsetMs) % 100) * 1000);
    });
  };
  for (const offsetMs of [0, 50]) {
    const [few, many] = [stepsFor(600, offsetMs), stepsFor(20_000, offsetMs)];
    t.log(`${few / 500} and ${many / 500} steps an event`);
    t.true(few > 500 && many < 1.2 * few);
  }
});

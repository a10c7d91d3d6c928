import test from 'ava';
import fc from 'fast-check';
import { compareEvents, OrderBuffer } from '../../../src/match/stream/order.ts';
import { flatFields } from '../flat-event.ts';
import { countSteps } from '../steps.ts';

const fields = flatFields({});

type Item = { readonly event: ReturnType<typeof fields.event> };

const rows = fc.array(
  fc.record({ afterMs: fc.nat(3), lateMs: fc.constantFrom(0, 0, 0, 2, 9, 40), take: fc.boolean() }),
  { maxLength: 300, size: 'max' },
);

test('what waits comes out in order, each once', (t) => {
  fc.assert(
    fc.property(rows, (some) => {
      const buffer = new OrderBuffer<Item>((a, b) => a === b);
      let list: Item[] = [];
      let timeMs = 0;
      for (const [serial, { afterMs, lateMs, take }] of some.entries()) {
        timeMs += afterMs;
        const item = { event: fields.event({}, { timeMs: timeMs - lateMs, serial }) };
        buffer.push(item);
        list.push(item);
        if (!take) continue;
        list.sort((a, b) => compareEvents(a.event, b.event));
        const due = list.filter(({ event }) => event.timeMs < timeMs - 5);
        list = list.slice(due.length);
        for (const one of due) t.is(buffer.take(timeMs - 5), one);
        t.is(buffer.take(timeMs - 5), undefined);
        t.is(buffer.size, list.length);
      }
      const serials = (all: typeof buffer.waiting): readonly number[] =>
        all.map(({ event }) => event.serial).sort((a, b) => a - b);
      t.deepEqual(serials(buffer.waiting), serials(list));
    }),
    { numRuns: 300 },
  );
});

test('streams that are each in order, scanned one after the other, leave as one, also more than there are lines', (t) => {
  for (const streams of [1, 2, 4, 9]) {
    const buffer = new OrderBuffer<Item>(() => false);
    const all: Item[] = [];
    for (let scan = 0; scan < 20; scan += 1) {
      for (let rank = 0; rank < streams; rank += 1) {
        for (let i = 0; i < 10; i += 1) {
          all.push({ event: fields.event({}, { timeMs: scan * 10 + i, serial: all.length, rank }) });
        }
      }
    }
    for (const item of all) buffer.push(item);
    for (const item of all.toSorted((a, b) => compareEvents(a.event, b.event))) t.is(buffer.take(1000), item);
    t.is(buffer.size, 0);
  }
});

test('an event that comes in order takes as many steps however many wait, also beside late ones', (t) => {
  const stepsFor = (waiting: number): number => {
    const buffer = new OrderBuffer<Item>(() => false);
    const push = (timeMs: number): void => buffer.push({ event: fields.event({}, { timeMs }) });
    for (let i = 0; i < waiting; i += 1) push(i);
    for (let i = 0; i < waiting; i += 1) push(waiting - 1.5);
    return countSteps('/src/match/', () => {
      for (let i = 0; i < 500; i += 1) {
        push(waiting + i);
        buffer.take(waiting);
      }
    });
  };
  const [few, many] = [stepsFor(600), stepsFor(20_000)];
  t.log(`${few / 500} and ${many / 500} steps an event`);
  t.true(few > 500 && many < 1.2 * few);
});

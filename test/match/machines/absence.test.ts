import test from 'ava';
import fc from 'fast-check';
import { Absences, type Awaiting } from '../../../src/match/machines/absence.ts';
import { flatFields } from '../flat-event.ts';
import { countSteps } from '../steps.ts';

const fields = flatFields({});
const eventAt = (timeMs: number) => fields.event({}, { timeMs });

function awaiting(number: number, key: string, endMs: number, deadlineMs: number): Awaiting {
  return { key, match: { events: [], keys: [number] }, endMs, deadlineMs };
}

const nameOf = ({ match }: Pick<Awaiting, 'match'>): unknown => match.keys[0];

/** What is done next, after so much time. */
const actions = fc.array(
  fc.record({
    act: fc.oneof(
      { weight: 5, arbitrary: fc.constant('await' as const) },
      { weight: 2, arbitrary: fc.constantFrom('see' as const, 'settle' as const) },
      fc.constant('evict' as const),
    ),
    key: fc.constantFrom('x', 'y', 'z'),
    afterMs: fc.nat(2),
    lateMs: fc.constantFrom(0, 0, 0, 3),
    waitMs: fc.integer({ min: 1, max: 90 }),
  }),
  { maxLength: 600, size: 'max' },
);

test('waiting sequences end as in a list that is searched and sorted anew each time', (t) => {
  let settled = 0;
  fc.assert(
    fc.property(actions, (some) => {
      const absences = new Absences();
      let list: Awaiting[] = [];
      let nowMs = 0;
      const inOrder = (): Awaiting[] => list.toSorted((a, b) => a.deadlineMs - b.deadlineMs);
      for (const [number, { act, key, afterMs, lateMs, waitMs }] of some.entries()) {
        nowMs += afterMs;
        const found: unknown[] = [];
        absences.settle(nowMs, (match) => found.push(nameOf({ match })));
        const due = inOrder().filter(({ deadlineMs }) => deadlineMs < nowMs);
        t.deepEqual(found, due.map(nameOf));
        settled += due.length;
        list = list.filter((one) => !due.includes(one));
        const timeMs = nowMs - lateMs;
        if (act === 'await') {
          const one = awaiting(number, key, timeMs, nowMs + waitMs);
          absences.await(one);
          list.push(one);
        } else if (act === 'see') {
          absences.see(key, eventAt(timeMs));
          list = list.filter((one) => one.key !== key || one.endMs >= timeMs);
        } else if (act === 'evict') {
          absences.evict();
          const [first] = inOrder();
          list = list.filter((one) => one !== first);
        }
        t.is(absences.size, list.length);
      }
      t.deepEqual(absences.waiting.map(nameOf), inOrder().map(nameOf));
    }),
    { numRuns: 200 },
  );
  t.true(settled > 1000);
});

const orders: Readonly<Record<string, (i: number, count: number) => Awaiting>> = {
  'the last to be complete is due first': (i, count) => awaiting(i, `${i}`, 0, 2 * count - i),
  'the last to be complete is due first, all with one key': (i, count) => awaiting(i, '', 0, 2 * count - i),
  'all are complete at once, with one key': (i, count) => awaiting(i, '', 5, count),
};

for (const [name, make] of Object.entries(orders)) {
  test.serial(`ten times as many waiting sequences take about ten times the steps: ${name}`, (t) => {
    const stepsFor = (count: number): number => {
      const absences = new Absences();
      const seen = eventAt(5);
      return countSteps('/src/match/', () => {
        for (let i = 0; i < count; i += 1) absences.await(make(i, count));
        for (let i = 0; i < count; i += 1) absences.see('', seen);
        for (let now = 0; now < 2 * count; now += 1) absences.settle(now, () => {});
        while (absences.size > 0) absences.evict();
      });
    };
    const [some, many] = [stepsFor(1000), stepsFor(10_000)];
    t.log(`${Math.round(some / 1000)} steps each for 1,000, ${Math.round(many / 10_000)} for 10,000`);
    t.true(many > 10_000 && many < 10 * some * 2);
  });
}

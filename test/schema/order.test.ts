import test from 'ava';
import fc from 'fast-check';
import { createStreamOrder, type Placement } from '../../src/schema/index.ts';

const T = 1_795_490_000_000;
const SECOND = 1_000;

const cases: readonly {
  name: string;
  rows: readonly (readonly [number, number])[];
  want: readonly Placement[];
}[] = [
  {
    name: 'rows in order',
    rows: [
      [7, 0],
      [8, 0],
      [9, 1],
    ],
    want: ['next', 'next', 'next'],
  },
  {
    name: 'a gap and a row that fills a part of it',
    rows: [
      [1, 0],
      [5, 1],
      [3, 0],
      [3, 0],
    ],
    want: ['next', 'gap', 'late', 'duplicate'],
  },
  {
    name: 'rows that come again',
    rows: [
      [1, 0],
      [2, 1],
      [1, 0],
      [2, 1],
      [3, 2],
    ],
    want: ['next', 'next', 'duplicate', 'duplicate', 'next'],
  },
  {
    name: 'a database that began anew',
    rows: [
      [500, 0],
      [501, 10],
      [1, 30],
      [2, 30],
    ],
    want: ['next', 'next', 'reset', 'next'],
  },
  {
    name: 'a database that began anew with the clock set back',
    rows: [
      [1, 0],
      [2, 1],
      [3, 2],
      [1, -100_000],
      [2, -100_000],
    ],
    want: ['next', 'next', 'next', 'reset', 'next'],
  },
  {
    name: 'a row without an eid',
    rows: [
      [0, 0],
      [0, 0],
    ],
    want: ['next', 'next'],
  },
];
for (const { name, rows, want } of cases) {
  test(name, (t) => {
    const order = createStreamOrder();
    t.deepEqual(
      rows.map(([serial, seconds]) => order.place(serial, T + seconds * SECOND)),
      want,
    );
  });
}

test('gaps say what is missing until it comes or is given up', (t) => {
  const order = createStreamOrder();
  for (const serial of [1, 5, 9]) order.place(serial, T);
  order.place(3, T);
  t.deepEqual(
    order.gaps.map(({ from, to }) => [from, to]),
    [
      [2, 2],
      [4, 4],
      [6, 8],
    ],
  );
  order.abandon(4, 7);
  t.deepEqual(
    order.gaps.map(({ from, to }) => [from, to]),
    [
      [2, 2],
      [8, 8],
    ],
  );
  t.like(order.health, { rows: 4, missing: 6, filled: 1, lost: 3 });
  t.is(order.place(6, T), 'late', 'what was given up and comes all the same is new');
  t.is(order.place(6, T), 'duplicate');
  t.like(order.health, { missing: 6, filled: 2, lost: 2 });
});

test('a clock that was set back is counted and loses nothing', (t) => {
  const order = createStreamOrder();
  order.place(1, T);
  t.is(order.place(2, T - 1e9), 'next');
  t.is(order.place(3, T + 1), 'next');
  t.is(order.health.timeBackwards, 1);
});

test('a stream that was said where to begin misses what did not come since, its very first row too', (t) => {
  const order = createStreamOrder();
  order.begin(0, T);
  t.is(order.place(3, T), 'gap');
  t.deepEqual(order.gaps, [{ from: 1, to: 2, afterMs: T }]);
  order.begin(70, T);
  t.is(order.position, 3, 'it has begun');
});

test('rows that are left out on purpose are no gap', (t) => {
  const order = createStreamOrder();
  order.place(1, T);
  t.is(order.place(5, T, { sparse: true }), 'next');
  t.is(order.place(9, T), 'gap');
  t.is(order.health.missing, 3);
});

test('a row that was looked for is no sign of a new beginning, whatever its time', (t) => {
  const order = createStreamOrder();
  for (const serial of [1, 2, 5]) order.place(serial, T + serial * SECOND);
  t.true(order.isReset(3, 31_536_000_000));
  t.is(order.place(3, 31_536_000_000, { sought: true }), 'late');
  t.deepEqual(order.gaps, [{ from: 4, to: 4, afterMs: T + 2 * SECOND }]);
});

test('the state comes back the same, and no other is taken', (t) => {
  const order = createStreamOrder();
  for (const serial of [1, 5, 9, 3]) order.place(serial, T + serial * SECOND);
  const state: unknown = JSON.parse(JSON.stringify(order.save()));
  const other = createStreamOrder();
  t.true(other.load(state));
  t.deepEqual(other.gaps, order.gaps);
  t.deepEqual(other.health, order.health);
  t.is(other.place(10, T + 10 * SECOND), 'next');
  for (const wrong of [null, 1, {}, { ...(state as object), gaps: [1] }, { ...(state as object), stride: 0 }])
    t.false(other.load(wrong));
});

test('whatever was lost or came again, each row is taken once and what is missing is known', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ kept: fc.boolean(), again: fc.boolean() }), { minLength: 1, maxLength: 200 }),
      fc.array(fc.nat(199), { maxLength: 30 }),
      (rows, later) => {
        const order = createStreamOrder();
        const taken = new Set<number>();
        const take = (serial: number): void => {
          const placed = order.place(serial, T + serial * SECOND);
          t.is(placed === 'duplicate', taken.has(serial) || serial < [...taken][0]!, String(serial));
          taken.add(serial);
        };
        order.place(1, T + SECOND);
        taken.add(1);
        for (const [index, { kept, again }] of rows.entries()) {
          if (kept) take(index + 2);
          if (kept && again) take(index + 2);
        }
        for (const serial of later) if (serial + 1 <= order.position) take(serial + 1);
        const missing = order.gaps.flatMap(({ from, to }) =>
          Array.from({ length: to - from + 1 }, (_, n) => from + n),
        );
        const wanted = Array.from({ length: order.position }, (_, n) => n + 1).filter(
          (serial) => !taken.has(serial),
        );
        t.deepEqual(
          missing.toSorted((a, b) => a - b),
          wanted,
        );
        t.is(order.health.resets, 0);
      },
    ),
  );
});

test('memory is bounded: the oldest gaps are given up and counted', (t) => {
  const order = createStreamOrder();
  for (let serial = 1; serial < 10_000; serial += 2) order.place(serial, T + serial);
  t.is(order.gaps.length, 256);
  t.is(order.health.lost + order.gaps.length, order.health.missing);
  t.true(JSON.stringify(order.save()).length < 30_000);
});

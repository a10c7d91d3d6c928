import test from 'ava';
import fc from 'fast-check';
import type { Match } from '../../../src/match/index.ts';
import { createSuppressor, type Suppressor } from '../../../src/match/machines/suppression.ts';
import type { AlertSuppression } from '../../../src/rule/index.ts';
import { flatFields, type Row } from '../flat-event.ts';

const fields = flatFields({ host: 'keyword', user: 'keyword', args: 'keyword' });

function rule(change: Partial<AlertSuppression> = {}): AlertSuppression {
  return { by: ['host'], durationMs: 100, missing: 'suppress', ...change };
}

function match(timeMs: number, row: Row): Match {
  return { events: [fields.event(row, { timeMs })], keys: [] };
}

/** Pushes batches of `[time, row]` and writes each alert as `time: values +hidden`. */
function alerts(
  suppressor: Suppressor,
  batches: readonly (readonly (readonly [number, Row])[])[],
): readonly string[] {
  const found: string[] = [];
  for (const batch of batches) {
    for (const [timeMs, row] of batch) suppressor.push(match(timeMs, row));
    suppressor.flush(({ events }, { values, hidden }) => {
      found.push(`${events[0]?.timeMs}: ${values.map((value) => value ?? '-').join()} +${hidden}`);
    });
  }
  return found;
}

const a = { host: 'a' };
const b = { host: 'b' };

const CASES: readonly {
  name: string;
  rule?: Partial<AlertSuppression>;
  batches: readonly (readonly (readonly [number, Row])[])[];
  want: readonly string[];
}[] = [
  {
    name: 'matches of one group in one batch are one alert that counts the others',
    batches: [
      [
        [0, a],
        [1, a],
        [2, a],
      ],
    ],
    want: ['0: a +2'],
  },
  {
    name: 'groups are apart',
    batches: [
      [
        [0, a],
        [1, b],
        [2, a],
      ],
    ],
    want: ['0: a +1', '1: b +0'],
  },
  {
    name: 'what a later batch hides, the next alert of the group tells',
    batches: [
      [[0, a]],
      [
        [50, a],
        [60, a],
      ],
      [
        [101, a],
        [102, a],
      ],
    ],
    want: ['0: a +0', '101: a +3'],
  },
  {
    name: 'the time counts from the alert, its end included',
    batches: [[[0, a]], [[100, a]], [[101, a]]],
    want: ['0: a +0', '101: a +1'],
  },
  {
    name: 'the time does not slide with what is hidden',
    batches: [
      [
        [0, a],
        [90, a],
        [101, a],
      ],
    ],
    want: ['0: a +1', '101: a +0'],
  },
  {
    name: 'without a duration each batch has an alert',
    rule: { durationMs: null },
    batches: [
      [
        [0, a],
        [1, a],
        [500, a],
      ],
      [[501, a]],
    ],
    want: ['0: a +2', '501: a +0'],
  },
  {
    name: 'several fields make a group together',
    rule: { by: ['host', 'user'] },
    batches: [
      [
        [0, { host: 'a', user: 'u' }],
        [1, { host: 'a', user: 'v' }],
        [2, { host: 'a', user: 'u' }],
      ],
    ],
    want: ['0: a,u +1', '1: a,v +0'],
  },
  {
    name: 'those that lack a field are a group',
    rule: { by: ['host', 'user'] },
    batches: [
      [
        [0, a],
        [1, a],
        [2, b],
      ],
    ],
    want: ['0: a,- +1', '2: b,- +0'],
  },
  {
    name: 'or always alerts, where the rule says so',
    rule: { by: ['host', 'user'], missing: 'doNotSuppress' },
    batches: [
      [
        [0, a],
        [1, a],
        [2, { host: 'a', user: 'u' }],
        [3, { host: 'a', user: 'u' }],
      ],
    ],
    want: ['0: a,- +0', '1: a,- +0', '2: a,u +1'],
  },
  {
    name: 'a field that no event has is lacking',
    rule: { by: ['no.such'] },
    batches: [
      [
        [0, a],
        [1, b],
      ],
    ],
    want: ['0: - +1'],
  },
  {
    name: 'several values are one, in any order',
    rule: { by: ['args'] },
    batches: [
      [
        [0, { args: ['x', 'y'] }],
        [1, { args: ['y', 'x'] }],
        [2, { args: 'x' }],
      ],
    ],
    want: ['0: x,y +1', '2: x +0'],
  },
  {
    name: 'a match that comes late is hidden by the alert after it',
    batches: [[[50, a]], [[40, a]]],
    want: ['50: a +0'],
  },
];

for (const { name, rule: change, batches, want } of CASES) {
  test(name, (t) => {
    t.deepEqual(alerts(createSuppressor(rule(change), fields), batches), want);
  });
}

test("values come from the match's keys where the rule counts by the field", (t) => {
  const suppressor = createSuppressor(rule({ by: ['args', 'host'] }), fields, {
    keyFields: ['host', 'args'],
  });
  const events = [fields.event({ host: 'a', args: ['x', 'y'] }, { timeMs: 0 })];
  for (const arg of ['x', 'y', 'x']) suppressor.push({ events, keys: ['a', arg] });
  const found: unknown[] = [];
  suppressor.flush((_, suppressed) => found.push(suppressed));
  t.deepEqual(found, [
    { values: ['x', 'a'], hidden: 1 },
    { values: ['y', 'a'], hidden: 0 },
  ]);
});

const value = fc.constantFrom('a', 'b', null);
const batches = fc.array(
  fc.array(fc.record({ afterMs: fc.nat({ max: 60 }), host: value, user: value }), { maxLength: 6 }),
  { maxLength: 12 },
);
const anyRule: fc.Arbitrary<AlertSuppression> = fc.record({
  by: fc.subarray(['host', 'user'], { minLength: 1 }),
  durationMs: fc.option(fc.nat({ max: 150 })),
  missing: fc.constantFrom('suppress' as const, 'doNotSuppress' as const),
});

test('restarted between any batches, it alerts as a plain reading of the rule, and every match is told or counted', (t) => {
  fc.assert(
    fc.property(anyRule, batches, fc.array(fc.boolean()), (suppression, steps, restarts) => {
      let timeMs = 0;
      let matches = 0;
      let told = 0;
      let suppressor = createSuppressor(suppression, fields);
      const lastAlertMs = new Map<string, number>();
      const found: number[] = [];
      const want: number[] = [];
      for (const [i, batch] of steps.entries()) {
        if (suppression.durationMs === null) lastAlertMs.clear();
        for (const { afterMs, host, user } of batch) {
          timeMs += afterMs + 1;
          matches += 1;
          suppressor.push(match(timeMs, { host, user }));
          const values = suppression.by.map((name) => ({ host, user })[name] ?? null);
          const last = lastAlertMs.get(values.join());
          const isFree = suppression.missing === 'doNotSuppress' && values.includes(null);
          if (
            !isFree &&
            last !== undefined &&
            timeMs - last <= (suppression.durationMs ?? Number.POSITIVE_INFINITY)
          )
            continue;
          want.push(timeMs);
          if (!isFree) lastAlertMs.set(values.join(), timeMs);
        }
        suppressor.flush(({ events }, { hidden }) => {
          found.push(events[0]!.timeMs);
          told += hidden;
        });
        if (restarts[i] === true) {
          const state = JSON.parse(JSON.stringify(suppressor.save()));
          suppressor = createSuppressor(suppression, fields);
          t.true(suppressor.load(state));
        }
      }
      t.deepEqual(found, want);
      t.is(found.length + suppressor.hidden, matches);
      t.true(told <= suppressor.hidden);
      if (suppression.durationMs === null) t.is(told, suppressor.hidden);
    }),
    { numRuns: 1000 },
  );
});

test('over the bound the group whose alert is oldest is given up, counted, and alerts again', (t) => {
  const suppressor = createSuppressor(rule({ durationMs: 1000 }), fields, { mostHeld: 2 });
  const rows = ['a', 'b', 'c', 'b', 'a'].map((host, timeMs): [number, Row][] => [[timeMs, { host }]]);
  t.deepEqual(alerts(suppressor, rows), ['0: a +0', '1: b +0', '2: c +0', '4: a +0']);
  t.is(suppressor.held, 2);
  t.is(suppressor.evicted, 2);
});

test('a group that alerted anew is not the oldest', (t) => {
  const suppressor = createSuppressor(rule({ durationMs: 10 }), fields, { mostHeld: 2 });
  const rows: readonly [number, Row][] = [
    [0, a],
    [1, b],
    [11, a],
    [12, { host: 'c' }],
    [13, a],
  ];
  t.deepEqual(
    alerts(
      suppressor,
      rows.map((one) => [one]),
    ),
    ['0: a +0', '1: b +0', '11: a +0', '12: c +0'],
  );
});

test('the state of another suppression is refused', (t) => {
  const state = createSuppressor(rule(), fields).save();
  t.true(createSuppressor(rule(), fields).load(state));
  t.false(createSuppressor(rule({ durationMs: null }), fields).load(state));
  t.false(createSuppressor(rule(), fields).load(null));
});

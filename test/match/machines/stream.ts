import fc from 'fast-check';
import type { EventCodec, Machine, Match } from '../../../src/match/index.ts';
import type { Scalar, Value } from '../../../src/rule/index.ts';
import type { FlatEvent, FlatFields, Row } from '../flat-event.ts';
import { drive } from './drive.ts';

/** What one test of a machine pushes, and when it interrupts. */
export interface Schedule {
  /** In the order in which they come. */
  readonly arrivals: readonly FlatEvent[];
  /** Before which arrivals the machine is told how late it is. */
  readonly told: readonly number[];
  /** Before which arrivals the machine is saved, thrown away and loaded. */
  readonly restarts: readonly number[];
  /** What the machine is told before the first of them; nothing unless given. */
  readonly beganMs?: number;
}

export const SLACK_MS = 5;

/** Streams of rows, each late by less than the slack, told of the time and restarted at any moment. */
export function schedules(fields: FlatFields, row: fc.Arbitrary<Row>): fc.Arbitrary<Schedule> {
  const step = fc.record({
    row,
    afterMs: fc.integer({ min: 0, max: 6 }),
    lateMs: fc.integer({ min: 0, max: SLACK_MS - 1 }),
    isTold: fc.boolean(),
    isRestarted: fc.nat({ max: 9 }).map((n) => n === 0),
  });
  return fc.array(step, { maxLength: 40, size: 'max' }).map((steps) => {
    let timeMs = 1000;
    const timed = steps.map((one, serial) => {
      timeMs += one.afterMs;
      return { ...one, event: fields.event(one.row, { timeMs, serial }), comesMs: timeMs + one.lateMs };
    });
    const arriving = timed.toSorted((a, b) => a.comesMs - b.comesMs);
    const numbers = (is: (one: (typeof arriving)[number]) => boolean): readonly number[] =>
      arriving.flatMap((one, i) => (is(one) ? [i] : []));
    return {
      arrivals: arriving.map(({ event }) => event),
      told: numbers(({ isTold }) => isTold),
      restarts: numbers(({ isRestarted }) => isRestarted),
    };
  });
}

export function codecOf(fields: FlatFields): EventCodec {
  return {
    save: (event) => {
      const { row, timeMs, rank, serial } = event as FlatEvent;
      return { row, timeMs, rank, serial };
    },
    load: (saved) => {
      const { row, ...order } = saved as FlatEvent;
      return fields.event(row, order);
    },
  };
}

/** Runs a machine over a schedule to its end. A saved state goes through JSON text. */
export function run(make: () => Machine, fields: FlatFields, schedule: Schedule): readonly Match[] {
  const found: Match[] = [];
  const codec = codecOf(fields);
  const made = () => drive(make(), { fields, slackMs: SLACK_MS });
  let machine = made();
  const { arrivals, told, restarts, beganMs } = schedule;
  if (beganMs !== undefined) machine.advance(beganMs, () => {});
  for (const [i, event] of arrivals.entries()) {
    if (told.includes(i)) {
      const oldest = Math.min(...arrivals.slice(i).map(({ timeMs }) => timeMs));
      machine.advance(oldest, (match) => found.push(match));
    }
    if (restarts.includes(i)) {
      const state = JSON.parse(JSON.stringify(machine.save(codec)));
      machine = made();
      if (!machine.load(state, codec)) throw new Error('the state was refused');
    }
    machine.push(event, (match) => found.push(match));
  }
  machine.advance(Number.MAX_SAFE_INTEGER, (match) => found.push(match));
  return found;
}

/** The arrivals in their true order. */
export function inTime({ arrivals }: Schedule): readonly FlatEvent[] {
  return arrivals.toSorted((a, b) => a.timeMs - b.timeMs || a.serial - b.serial);
}

export function valuesOf(row: Row, name: string): readonly Scalar[] {
  const value = (row[name] ?? null) as Value;
  return value === null ? [] : typeof value === 'object' ? [...new Set(value)] : [value];
}

/** All ways to take one value of each field, the last field's changing first; none where a field has no value. */
export function combinations(row: Row, names: readonly string[]): readonly (readonly Scalar[])[] {
  return names.reduce<readonly (readonly Scalar[])[]>(
    (some, name) =>
      some.flatMap((values) => [...valuesOf(row, name)].sort().map((value) => [...values, value])),
    [[]],
  );
}

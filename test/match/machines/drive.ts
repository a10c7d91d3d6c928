import type { EventCodec, Found, Machine } from '../../../src/match/index.ts';
import { bitOf } from '../../../src/match/machines/machine.ts';
import { Feed, type Place } from '../../../src/match/stream/feed.ts';
import { inOrder } from '../../../src/match/stream/in-order.ts';
import { sameRowBy } from '../../../src/match/stream/same-row.ts';
import type { Event, Fields } from '../../../src/rule/index.ts';

/** A machine with its tests and its place in the order, as the engine works it. */
export interface Driven {
  push(event: Event, found: Found): void;
  advance(nowMs: number, found: Found): void;
  save(codec: EventCodec): unknown;
  load(state: unknown, codec: EventCodec): boolean;
  /** What it holds, and what waits for its place. */
  readonly held: number;
  readonly evicted: number;
}

export interface DriveOptions {
  readonly fields: Fields;
  readonly slackMs?: number;
}

export function drive(machine: Machine, { fields, slackMs = 0 }: DriveOptions): Driven {
  const feed = new Feed<number>({ slackMs, mostWaiting: 10_000 });
  const isSame = sameRowBy(fields);
  let found: Found = () => {};
  const place: Place<number> = ({ groups }) => {
    const items = [...groups].flatMap(([passed, events]) => events.map((event) => ({ event, passed })));
    for (const { event, passed } of inOrder(items, isSame)) machine.push(event, passed, found);
  };
  return {
    push(event, tell) {
      found = tell;
      const passed = machine.tests.reduce((bits, test, i) => (test(event) ? bits | bitOf(i) : bits), 0);
      if (passed !== 0 && !machine.isOrdered) machine.push(event, passed, tell);
      feed.clock.see(event.timeMs);
      const waits = passed !== 0 && machine.isOrdered && machine.isIndifferentTo?.(event) !== true;
      if (waits && feed.isPast(event.timeMs)) machine.push(event, passed, tell);
      else if (waits) feed.push(event, passed, place);
      feed.settle(place);
    },
    advance(nowMs, tell) {
      found = tell;
      feed.advance(nowMs, place);
      machine.advance(nowMs, tell);
    },
    save(codec) {
      const waiting = feed.save((event, passed) => [codec.save(event), passed]);
      return { machine: machine.save(codec), waiting };
    },
    load(state, codec) {
      const saved = state as
        | { machine: unknown; waiting: Parameters<typeof feed.load>[0] }
        | null
        | undefined;
      if (!machine.load(saved?.machine ?? null, codec)) return false;
      feed.load(saved!.waiting, (item) => {
        const [event, reason] = item as [unknown, number];
        return { event: codec.load(event), reason };
      });
      return true;
    },
    get held() {
      return machine.held + feed.size;
    },
    get evicted() {
      return machine.evicted;
    },
  };
}

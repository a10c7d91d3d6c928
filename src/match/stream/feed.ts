import type { Fields } from '../../rule/index.ts';
import { OrderBuffer, type Ordered } from './order.ts';
import { sameRowBy } from './same-row.ts';
import { type SavedClock, StreamClock } from './stream-clock.ts';

export interface FeedOptions {
  readonly fields: Fields;
  /** How much older than the stream's time a row may be and still be put in its place, in milliseconds. */
  readonly slackMs: number;
  /** How many events may wait for their place. */
  readonly mostWaiting: number;
}

/**
 * Hands events on in their order: one waits until the stream's time is `slackMs` later, or until it is said that
 * no older one will come. One that comes later than that is handed on at once. A row that was read twice counts
 * once. Too many that wait: the oldest is handed on early.
 */
export class Feed<T extends Ordered> {
  readonly clock = new StreamClock();
  private readonly slackMs: number;
  private readonly mostWaiting: number;
  private readonly buffer: OrderBuffer<T>;
  /** All events before this time were handed on. */
  private placedMs = Number.NEGATIVE_INFINITY;

  constructor({ fields, slackMs, mostWaiting }: FeedOptions) {
    this.slackMs = slackMs;
    this.mostWaiting = mostWaiting;
    this.buffer = new OrderBuffer(sameRowBy(fields));
  }

  /** How many events wait. */
  get size(): number {
    return this.buffer.size;
  }

  push(item: T, place: (item: T) => void): void {
    if (item.event.timeMs < this.placedMs) {
      place(item);
      return;
    }
    this.buffer.push(item);
    while (this.buffer.size > this.mostWaiting) {
      const oldest = this.buffer.take(Number.POSITIVE_INFINITY);
      if (oldest !== undefined) place(oldest);
    }
  }

  /** Hands on what the stream's time, which the clock was told, has left behind. */
  settle(place: (item: T) => void): void {
    this.placeBefore(this.clock.nowMs - this.slackMs, place);
  }

  /** Says that no event before `nowMs` will come any more. */
  advance(nowMs: number, place: (item: T) => void): void {
    this.clock.advance(nowMs);
    this.placeBefore(nowMs, place);
  }

  private placeBefore(timeMs: number, place: (item: T) => void): void {
    if (timeMs <= this.placedMs) return;
    for (let next = this.buffer.take(timeMs); next !== undefined; next = this.buffer.take(timeMs))
      place(next);
    this.placedMs = timeMs;
  }

  /** The state as a JSON value, and back; what waits as `encode` and `decode` make it, null where that cannot be. */
  save(encode: (item: T) => unknown): SavedFeed {
    return {
      clock: this.clock.save(),
      placedMs: Number.isFinite(this.placedMs) ? this.placedMs : null,
      waiting: this.buffer.waiting.map(encode),
    };
  }

  load({ clock, placedMs, waiting }: SavedFeed, decode: (saved: unknown) => T | null): void {
    this.clock.load(clock);
    this.placedMs = placedMs ?? Number.NEGATIVE_INFINITY;
    for (const one of waiting) {
      const item = decode(one);
      if (item !== null) this.buffer.push(item);
    }
  }
}

export interface SavedFeed {
  readonly clock: SavedClock;
  readonly placedMs: number | null;
  readonly waiting: readonly unknown[];
}

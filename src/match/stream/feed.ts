import type { Event } from '../../rule/index.ts';
import { type Moment, Moments } from './moments.ts';
import { type SavedClock, StreamClock } from './stream-clock.ts';

export interface FeedOptions {
  /** How much older than the stream's time a row may be and still be put in its place, in milliseconds. */
  readonly slackMs: number;
  /** How many events may wait for their place. */
  readonly mostWaiting: number;
}

/** Takes all events of one time, whose turn it is. */
export type Place<Reason> = (moment: Moment<Reason>) => void;

/**
 * Hands events on one time after the other: they wait until the stream's time is `slackMs` later, or until it is said
 * that no older one will come. Too many that wait: the oldest are handed on early.
 */
export class Feed<Reason> {
  readonly clock = new StreamClock();
  private readonly slackMs: number;
  private readonly mostWaiting: number;
  private readonly moments = new Moments<Reason>();
  /** All events before this time were handed on. */
  private placedMs = Number.NEGATIVE_INFINITY;

  constructor({ slackMs, mostWaiting }: FeedOptions) {
    this.slackMs = slackMs;
    this.mostWaiting = mostWaiting;
  }

  /** How many events wait. */
  get size(): number {
    return this.moments.size;
  }

  /** Whether events of that time were handed on: one that comes now is too late to wait for its place. */
  isPast(timeMs: number): boolean {
    return timeMs < this.placedMs;
  }

  /** `reason`: what it waits for. */
  push(event: Event, reason: Reason, place: Place<Reason>): void {
    this.moments.push(event, reason);
    while (this.moments.size > this.mostWaiting) place(this.moments.take(Number.POSITIVE_INFINITY)!);
  }

  /** Hands on what the stream's time, which the clock was told, has left behind. */
  settle(place: Place<Reason>): void {
    this.placeBefore(this.clock.nowMs - this.slackMs, place);
  }

  /** Says that no event before `nowMs` will come any more. */
  advance(nowMs: number, place: Place<Reason>): void {
    this.clock.advance(nowMs);
    this.placeBefore(nowMs, place);
  }

  private placeBefore(timeMs: number, place: Place<Reason>): void {
    if (timeMs <= this.placedMs) return;
    for (let next = this.moments.take(timeMs); next !== undefined; next = this.moments.take(timeMs))
      place(next);
    this.placedMs = timeMs;
  }

  /** The state as a JSON value, and back; what waits as `encode` and `decode` make it, null where that cannot be. */
  save(encode: (event: Event, reason: Reason) => unknown): SavedFeed {
    const groups = [...this.moments].flatMap((moment) => [...moment.groups]);
    return {
      clock: this.clock.save(),
      placedMs: Number.isFinite(this.placedMs) ? this.placedMs : null,
      waiting: groups.flatMap(([reason, events]) => events.map((event) => encode(event, reason))),
    };
  }

  load(
    { clock, placedMs, waiting }: SavedFeed,
    decode: (saved: unknown) => { readonly event: Event; readonly reason: Reason } | null,
  ): void {
    this.clock.load(clock);
    this.placedMs = placedMs ?? Number.NEGATIVE_INFINITY;
    for (const one of waiting) {
      const item = decode(one);
      if (item !== null) this.moments.push(item.event, item.reason);
    }
  }
}

export interface SavedFeed {
  readonly clock: SavedClock;
  readonly placedMs: number | null;
  readonly waiting: readonly unknown[];
}

import type { Event } from '../rule/index.ts';
import type { EventCodec } from './machine.ts';
import { OrderBuffer } from './order.ts';
import type { MachineOptions } from './plan.ts';
import { sameRowBy } from './same-row.ts';

/**
 * Hands events on in their order: one waits until the newest is `slackMs` newer, or until it is said that no
 * older one will come. One that comes later than that is handed on at once. A row that was read twice counts once.
 */
export class Feed {
  private readonly slackMs: number;
  private readonly mostHeld: number;
  private readonly buffer: OrderBuffer<{ readonly event: Event }>;
  private newestMs = Number.NEGATIVE_INFINITY;
  /** All events before this time were handed on. */
  private placedMs = Number.NEGATIVE_INFINITY;

  constructor({ fields, slackMs, mostHeld }: Pick<MachineOptions, 'fields' | 'slackMs' | 'mostHeld'>) {
    this.slackMs = slackMs;
    this.mostHeld = mostHeld;
    this.buffer = new OrderBuffer(sameRowBy(fields));
  }

  /** How many events wait. */
  get size(): number {
    return this.buffer.size;
  }

  push(event: Event, place: (event: Event) => void): void {
    if (event.timeMs < this.placedMs) {
      place(event);
      return;
    }
    this.buffer.push({ event });
    if (event.timeMs > this.newestMs) this.newestMs = event.timeMs;
    this.advance(this.newestMs - this.slackMs, place);
    while (this.buffer.size > this.mostHeld) {
      const oldest = this.buffer.take(Number.POSITIVE_INFINITY);
      if (oldest !== undefined) place(oldest.event);
    }
  }

  /** Hands on all that is older. */
  advance(nowMs: number, place: (event: Event) => void): void {
    for (let next = this.buffer.take(nowMs); next !== undefined; next = this.buffer.take(nowMs)) {
      place(next.event);
    }
    if (nowMs > this.placedMs) this.placedMs = nowMs;
  }

  save(codec: EventCodec): SavedFeed {
    return {
      newestMs: Number.isFinite(this.newestMs) ? this.newestMs : null,
      placedMs: Number.isFinite(this.placedMs) ? this.placedMs : null,
      waiting: this.buffer.waiting.map(({ event }) => codec.save(event)),
    };
  }

  load({ newestMs, placedMs, waiting }: SavedFeed, codec: EventCodec): void {
    this.newestMs = newestMs ?? Number.NEGATIVE_INFINITY;
    this.placedMs = placedMs ?? Number.NEGATIVE_INFINITY;
    for (const event of waiting) this.buffer.push({ event: codec.load(event) });
  }
}

export interface SavedFeed {
  readonly newestMs: number | null;
  readonly placedMs: number | null;
  readonly waiting: readonly unknown[];
}

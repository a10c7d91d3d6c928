/**
 * The time of a stream, by its events and by what it is told: how far it has come, so that what is older can be
 * placed and forgotten.
 *
 * One row may carry any time, a broken one the year 9999. If the newest event made the time, that row would end
 * every sequence, empty every history and make every later row a late one. So two events must say it: the clock
 * shows the second newest event's time, or the newest's where it is not after the time that `advance` gave last. A
 * clock that was really set forward is believed with the second row.
 */
export class StreamClock {
  /** No event was seen of a later time. */
  newestMs = Number.NEGATIVE_INFINITY;
  private secondMs = Number.NEGATIVE_INFINITY;
  private givenMs = Number.NEGATIVE_INFINITY;
  /** -Infinity until two events, or an event and a given time, have said something. */
  nowMs = Number.NEGATIVE_INFINITY;
  /** What it said first; null before. */
  beganMs: number | null = null;

  see(timeMs: number): void {
    if (timeMs <= this.secondMs) return;
    if (timeMs > this.newestMs) {
      this.secondMs = this.newestMs;
      this.newestMs = timeMs;
    } else {
      this.secondMs = timeMs;
    }
    this.set();
  }

  /** Says that it is `nowMs`. */
  advance(nowMs: number): void {
    if (nowMs <= this.givenMs) return;
    this.givenMs = nowMs;
    this.set();
  }

  private set(): void {
    this.nowMs = Math.min(this.newestMs, Math.max(this.secondMs, this.givenMs));
    if (this.beganMs === null && Number.isFinite(this.nowMs)) this.beganMs = this.nowMs;
  }

  /** JSON has no infinities. */
  save(): SavedClock {
    const { newestMs, secondMs, givenMs, beganMs } = this;
    return [newestMs, secondMs, givenMs, beganMs].map((ms) => (Number.isFinite(ms) ? ms : null));
  }

  load([newestMs = null, secondMs = null, givenMs = null, beganMs = null]: SavedClock): void {
    this.newestMs = newestMs ?? Number.NEGATIVE_INFINITY;
    this.secondMs = secondMs ?? Number.NEGATIVE_INFINITY;
    this.givenMs = givenMs ?? Number.NEGATIVE_INFINITY;
    this.set();
    this.beganMs = beganMs;
  }
}

export type SavedClock = readonly (number | null)[];

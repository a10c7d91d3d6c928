/** `schedule_max_drift` */
const MOST_DRIFT_SECONDS = 60;

/**
 * The seconds in which the schedule takes its steps: those of the clock, or, from a start time on, those that
 * `advance` lets pass. The schedule does one thing at a time, whoever asks.
 */
export class ScheduleTime {
  readonly #step: (second: number) => Promise<void>;
  readonly #running = new Turns();
  #manualTime: number | undefined;
  #lastTick: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopping = false;

  constructor(startTime: number | undefined, step: (second: number) => Promise<void>) {
    this.#manualTime = startTime;
    this.#step = step;
  }

  /** Unix seconds. */
  get now(): number {
    return this.#manualTime ?? Math.floor(Date.now() / 1000);
  }

  start(): void {
    if (this.#manualTime === undefined) this.#timer = setInterval(() => void this.#tick(), 1000);
  }

  /** Settles when what runs has ended; no second begins after it. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#timer);
    await this.#running.run(async () => {});
  }

  async advance(seconds: number): Promise<void> {
    if (this.#manualTime === undefined) throw new Error('time passes by itself: no startTime was given');
    for (let step = 0; step < seconds; step++) {
      const now = ++this.#manualTime;
      await this.#running.run(() => this.#step(now));
    }
  }

  /** Acts when nothing else of the schedule runs. */
  run(act: (now: number) => Promise<void>): Promise<void> {
    return this.#running.run(() => act(this.now));
  }

  /** Every second has its step, those too that a slow step or timer skipped, unless they are too many: as in core. */
  async #tick(): Promise<void> {
    const { now } = this;
    const first = Math.max((this.#lastTick ?? now - 1) + 1, now - MOST_DRIFT_SECONDS);
    this.#lastTick = Math.max(now, this.#lastTick ?? 0);
    for (let second = first; second <= now && !this.#stopping; second++) {
      await this.#running.run(async () => {
        if (!this.#stopping) await this.#step(second);
      });
    }
  }
}

/** Acts one after the other, failing ones too. */
export class Turns {
  #last: Promise<void> = Promise.resolve();

  run(act: () => Promise<void>): Promise<void> {
    const done = this.#last.then(act);
    this.#last = done.catch(() => {});
    return done;
  }
}

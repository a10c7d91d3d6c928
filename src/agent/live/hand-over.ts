import { explain, type Log } from '../../osquery/index.ts';
import type { AlertRow } from '../alert-row.ts';
import type { Delivery } from './delivery.ts';

export interface HandOverOptions {
  readonly delivery: Pick<Delivery, 'hand'>;
  /** Resolves when osquery has written the alert to its log. */
  readonly send: (row: AlertRow) => Promise<void>;
  readonly log: Log;
}

/** After a failure; until then the scans take what waits. */
const RETRY_MS = 10_000;

/**
 * Hands alerts over as soon as they are stored, one at a time, and never from inside a call that osquery makes: it
 * would wait for us, and we for it.
 */
export class HandOver {
  readonly #options: HandOverOptions;
  #handing = false;
  #again = false;
  #failing = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: HandOverOptions) {
    this.#options = options;
  }

  /** Says that an alert waits. */
  wake(): void {
    this.#again = true;
    if (!this.#handing && this.#timer === undefined) setImmediate(() => void this.#hand());
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#again = false;
  }

  async #hand(): Promise<void> {
    if (this.#handing) return;
    this.#handing = true;
    const { delivery, send, log } = this.#options;
    try {
      while (this.#again) {
        this.#again = false;
        await delivery.hand(send);
      }
      this.#failing = false;
    } catch (error) {
      if (!this.#failing) log.warn({ error: explain(error) }, 'alerts wait for the next scan');
      this.#failing = true;
      this.#timer = setTimeout(() => {
        this.#timer = undefined;
        this.wake();
      }, RETRY_MS);
      this.#timer.unref();
    } finally {
      this.#handing = false;
    }
  }
}

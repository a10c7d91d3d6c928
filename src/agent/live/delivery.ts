import type { Store } from '../../store/index.ts';
import { type AlertRow, parseRow, type ToldAlert } from '../alert-row.ts';

/** Alerts that one answer holds at the most; what is left comes with the next. */
const MOST_RETURNED = 1_000;
/** In the place of a stream for what is handed over: no stream has such a name. */
const HANDED = '';

/** To which stream's call an alert was returned, and whether that answer went out. */
interface Returned {
  readonly to: string;
  isSent: boolean;
}

export interface DeliveryHealth {
  /** Alerts handed to osquery of which it is not yet known whether they arrived. */
  readonly returned: number;
  /** Alerts that osquery has, since the start. */
  readonly delivered: number;
  /** Alerts handed to osquery again, after it or we began anew. */
  readonly repeated: number;
  /** Alerts that were made again of events read again, and not told again. */
  readonly known: number;
}

/**
 * Brings the alerts of one feed to osquery.
 *
 * An alert is stored before it is returned. That osquery logged it shows in the next call of the same stream in
 * the same registration: core runs one scheduled query after the other and logs each before the next. Until then it is
 * returned again in each new registration, by this process or the next.
 */
export class Delivery {
  readonly #store: Store;
  readonly #feed: string;
  /** Returned in this registration and not yet known to have arrived, by alert. */
  readonly #returned = new Map<string, Returned>();
  /** Returned in the registration before. */
  #before: ReadonlySet<string> = new Set();
  #delivered = 0;
  #repeated = 0;
  #known = 0;

  constructor(store: Store, feed: string) {
    this.#store = store;
    this.#feed = feed;
  }

  /** Stores alerts. One that is stored is not told again. */
  tell(alerts: readonly ToldAlert[]): void {
    if (alerts.length === 0) return;
    const kept = this.#store.add(alerts.map((alert) => ({ ...alert, feed: this.#feed })));
    this.#known += alerts.length - kept.length;
  }

  /** The stream was called again: what it was given before has arrived. */
  acknowledge(stream: string): void {
    const ids = [...this.#returned].filter(([, { to, isSent }]) => to === stream && isSent).map(([id]) => id);
    if (ids.length === 0) return;
    this.#store.deliver(ids);
    for (const id of ids) this.#returned.delete(id);
    this.#delivered += ids.length;
  }

  /** The rows that wait, to be returned to a stream's call; if they are not `sent`, they wait again. */
  answer(stream: string, sent?: Promise<boolean>): readonly AlertRow[] {
    const rows: AlertRow[] = [];
    const returned: Returned = { to: stream, isSent: sent === undefined };
    void sent?.then((isSent) => {
      returned.isSent = isSent;
      if (!isSent) this.#take(returned);
    });
    for (const { id, row, document } of this.#store.waiting(this.#feed, MOST_RETURNED, this.#returned)) {
      this.#returned.set(id, returned);
      if (this.#before.has(id)) this.#repeated++;
      // A text that someone else put there counts as returned, so that it comes once at the most.
      const parsed = parseRow(row);
      if (parsed !== null) rows.push({ ...parsed, alert: document });
    }
    return rows;
  }

  /**
   * Hands over what waits, one after the other, and what comes to wait meanwhile; an alert that `send` resolves for
   * has arrived. Ends at the first that fails: it, and all after it, the next answer returns.
   */
  async hand(send: (row: AlertRow) => Promise<void>): Promise<void> {
    for (;;) {
      const [next] = this.#store.waiting(this.#feed, 1, this.#returned);
      if (next === undefined) return;
      this.#returned.set(next.id, { to: HANDED, isSent: false });
      try {
        const row = parseRow(next.row);
        if (row !== null) await send({ ...row, alert: next.document });
      } catch (error) {
        this.#returned.delete(next.id);
        throw error;
      }
      this.#returned.delete(next.id);
      this.#store.deliver([next.id]);
      this.#delivered++;
    }
  }

  /** What was returned, to one stream or to all, and did not surely arrive is returned again. */
  again(stream?: string): void {
    const ids = [...this.#returned]
      .filter(([, { to }]) => stream === undefined || to === stream)
      .map(([id]) => id);
    for (const id of ids) this.#returned.delete(id);
    this.#before = new Set(ids);
  }

  /** Takes one answer's alerts back, as far as they were not returned again since. */
  #take(answer: Returned): void {
    for (const [id, returned] of this.#returned) if (returned === answer) this.#returned.delete(id);
  }

  get health(): DeliveryHealth {
    return {
      returned: this.#returned.size,
      delivered: this.#delivered,
      repeated: this.#repeated,
      known: this.#known,
    };
  }
}

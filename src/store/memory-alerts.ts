import type { AlertFilter, NewAlert, StoredAlert } from './alert.ts';
import type { Ids } from './store.ts';

/** Ids remembered, so that what comes twice is known. */
const MOST_IDS = 50_000;

/** Alerts kept in memory while there is no file. At the bound the oldest go, delivered ones before those that wait. */
export class MemoryAlerts {
  /** Alerts that went while they waited. */
  dropped = 0;
  readonly #most: number;
  readonly #waiting = new Map<string, StoredAlert>();
  readonly #delivered = new Map<string, StoredAlert>();
  readonly #ids = new Set<string>();
  #sequence = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#waiting.size + this.#delivered.size;
  }

  get waitingCount(): number {
    return this.#waiting.size;
  }

  add(alert: NewAlert, storedMs: number): boolean {
    if (this.#ids.has(alert.id)) return false;
    this.#ids.add(alert.id);
    if (this.#ids.size > MOST_IDS) this.#ids.delete(first(this.#ids)!);
    this.#waiting.set(alert.id, { ...alert, sequence: ++this.#sequence, storedMs, deliveredMs: null });
    if (this.size > this.#most) this.#giveUp();
    return true;
  }

  waiting(feed: string, most: number, except: Ids): readonly StoredAlert[] {
    const found: StoredAlert[] = [];
    for (const alert of this.#waiting.values()) {
      if (found.length >= most) break;
      if (alert.feed === feed && !except.has(alert.id)) found.push(alert);
    }
    return found;
  }

  /** False when none of that id waits here. */
  deliver(id: string, deliveredMs: number): boolean {
    const alert = this.#waiting.get(id);
    if (alert === undefined) return false;
    this.#waiting.delete(id);
    this.#delivered.set(id, { ...alert, deliveredMs });
    return true;
  }

  /** Newest first. */
  list({ id, ruleId, sinceMs, waiting }: AlertFilter): readonly StoredAlert[] {
    return this.#all()
      .filter(
        (alert) =>
          (id === undefined || alert.id === id) &&
          (ruleId === undefined || alert.ruleId === ruleId) &&
          (sinceMs === undefined || alert.timeMs >= sinceMs) &&
          (waiting === undefined || (alert.deliveredMs === null) === waiting),
      )
      .reverse();
  }

  /** All of them, oldest first; `clear` is told when they were taken over. */
  all(): readonly StoredAlert[] {
    return this.#all();
  }

  clear(): void {
    this.#waiting.clear();
    this.#delivered.clear();
    this.#ids.clear();
  }

  #all(): StoredAlert[] {
    const all = [...this.#waiting.values(), ...this.#delivered.values()];
    return all.sort((a, b) => a.sequence - b.sequence);
  }

  #giveUp(): void {
    const delivered = first(this.#delivered.keys());
    if (delivered !== undefined) {
      this.#delivered.delete(delivered);
      return;
    }
    this.#waiting.delete(first(this.#waiting.keys())!);
    this.dropped++;
  }
}

function first<T>(values: Iterable<T>): T | undefined {
  for (const value of values) return value;
  return undefined;
}

import { createSuppressor, type Match, type Suppressor } from '../match/index.ts';
import type { Fields, Query, Rule } from '../rule/index.ts';

/** What else an alert says when it stands for more than its own match. */
export interface Suppression {
  readonly fields: readonly string[];
  readonly values: readonly unknown[];
  /** Matches with these values that were hidden since the last alert that told of them. */
  readonly hidden: number;
}

/** Called for each match that becomes an alert. */
export type Told = (rule: Rule, match: Match, suppression: Suppression | null) => void;

/**
 * What stands between a rule's matches and its alerts: building blocks tell nothing, suppression lets one of
 * many alike through, and `max_signals` bounds the alerts of one interval. What is held back is counted.
 *
 * Elastic's suppression without a duration means one alert for each run of the rule. A rule on a stream has no
 * runs, so its interval stands for them: what comes through never depends on how often osquery asks.
 */
export class RuleOutput {
  /** Matches that became alerts, in this object's time. */
  alerts = 0;
  /** Matches that `max_signals` held back. */
  overLimit = 0;
  readonly #rule: Rule;
  readonly #told: Told;
  readonly #suppressor: Suppressor | null;
  #intervalStartMs = Number.NEGATIVE_INFINITY;
  #alertsInInterval = 0;

  constructor(rule: Rule, fields: Fields, told: Told) {
    this.#rule = rule;
    this.#told = told;
    this.#suppressor = suppressorOf(rule, fields);
  }

  /** Matches that suppression hid. */
  get hidden(): number {
    return this.#suppressor?.hidden ?? 0;
  }

  push(match: Match): void {
    if (this.#rule.buildingBlock) return;
    if (this.#suppressor === null) this.#tell(match, null);
    else this.#suppressor.push(match);
  }

  /** Ends a batch of matches. */
  flush(): void {
    this.#suppressor?.flush((match, { values, hidden }) => {
      this.#tell(match, { fields: this.#rule.suppression!.by, values, hidden });
    });
  }

  /** The state between batches as a JSON value, and back. A state of another suppression is refused: false. */
  save(): unknown {
    const { overLimit } = this;
    const [startMs, alerts] = [this.#intervalStartMs, this.#alertsInInterval];
    const suppressor = this.#suppressor?.save() ?? null;
    return { overLimit, startMs: Number.isFinite(startMs) ? startMs : null, alerts, suppressor };
  }

  load(state: unknown): boolean {
    const { overLimit, startMs, alerts, suppressor } = Object(state) as Record<string, unknown>;
    if (typeof overLimit !== 'number' || typeof alerts !== 'number') return false;
    if (startMs !== null && typeof startMs !== 'number') return false;
    if (this.#suppressor === null ? suppressor !== null : !this.#suppressor.load(suppressor)) return false;
    this.overLimit = overLimit;
    this.#intervalStartMs = startMs ?? Number.NEGATIVE_INFINITY;
    this.#alertsInInterval = alerts;
    return true;
  }

  /** The interval begins with its first alert, in the events' own time. */
  #tell(match: Match, suppression: Suppression | null): void {
    const { maxSignals, intervalMs } = this.#rule;
    const timeMs = match.events.at(-1)!.timeMs;
    if (timeMs >= this.#intervalStartMs + intervalMs) {
      this.#intervalStartMs = timeMs;
      this.#alertsInInterval = 0;
    }
    if (maxSignals !== null && this.#alertsInInterval >= maxSignals) {
      this.overLimit += 1;
      return;
    }
    this.#alertsInInterval += 1;
    this.alerts += 1;
    this.#told(this.#rule, match, suppression);
  }
}

function suppressorOf(rule: Rule, fields: Fields): Suppressor | null {
  if (rule.suppression === null) return null;
  const durationMs = rule.suppression.durationMs ?? rule.intervalMs;
  return createSuppressor({ ...rule.suppression, durationMs }, fields, {
    keyFields: keyFieldsOf(rule.query),
  });
}

/** The fields whose values a match carries as its keys. */
function keyFieldsOf(query: Query): readonly string[] {
  if (query.kind === 'threshold') return query.by;
  return query.kind === 'newTerms' ? query.fields : [];
}

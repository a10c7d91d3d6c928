import type { AlertSuppression, Event, Field, Fields, Value } from '../../rule/index.ts';
import { isList } from '../condition/closure.ts';
import { encodeScalar } from './keys.ts';
import type { Match } from './machine.ts';
import { Recency } from './recency.ts';
import { shortName } from './short-name.ts';

/** What an alert stands for, beside its own match. */
export interface Suppressed {
  /** The values that its matches share, in the order of the suppression's fields; null where there is none. */
  readonly values: readonly Value[];
  /** How many other matches with these values were hidden and not yet told on an alert before. */
  readonly hidden: number;
}

/**
 * Hides the matches of one rule that say the same as an alert before them, and counts them. Push all matches of
 * a batch, then flush it.
 */
export interface Suppressor {
  push(match: Match): void;
  /** Ends the batch: calls back for each match that becomes an alert, in the order in which they came. */
  flush(alert: (match: Match, suppressed: Suppressed) => void): void;
  /** The state between batches as a JSON value, and back. A state of another suppression is refused: false. */
  save(): unknown;
  load(state: unknown): boolean;
  /** How many matches were hidden in all. */
  readonly hidden: number;
  /** Groups remembered now, and groups given up at the bound. */
  readonly held: number;
  readonly evicted: number;
}

export interface SuppressorOptions {
  /** The fields whose values are the keys of the rule's matches (threshold, new terms), in that order. */
  readonly keyFields?: readonly string[];
  /** How many groups may be remembered; 10,000 unless given. */
  readonly mostHeld?: number;
}

interface Group {
  /** Matches until then say nothing new. */
  readonly untilMs: number;
  /** The group's alert, while its batch lasts. */
  alert: PendingAlert | null;
  /** Hidden since the alert was made; the group's next alert tells. */
  untold: number;
}

interface PendingAlert {
  readonly match: Match;
  readonly values: readonly Value[];
  hidden: number;
}

/**
 * Groups matches by the values of the fields and lets one of each group become an alert, as Elastic's alert
 * suppression does (documentation, "Suppress detection alerts"): with a duration one in that time, counted from
 * the match that made the alert; without, one in each batch. `missing` says what becomes of a match that
 * lacks one of the fields: it is in the group of those that lack it, or always an alert.
 *
 * The first alert of a group is not held back until its time is over: it goes out with its batch and tells
 * what was hidden in that batch; what is hidden later, the group's next alert tells. Values are those of the
 * match's last event, or the match's own keys. Over the bound the group whose alert is oldest is given up.
 */
export function createSuppressor(
  suppression: AlertSuppression,
  fields: Fields,
  options: SuppressorOptions = {},
): Suppressor {
  return new Groups(suppression, fields, options);
}

class Groups implements Suppressor {
  hidden = 0;
  evicted = 0;
  private readonly suppression: AlertSuppression;
  /** How each field's value is had from a match. */
  private readonly readers: readonly ((match: Match, last: Event) => Value)[];
  private readonly mostHeld: number;
  private readonly version: string;
  private readonly groups = new Recency<Group>();
  private pending: PendingAlert[] = [];
  /** The groups that have an alert in this batch. */
  private open: Group[] = [];

  constructor(suppression: AlertSuppression, fields: Fields, options: SuppressorOptions) {
    const { keyFields = [], mostHeld = 10_000 } = options;
    this.suppression = suppression;
    this.readers = suppression.by.map((name) => readerOf(name, fields.find(name), keyFields));
    this.mostHeld = mostHeld;
    this.version = JSON.stringify(suppression);
  }

  get held(): number {
    return this.groups.size;
  }

  push(match: Match): void {
    const last = match.events.at(-1);
    if (last === undefined) return;
    const values = this.readers.map((read) => read(match, last));
    if (this.suppression.missing === 'doNotSuppress' && values.includes(null)) {
      this.pending.push({ match, values, hidden: 0 });
      return;
    }
    const name = shortName(JSON.stringify(values.map(encodeValue)));
    const group = this.groups.get(name);
    if (group !== undefined && last.timeMs <= group.untilMs) {
      this.hidden += 1;
      if (group.alert === null) group.untold += 1;
      else group.alert.hidden += 1;
      return;
    }
    const alert = { match, values, hidden: group?.untold ?? 0 };
    this.pending.push(alert);
    const { durationMs } = this.suppression;
    const untilMs = durationMs === null ? Number.POSITIVE_INFINITY : last.timeMs + durationMs;
    const opened: Group = { untilMs, alert, untold: 0 };
    this.open.push(opened);
    this.groups.touch(name, opened);
  }

  flush(alert: (match: Match, suppressed: Suppressed) => void): void {
    const { pending } = this;
    this.pending = [];
    if (this.suppression.durationMs === null) this.groups.clear();
    for (const group of this.open) group.alert = null;
    this.open = [];
    while (this.groups.size > this.mostHeld && this.groups.oldest !== null) {
      this.groups.delete(this.groups.oldest.key);
      this.evicted += 1;
    }
    for (const { match, values, hidden } of pending) alert(match, { values, hidden });
  }

  save(): SavedGroups {
    const { version, hidden, evicted } = this;
    const groups = [...this.groups].map(([name, { untilMs, untold }]) => [name, untilMs, untold] as const);
    return { version, hidden, evicted, groups };
  }

  load(state: unknown): boolean {
    const saved = state as SavedGroups | null;
    if (saved?.version !== this.version) return false;
    this.hidden = saved.hidden;
    this.evicted = saved.evicted;
    for (const [name, untilMs, untold] of saved.groups) {
      this.groups.touch(name, { untilMs, alert: null, untold });
    }
    return true;
  }
}

interface SavedGroups {
  readonly version: string;
  readonly hidden: number;
  readonly evicted: number;
  readonly groups: readonly (readonly [string, number, number])[];
}

function readerOf(
  name: string,
  field: Field | undefined,
  keyFields: readonly string[],
): (match: Match, last: Event) => Value {
  const key = keyFields.indexOf(name);
  if (key >= 0) return ({ keys }) => keys[key] ?? null;
  return (_, last) => (field === undefined ? null : last.get(field.slot));
}

/** Several values are the same in any order. */
function encodeValue(value: Value): string | readonly string[] | null {
  if (value === null) return null;
  return isList(value) ? value.map(encodeScalar).sort() : encodeScalar(value);
}

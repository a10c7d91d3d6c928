import { type Event, field, type ThresholdQuery } from '../../rule/index.ts';
import { isList, type Predicate } from '../condition/closure.ts';
import type { Reader } from '../condition/operand.ts';
import { compileReader } from '../condition/predicate.ts';
import { compareEvents } from '../stream/order.ts';
import { fingerprint } from './fingerprint.ts';
import { compileKeys, decodeScalar, encodeScalar, type Key, type KeyReader, keyText } from './keys.ts';
import { Line } from './line.ts';
import type { EventCodec, Found, Machine } from './machine.ts';
import { compileEventQuery, type MachineOptions } from './plan.ts';
import { Recency } from './recency.ts';

/** What is counted under one combination of values. */
interface Bucket {
  readonly key: Key;
  /** The newest events, oldest first, no more than the count that is asked for. */
  readonly events: Line<Event>;
  /**
   * For the newest different values of the cardinality field, no more than are asked for, the last event with it;
   * in the order of these events.
   */
  readonly byValue: Recency<Event>;
  /** Events until then belong to the alert that was made; they are not counted. */
  quietUntilMs: number;
}

/**
 * Compiles a threshold to a machine that counts events as they come.
 *
 * Elastic runs such a rule every few minutes: it counts the matching events of the look-back (`from` to now) by
 * the values of the fields, makes one alert for each group that has enough events and different values, and
 * leaves out, from then on, what that group had until its last alerted event (kibana, security_solution,
 * rule_types/threshold: find_threshold_signals, build_threshold_aggregation, get_threshold_bucket_filters).
 * An event without one of the fields counts nowhere; one with several values counts in each group.
 *
 * Here the look-back is a sliding window: the alert comes with the event that completes the count within
 * `windowMs` (both ends count), so a burst that would fall between two runs is found too. The alert then
 * stands for its group until `windowMs` after its first event: until then the group is quiet, and afterwards
 * counts from nothing. So each event is in one alert at most, and a group makes at most one alert in a
 * window, as Elastic's rule does with an interval as long as its look-back.
 *
 * A match has the newest events that reach the count and, where different values are asked for, the last
 * event with each of them. This is all that is held, and it is exact: what is older decides nothing that the
 * newer do not decide. When more than `mostHeld` events are held over all groups, but never fewer than one
 * alert needs, the group that was touched longest ago is given up.
 */
export function createThresholdMachine(query: ThresholdQuery, options: MachineOptions): Machine {
  return new ThresholdMachine(query, options);
}

class ThresholdMachine implements Machine {
  evicted = 0;
  private readonly query: ThresholdQuery;
  readonly isOrdered = true;
  readonly beginning = null;
  readonly tests: readonly Predicate[];
  private readonly keysOf: KeyReader;
  private readonly differing: Reader | null;
  private readonly mostHeld: number;
  private readonly buckets = new Recency<Bucket>();
  private counted = 0;

  constructor(query: ThresholdQuery, options: MachineOptions) {
    const { fields } = options;
    this.query = query;
    this.tests = [compileEventQuery(query.event, options)];
    const by = query.by.map((name) => ({ operand: field(name), optional: false }));
    this.keysOf = compileKeys(by, ({ operand }) => compileReader(operand, fields));
    this.differing =
      query.cardinality === null ? null : compileReader(field(query.cardinality.field), fields);
    this.mostHeld = Math.max(options.mostHeld, query.atLeast + (query.cardinality?.atLeast ?? 0));
  }

  /** Counted events and quiet groups. */
  get held(): number {
    return this.counted;
  }

  ignores(): boolean {
    return false;
  }

  /** A quiet group stays so until a time that only grows. */
  isIndifferentTo(event: Event): boolean {
    const keys = this.keysOf(event);
    for (let i = 0; i < keys.length; i += 1) {
      const bucket = this.buckets.get(keys[i]!.text);
      if (bucket === undefined || event.timeMs > bucket.quietUntilMs) return false;
      this.buckets.touch(keys[i]!.text, bucket);
    }
    return true;
  }

  push(event: Event, _: number, found: Found): void {
    this.expire(event.timeMs);
    for (const key of this.keysOf(event)) this.count(key, event, found);
  }

  advance(nowMs: number): void {
    this.expire(nowMs);
  }

  private count(key: Key, event: Event, found: Found): void {
    const known = this.buckets.get(key.text);
    const bucket = known ?? newBucket(key);
    const before = known === undefined ? 0 : weightOf(known);
    this.buckets.touch(key.text, bucket);
    if (event.timeMs > bucket.quietUntilMs) {
      this.add(bucket, event);
      if (this.isComplete(bucket)) found(this.close(bucket));
    }
    this.counted += weightOf(bucket) - before;
    this.evictExcess();
  }

  /**
   * Puts the event in its place: one that comes too late for the order still counts at its own time. Each event
   * comes and goes once; only a late one costs a step for each that it comes before or stands beside.
   */
  private add({ events, byValue }: Bucket, event: Event): void {
    const { atLeast, cardinality, windowMs } = this.query;
    const isLate = event.timeMs < (events.last?.timeMs ?? Number.NEGATIVE_INFINITY);
    events.insert(event, compareTimes);
    const sinceMs = events.last!.timeMs - windowMs;
    while (events.size > atLeast || events.first!.timeMs < sinceMs) events.shift();
    if (cardinality === null) return;
    for (const value of this.valuesOf(event)) {
      if ((byValue.get(value)?.timeMs ?? Number.NEGATIVE_INFINITY) <= event.timeMs)
        byValue.touch(value, event);
    }
    if (isLate) putInOrder(byValue);
    for (let { oldest } = byValue; oldest !== null; oldest = byValue.oldest) {
      if (oldest.value.timeMs >= sinceMs && byValue.size <= cardinality.atLeast) break;
      byValue.delete(oldest.key);
    }
  }

  private valuesOf(event: Event): readonly string[] {
    const value = this.differing?.read(event) ?? null;
    if (value === null) return [];
    return isList(value) ? value.map(encodeScalar) : [encodeScalar(value)];
  }

  private isComplete({ events, byValue }: Bucket): boolean {
    const { atLeast, cardinality } = this.query;
    return events.size >= atLeast && (cardinality === null || byValue.size >= cardinality.atLeast);
  }

  private close(bucket: Bucket): { readonly events: readonly Event[]; readonly keys: Key['values'] } {
    const withValues = [...bucket.byValue].map(([, event]) => event);
    const all = [...bucket.events, ...withValues].sort(compareEvents);
    const events = all.filter((event, i) => i === 0 || compareEvents(all[i - 1]!, event) !== 0);
    bucket.quietUntilMs = events[0]!.timeMs + this.query.windowMs;
    bucket.events.clear();
    bucket.byValue.clear();
    return { events, keys: bucket.key.values };
  }

  /** Drops the groups touched longest ago that decide nothing any more. */
  private expire(nowMs: number): void {
    for (let oldest = this.buckets.oldest; oldest !== null; oldest = this.buckets.oldest) {
      const { events, quietUntilMs } = oldest.value;
      const lastMs = events.last?.timeMs ?? Number.NEGATIVE_INFINITY;
      if (lastMs >= nowMs - this.query.windowMs || quietUntilMs >= nowMs) return;
      this.drop(oldest.key, oldest.value);
    }
  }

  private evictExcess(): void {
    while (this.counted > this.mostHeld && this.buckets.oldest !== null) this.evict();
  }

  evict(): void {
    if (this.buckets.oldest === null) return;
    this.drop(this.buckets.oldest.key, this.buckets.oldest.value);
    this.evicted += 1;
  }

  private drop(text: string, bucket: Bucket): void {
    this.buckets.delete(text);
    this.counted -= weightOf(bucket);
  }

  save(codec: EventCodec): SavedThreshold {
    return {
      version: fingerprint(this.query),
      evicted: this.evicted,
      buckets: [...this.buckets].map(([, { key, events, byValue, quietUntilMs }]) => ({
        keys: key.values.map(encodeScalar),
        events: [...events].map((event) => codec.save(event)),
        byValue: [...byValue].map(([value, event]) => [value, codec.save(event)] as const),
        quietUntilMs: Number.isFinite(quietUntilMs) ? quietUntilMs : null,
      })),
    };
  }

  load(state: unknown, codec: EventCodec): boolean {
    const saved = state as SavedThreshold | null;
    if (saved?.version !== fingerprint(this.query)) return false;
    this.evicted = saved.evicted;
    for (const { keys, events, byValue, quietUntilMs } of saved.buckets) {
      const values = keys.map(decodeScalar);
      const bucket = newBucket({ text: keyText(values), values });
      for (const event of events) bucket.events.push(codec.load(event));
      for (const [value, event] of byValue) bucket.byValue.touch(value, codec.load(event));
      bucket.quietUntilMs = quietUntilMs ?? Number.NEGATIVE_INFINITY;
      this.buckets.touch(bucket.key.text, bucket);
      this.counted += weightOf(bucket);
    }
    return true;
  }
}

interface SavedThreshold {
  readonly version: string;
  readonly evicted: number;
  readonly buckets: readonly {
    readonly keys: readonly string[];
    readonly events: readonly unknown[];
    readonly byValue: readonly (readonly [string, unknown])[];
    readonly quietUntilMs: number | null;
  }[];
}

function newBucket(key: Key): Bucket {
  return { key, events: new Line(), byValue: new Recency(), quietUntilMs: Number.NEGATIVE_INFINITY };
}

function compareTimes(a: Event, b: Event): number {
  return a.timeMs - b.timeMs;
}

function putInOrder(byValue: Recency<Event>): void {
  const inOrder = [...byValue].sort(([, a], [, b]) => compareTimes(a, b));
  for (const [value, event] of inOrder) byValue.touch(value, event);
}

function weightOf({ events, byValue }: Bucket): number {
  return Math.max(1, events.size + byValue.size);
}

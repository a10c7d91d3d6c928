import type { Condition, Operand } from './condition.ts';

/** What a rule looks for in the events. */
export type Query = EventQuery | SequenceQuery | SampleQuery | ThresholdQuery | NewTermsQuery;

/** One event. `category` is EQL's (`process where …`); null is any. */
export interface EventQuery {
  readonly kind: 'event';
  readonly category: string | null;
  readonly condition: Condition;
}

/** A key that events of one match share. An optional key may be null; events that lack another are passed over. */
export interface JoinKey {
  readonly operand: Operand;
  readonly optional: boolean;
}

export interface SequenceStep {
  readonly event: EventQuery;
  /** The global keys first, then the step's own; equally many in every step. */
  readonly by: readonly JoinKey[];
  /** `![…]`: no such event between its neighbours. */
  readonly missing: boolean;
}

/** Events in order, sharing their keys, within `maxSpanMs` from first to last (null: any). `with runs` is unrolled. */
export interface SequenceQuery {
  readonly kind: 'sequence';
  readonly steps: readonly SequenceStep[];
  readonly maxSpanMs: number | null;
  readonly until: SequenceStep | null;
}

/** Events in any order that share their keys. */
export interface SampleQuery {
  readonly kind: 'sample';
  readonly steps: readonly SequenceStep[];
}

/** At least `atLeast` events with the same values of `by` in a window, with so many different values of a field. */
export interface ThresholdQuery {
  readonly kind: 'threshold';
  readonly event: EventQuery;
  readonly by: readonly string[];
  readonly atLeast: number;
  readonly cardinality: { readonly field: string; readonly atLeast: number } | null;
  readonly windowMs: number;
}

/** An event whose combination of values of `fields` was not seen in the `historyMs` before it. */
export interface NewTermsQuery {
  readonly kind: 'newTerms';
  readonly event: EventQuery;
  readonly fields: readonly string[];
  readonly historyMs: number;
}

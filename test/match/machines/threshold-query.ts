import { type ThresholdQuery, TRUE } from '../../../src/rule/index.ts';
import { flatFields } from '../flat-event.ts';

export const fields = flatFields({
  host: 'keyword',
  user: 'keyword',
  args: 'keyword',
  pid: 'number',
  on: 'boolean',
});
export const OPTIONS = { fields, categoryField: 'event.category', mostHeld: 10_000 };

/** At least three events of a host within 10 ms, but for `change`. */
export function query(change: Partial<ThresholdQuery> = {}): ThresholdQuery {
  const event = { kind: 'event', category: null, condition: TRUE } as const;
  return { kind: 'threshold', event, by: ['host'], atLeast: 3, cardinality: null, windowMs: 10, ...change };
}

/**
 * What a detection rule is, whatever language it was written in.
 *
 * Owns the rule, its query (event, sequence, sample, threshold, new terms), the condition tree that all
 * languages become, what its texts mean (case folding, regular expressions), and the two interfaces through
 * which a condition asks an event: `Fields` and `Event`. Knows no rule language, no table of osquery, and not
 * how a condition is tested.
 */
export * from './condition.ts';
export type { Event, Field, Fields, FieldType, Frame, Likeness, Scalar, Value } from './event.ts';
export { foldCase } from './fold.ts';
export type { RegexProblem } from './lucene-regex.ts';
export { assertNever } from './never.ts';
export { printCondition } from './print.ts';
export type {
  EventQuery,
  JoinKey,
  NewTermsQuery,
  Query,
  SampleQuery,
  SequenceQuery,
  SequenceStep,
  ThresholdQuery,
} from './query.ts';
export { compileRegex, type RegexTest } from './regex.ts';
export type { AlertSuppression, Overrides, Rule, Severity, Technique, Threat } from './rule.ts';
export { simplify } from './simplify.ts';
export { fieldsOf, operandsOf, transform, walk } from './walk.ts';

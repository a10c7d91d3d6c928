/**
 * Conditions and queries at work: predicates, state machines, the engine that runs all rules over events.
 *
 * Owns how a condition is tested and what state a rule keeps. Reads events through `Event` and `Fields`
 * alone: knows no table of osquery, no rule language, no SQL.
 */

export type { Budget } from './budget.ts';
export type { Predicate } from './closure.ts';
export { createEngine, type EngineOptions } from './engine.ts';
export type { EventCodec, Found, Machine, Match } from './machine.ts';
export { compileCondition } from './predicate.ts';
export type { Engine, RuleFault } from './rule-engine.ts';
export type { RuleCounters, RuleFound, RuleStopped } from './runner.ts';
export {
  createSuppressor,
  type Suppressed,
  type Suppressor,
  type SuppressorOptions,
} from './suppression.ts';
export { transformQuery } from './transform-query.ts';

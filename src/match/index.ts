/**
 * Conditions and queries at work: predicates, state machines, the engine that runs all rules over events.
 *
 * Owns how a condition is tested and what state a rule keeps. Reads events through `Event` and `Fields`
 * alone: knows no table of osquery, no rule language, no SQL.
 *
 * `condition/` tests one event, `candidates/` says which rules an event may matter to, `stream/` puts events in
 * order, `machines/` keep what one rule remembers. The files beside this one run all rules together.
 */

export type { Budget } from './budget.ts';
export type { Predicate } from './condition/closure.ts';
export { compileCondition } from './condition/predicate.ts';
export { createEngine, createEngineInTurns, type EngineOptions } from './engine.ts';
export type { EventCodec, Found, Machine, Match } from './machines/machine.ts';
export {
  createSuppressor,
  type Suppressed,
  type Suppressor,
  type SuppressorOptions,
} from './machines/suppression.ts';
export type { Engine, RuleFault } from './rule-engine.ts';
export type { RuleCounters, RuleFound, RuleStopped } from './runner.ts';
export { transformQuery } from './transform-query.ts';

import type { RuleCounters, RuleStopped } from '../match/index.ts';
import type { Rule } from '../rule/index.ts';
import type { RuleOutput } from './rule-output.ts';

/** What a rule has done and cost since the start, in all the versions of it that ran. */
export interface RuleStats {
  readonly rule: Rule;
  /** Events that were tested against it, and matches. */
  readonly evaluations: number;
  readonly matches: number;
  /** Matches that became alerts; that suppression hid; that were over the bound of an interval. */
  readonly alerts: number;
  readonly suppressed: number;
  readonly overLimit: number;
  /** The time that its evaluations took, milliseconds, reckoned from the sampled ones; null while there is none. */
  readonly costMs: number | null;
  /** State held now, and state given up at the bound. */
  readonly state: number;
  readonly evicted: number;
  /** How often it failed while running, and the last failure. */
  readonly failed: number;
  readonly lastFailure: unknown;
  /** Why it no longer runs; null while it does. */
  readonly stopped: RuleStopped | null;
}

/** Adds up what rules do, over the engines that they run in one after the other. */
export class RuleTotals {
  #before: ReadonlyMap<string, RuleStats> = new Map();

  /** What the rules have done, with what was kept of those before them. */
  of(counters: readonly RuleCounters[], outputs: ReadonlyMap<Rule, RuleOutput>): readonly RuleStats[] {
    return counters.map((now) => sum(statsOf(now, outputs.get(now.rule)), this.#before.get(now.rule.id)));
  }

  /** Keeps what the rules have done until now: other ones take their place. */
  keep(counters: readonly RuleCounters[], outputs: ReadonlyMap<Rule, RuleOutput>): void {
    this.#before = new Map(this.of(counters, outputs).map((stats) => [stats.rule.id, stats]));
  }
}

function statsOf(counters: RuleCounters, output: RuleOutput | undefined): RuleStats {
  const { rule, evaluated, matched, sampled, sampledMs, held, evicted, failed, lastFailure, stopped } =
    counters;
  return {
    ...{ rule, evaluations: evaluated, matches: matched, state: held, evicted, failed, lastFailure },
    stopped,
    alerts: output?.alerts ?? 0,
    suppressed: output?.hidden ?? 0,
    overLimit: output?.overLimit ?? 0,
    costMs: sampled === 0 ? null : (sampledMs / sampled) * evaluated,
  };
}

/** What suppression hid goes on by itself, with the state of the rule. */
function sum(now: RuleStats, before: RuleStats | undefined): RuleStats {
  if (before === undefined) return now;
  return {
    ...now,
    evaluations: before.evaluations + now.evaluations,
    matches: before.matches + now.matches,
    alerts: before.alerts + now.alerts,
    costMs: before.costMs === null ? now.costMs : before.costMs + (now.costMs ?? 0),
    failed: before.failed + now.failed,
    lastFailure: now.lastFailure ?? before.lastFailure,
  };
}

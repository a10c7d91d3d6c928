import type { Problem, RuleSet } from '../lang/index.ts';
import type { Rule } from '../rule/index.ts';
import type { Schema } from '../schema/index.ts';
import { blindnessOf, type Sight } from './sight.ts';
import { judgeRule, type RuleVerdict } from './verdict.ts';

/** What is to be said of one rule document on this host. */
export interface RuleOutlook {
  /** Null for a document that no rule could be read from. */
  readonly rule: Rule | null;
  /** What is wrong with such a document. */
  readonly problem: Problem | null;
  /** Null while it is not judged yet. */
  readonly verdict: RuleVerdict | null;
  /** What the host cannot see of it, a sentence each; null while that is not known. */
  readonly blind: readonly string[] | null;
}

/**
 * What becomes of each rule of a set on this host.
 *
 * Judging a rule takes about a millisecond, so that a set is judged little by little; what is not judged yet says
 * so.
 */
export class Outlook {
  readonly #schema: Schema;
  readonly #verdicts = new WeakMap<Rule, RuleVerdict>();
  #set: RuleSet;
  #sight: Sight | null = null;
  #judging: Promise<void> | null = null;

  constructor(schema: Schema, set: RuleSet) {
    this.#schema = schema;
    this.#set = set;
  }

  /** The documents of the set, in its order; those without a rule last. */
  *all(): Iterable<RuleOutlook> {
    for (const rule of this.#set.rules) {
      const verdict = this.#verdicts.get(rule) ?? null;
      const blind = verdict === null || this.#sight === null ? null : blindnessOf(verdict, this.#sight);
      yield { rule, problem: null, verdict, blind };
    }
    for (const problem of this.#set.problems) {
      if (problem.kind !== 'notice') yield { rule: null, problem, verdict: null, blind: null };
    }
  }

  replace(set: RuleSet): void {
    this.#set = set;
  }

  see(sight: Sight): void {
    this.#sight = sight;
  }

  /** Judges what is not judged yet, giving way to other work after each rule. */
  judge(): Promise<void> {
    this.#judging ??= this.#judgeAll().finally(() => {
      this.#judging = null;
    });
    return this.#judging;
  }

  async #judgeAll(): Promise<void> {
    let set: RuleSet;
    do {
      set = this.#set;
      for (const rule of set.rules) {
        if (this.#verdicts.has(rule)) continue;
        this.#verdicts.set(rule, judgeRule(rule, this.#schema));
        await new Promise(setImmediate);
      }
    } while (set !== this.#set);
  }
}

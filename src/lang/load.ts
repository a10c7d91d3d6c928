import type { Rule } from '../rule/index.ts';
import type { Overlay, RuleSet } from './documents/index.ts';

export interface LoadOptions {
  /** What overlays and exceptions are held against to see whether they have expired; the present unless given. */
  readonly nowMs?: number;
}

/**
 * Reads rules from files, folders (all below them) and globs, in any mixture of formats, and applies the
 * overlays and exception lists found among them. Never rejects for what is in a file: that is a problem of the
 * set. A path that does not exist is one too.
 */
export async function loadRules(_paths: readonly string[], _options: LoadOptions = {}): Promise<RuleSet> {
  throw new Error('not written yet');
}

/** Reads the rules in one text. `name` is what errors call it, and its ending says the format, if it has one. */
export function parseRuleText(_name: string, _text: string, _options: LoadOptions = {}): RuleSet {
  throw new Error('not written yet');
}

/**
 * Makes the rule that a text means: a bare EQL or KQL query, or a document with exactly one rule. A bare query's
 * id is made from its text. Throws RuleError.
 */
export function compileRuleText(_text: string): Rule {
  throw new Error('not written yet');
}

/** Applies overlays to the rules of a set; says which have expired and which match no rule. Changes nothing given. */
export function applyOverlays(_set: RuleSet, _overlays: readonly Overlay[], _nowMs: number): RuleSet {
  throw new Error('not written yet');
}

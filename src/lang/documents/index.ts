/**
 * Rule documents: Elastic's TOML files, Kibana's exports, our own short form in TOML or YAML, and overlays.
 *
 * Owns the files' formats and keys, the place of every value in its file, filters, exceptions and what an
 * overlay does to a rule. Every error is a `RuleError`: TOML_SYNTAX, YAML_SYNTAX, NDJSON_SYNTAX, RULE_KEY,
 * RULE_UNSUPPORTED and so on, and stops one document only. Leaves queries to the rooms of their languages.
 */
export { applyOverlays } from './apply.ts';
export { type CollectOptions, collectRules, collectRulesInTurns } from './collect.ts';
export type { Overlay } from './overlay.ts';
export { compileQuery, inferLanguage, type Language } from './query.ts';
export { type Problem, problemOf, type RuleFile, type RuleSet } from './rule-set.ts';

/**
 * Rules as teams have them: any document, in any of the rule languages, to `Rule`.
 *
 * Owns finding the files, telling the formats apart and collecting what is wrong with each document without
 * stopping the others. The languages and the documents have rooms of their own. Knows no event table: whether
 * a rule can run here is not asked.
 */
export { type BundleOptions, printBundle } from './bundle.ts';
export { applyOverlays, type Overlay, type Problem, type RuleFile, type RuleSet } from './documents/index.ts';
export { type Footprint, footprintOf, type Guard } from './files.ts';
export {
  compileRuleText,
  type LoadOptions,
  loadRules,
  parseRuleText,
  parseRuleTexts,
  type RuleText,
} from './load.ts';

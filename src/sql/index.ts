/**
 * From rules to SQL and to what a fleet can run.
 *
 * Owns osquery's dialect of SQLite, the scan queries that feed the table `detections`, sound prefilters of
 * conditions, the packs, Fleet files, flags and views made of them, and the reading of other people's packs
 * for traps. Knows no rule language and not how a condition is tested: that is `match`, its oracle.
 */
export { LONGEST_CONFIG } from './limits.ts';
export { type Finding, type LintOptions, type LintReport, lintPacks } from './lint/lint.ts';
export { type CandidateOptions, candidateQueries } from './pack/candidates.ts';
export { type FilesOptions, filesFor } from './pack/files.ts';
export { type Pack, type PackOptions, type PackQuery, packFor, printPack } from './pack/pack.ts';
export { type SqlPackOptions, sqlPackFor } from './pack/pack-sql.ts';
export { asksTree, type RulePlan, tablesOf } from './pack/plan.ts';
export { type ScanOptions, scanQuery } from './pack/scan.ts';
export { type Watches, watchesOf } from './pack/watches.ts';
export { type Prefilter, type PrefilterFidelity, type PrefilterOptions, prefilter } from './prefilter.ts';
export { type RuleSieve, ruleSieve, ruleSieves } from './rule-sieves.ts';

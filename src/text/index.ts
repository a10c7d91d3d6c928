/**
 * Texts that people wrote, and what is wrong with them.
 *
 * Owns sources (a text and where it sits in the file that the author edits), spans, excerpts and
 * `RuleError`, the one class for wrong user text; and a memory for texts that come again and again. Knows no
 * language, no rule, no table.
 */
export { suggest } from './did-you-mean.ts';
export { printable } from './printable.ts';
export { RecentTexts } from './recent-texts.ts';
export { RuleError, type RuleErrorOptions } from './rule-error.ts';
export { cellOf, sampleHash } from './sample-hash.ts';
export { SharedTexts } from './shared-texts.ts';
export { createSource, embedSource, type Location, locate, type Source, type Span } from './source.ts';

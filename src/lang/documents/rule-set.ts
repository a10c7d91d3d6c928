import type { Rule } from '../../rule/index.ts';
import type { RuleError } from '../../text/index.ts';
import type { Overlay } from './overlay.ts';

/** What came of a number of documents: the rules that can be used, and all that is wrong with the rest. */
export interface RuleSet {
  /** In the order in which they were read; every id once. */
  readonly rules: readonly Rule[];
  readonly problems: readonly Problem[];
  /** Rule documents read, whatever became of them: rules plus problems with `countsAsRule`. */
  readonly documents: number;
  /** Overlays and exception items that were read, whether they apply or not. */
  readonly overlays: readonly Overlay[];
  /** When the next overlay in force expires, Unix milliseconds; null: never. Overlays are to be applied anew then. */
  readonly nextExpiryMs: number | null;
}

/** What is wrong with one document. Nothing else is stopped by it. */
export interface Problem {
  /**
   * `broken`: malformed, or not to be read. `unsupported`: well formed, but of a type or language that is not
   * run, by name. `notice`: about an overlay or an exception (expired, no such rule, not honoured); rules run.
   */
  readonly kind: 'broken' | 'unsupported' | 'notice';
  readonly error: RuleError;
  readonly file: string;
  /** Whether a rule document was lost; false for files that could not be read as such, and for notices. */
  readonly countsAsRule: boolean;
  /** As far as the document says so. */
  readonly ruleId: string | null;
  readonly ruleName: string | null;
  readonly type: string | null;
  readonly language: string | null;
}

import type { Rule } from '../../rule/index.ts';
import type { RuleError, Source } from '../../text/index.ts';
import type { Overlay } from './overlay.ts';

/** What came of a number of documents: the rules that can be used, and all that is wrong with the rest. */
export interface RuleSet {
  /** In the order in which they were read; every id once. */
  readonly rules: readonly Rule[];
  readonly problems: readonly Problem[];
  /** Rule documents read, whatever became of them: every rule, and every problem that is no notice. */
  readonly documents: number;
  /** Overlays and exception items that were read, whether they apply or not. */
  readonly overlays: readonly Overlay[];
  /** When the next overlay in force expires, Unix milliseconds; null: never. The rules are to be loaded anew then. */
  readonly nextExpiryMs: number | null;
  /** The texts that hold any of it, in the order in which they were read. */
  readonly files: readonly RuleFile[];
}

/** A text with documents. */
export interface RuleFile {
  readonly source: Source;
  /** Named as one with rules, and not merely found among other files. */
  readonly named: boolean;
  /** Whether it holds overlays, exception lists or their items. */
  readonly changes: boolean;
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
  /** As far as the document says so. */
  readonly ruleId: string | null;
  readonly ruleName: string | null;
  readonly type: string | null;
  readonly language: string | null;
}

/** Whose problem it is. */
export type Subject = Pick<Problem, 'ruleId' | 'ruleName' | 'type' | 'language'>;

export const NOBODY: Subject = Object.freeze({ ruleId: null, ruleName: null, type: null, language: null });

/** Makes a problem; malformed and unsupported are told apart by the error's code. */
export function problemOf(error: RuleError, subject: Subject = NOBODY, kind?: Problem['kind']): Problem {
  const told = error.code.endsWith('_UNSUPPORTED') ? 'unsupported' : 'broken';
  return Object.freeze({ kind: kind ?? told, error, file: error.source.name, ...subject });
}

import type { Source } from '../text/index.ts';
import type { Condition } from './condition.ts';
import type { Query } from './query.ts';

export type Severity = 'low' | 'medium' | 'high' | 'critical';

/** A rule as its author wrote it, in the terms that every language shares. */
export interface Rule {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  /** Grows with each change of the rule, where its source says so; 1 otherwise. */
  readonly version: number;
  readonly severity: Severity;
  /** 0 to 100. */
  readonly riskScore: number;
  readonly tags: readonly string[];
  readonly threats: readonly Threat[];
  readonly references: readonly string[];
  readonly falsePositives: readonly string[];
  /** How to triage, in Markdown; empty when the source has none. */
  readonly note: string;
  readonly type: 'eql' | 'query' | 'threshold' | 'newTerms';
  readonly language: 'eql' | 'kuery' | 'sigma';
  /** Makes no alert of its own. */
  readonly buildingBlock: boolean;
  readonly enabled: boolean;
  readonly suppression: AlertSuppression | null;
  /** What the rule's exceptions let pass: an event for which any is true makes no match. */
  readonly exceptions: readonly Condition[];
  /** The query's own text, placed in its file, and the query it means. */
  readonly source: Source;
  readonly query: Query;
  /** What the document asks for that is not honoured, each with its reason. */
  readonly remarks: readonly string[];
}

/** Alerts of one rule that agree in these fields become one for `durationMs`. */
export interface AlertSuppression {
  readonly by: readonly string[];
  /** null: one alert for all matches of one batch. */
  readonly durationMs: number | null;
  /** What happens to events that lack one of the fields. */
  readonly missing: 'suppress' | 'doNotSuppress';
}

/** A tactic and its techniques, in the terms of MITRE ATT&CK. */
export interface Threat {
  readonly framework: string;
  readonly tactic: Technique;
  readonly techniques: readonly Technique[];
}

/** An id such as `T1562.001` or `TA0005` with its name. */
export interface Technique {
  readonly id: string;
  readonly name: string;
}

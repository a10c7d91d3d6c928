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
  /** `production` in what is meant to run; null when the source does not say. */
  readonly maturity: string | null;
  /** When it was last changed, as its source writes dates; null when it does not say. */
  readonly updated: string | null;
  /** How often its source runs it, and how far back each run looks. What runs on a stream needs neither. */
  readonly intervalMs: number;
  readonly lookBackMs: number;
  /** The most alerts of one interval; null is any number. */
  readonly maxSignals: number | null;
  /** The data it is meant for, as Elasticsearch's index patterns; empty is any. */
  readonly indices: readonly string[];
  /** Fields that an analyst wants to see first. */
  readonly investigationFields: readonly string[];
  readonly overrides: Overrides;
  readonly suppression: AlertSuppression | null;
  /** What the rule's exceptions let pass: an event for which any is true makes no match. */
  readonly exceptions: readonly Condition[];
  /** The query's own text, placed in its file, and the query it means. */
  readonly source: Source;
  readonly query: Query;
  /** What the document asks for that is not honoured, each with its reason. */
  readonly remarks: readonly string[];
  /** What the document says under keys that are not known, as it says it. */
  readonly otherKeys: Readonly<Record<string, unknown>>;
}

/** Where an event's own values replace what the rule says. All of the event's values of a field count. */
export interface Overrides {
  /** The field whose text names the alert; null is none. */
  readonly nameField: string | null;
  /** The highest severity of those whose field has the value, written as text. */
  readonly severity: readonly {
    readonly field: string;
    readonly value: string;
    readonly severity: Severity;
  }[];
  /** The field whose highest number from 0 to 100, or text that is one, is the risk score; null is none. */
  readonly riskScoreField: string | null;
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
  /** null when the source names techniques only. */
  readonly tactic: Technique | null;
  readonly techniques: readonly Technique[];
}

/** An id such as `T1562.001` or `TA0005` with its name. */
export interface Technique {
  readonly id: string;
  readonly name: string;
}

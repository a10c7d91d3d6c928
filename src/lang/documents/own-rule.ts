import {
  type AlertSuppression,
  type Query,
  type Rule,
  type Severity,
  simplify,
  type Technique,
  type Threat,
} from '../../rule/index.ts';
import { type Document, embedText } from './document.ts';
import { parseDuration } from './duration.ts';
import { type ReadRule, readFields, SEVERITIES, takeUnknown } from './elastic-rule.ts';
import { compileCondition, compileEventQuery, compileQuery, inferLanguage } from './query.ts';
import { Reader } from './reader.ts';

/** Elastic's own scores for its four severities. */
const RISK_SCORES: Readonly<Record<Severity, number>> = { low: 21, medium: 47, high: 73, critical: 99 };
const DURATION = { expected: 'a duration such as "90s", "5m", "12h" or "7d"', parse: parseDuration } as const;
const DEFAULT_WINDOW_MS = 300_000;

/**
 * Reads a rule in our own short form (docs/rules.md, schema/rule.schema.json). Throws RuleError: RULE_KEY, and what
 * the query's language throws.
 */
export function readOwnRule(document: Document): ReadRule {
  const rule = new Reader(document);
  const remarks: string[] = [];
  const remark = (text: string): void => void remarks.push(text);
  const text = rule.text('query');
  const source = embedText(document, ['query'], text);
  const language =
    rule.choice('language', ['eql', 'kql', 'kuery'], inferLanguage(text)) === 'eql' ? 'eql' : 'kuery';
  const severity = rule.choice('severity', SEVERITIES);
  const query = readQuery(rule, (events) =>
    events ? compileEventQuery(source, language, remark) : compileQuery(source, language, remark),
  );
  const read: Omit<Rule, 'remarks' | 'otherKeys'> = {
    id: rule.text('id'),
    name: rule.text('name'),
    description: rule.text('description', ''),
    version: rule.number('version', { least: 1, whole: true }, 1),
    severity,
    riskScore: rule.number('risk_score', { least: 0, most: 100 }, RISK_SCORES[severity]),
    tags: rule.texts('tags', []),
    threats: readAttack(rule),
    references: rule.texts('references', []),
    falsePositives: rule.texts('false_positives', []),
    note: rule.text('note', ''),
    type:
      query.kind === 'threshold' || query.kind === 'newTerms'
        ? query.kind
        : language === 'eql'
          ? 'eql'
          : 'query',
    language,
    buildingBlock: rule.boolean('building_block', false),
    enabled: rule.boolean('enabled', true),
    maturity: null,
    updated: null,
    intervalMs: DEFAULT_WINDOW_MS,
    lookBackMs: DEFAULT_WINDOW_MS,
    maxSignals: rule.number('max_alerts', { least: 1, whole: true }, null),
    indices: [],
    investigationFields: rule.texts('show', []),
    overrides: { nameField: null, severity: [], riskScoreField: null },
    suppression: readOwnSuppression(rule),
    exceptions: readConditions(rule, 'except').map(simplify),
    source,
    query,
  };
  rule.texts('author', []);
  const otherKeys = takeUnknown(rule, remark);
  return { rule: Object.freeze({ ...read, remarks, otherKeys }), lists: [] };
}

function readQuery(rule: Reader, compile: (events: boolean) => Query): Query {
  const threshold = rule.inner('threshold', null);
  const newTerms = rule.inner('new_terms', null);
  if (threshold !== null && newTerms !== null) {
    throw rule.error('new_terms', 'Expected "threshold" or "new_terms", found both.');
  }
  const query = compile(threshold !== null || newTerms !== null);
  if (query.kind !== 'event') return query;
  if (threshold !== null) {
    const distinct = threshold.inner('distinct', null);
    const count = (reader: Reader): number => reader.number('at_least', { least: 1, whole: true });
    return {
      kind: 'threshold',
      event: query,
      by: threshold.texts('by', []),
      atLeast: count(threshold),
      cardinality: distinct === null ? null : { field: distinct.text('field'), atLeast: count(distinct) },
      windowMs: threshold.parsed('within', DURATION, DEFAULT_WINDOW_MS),
    };
  }
  if (newTerms === null) return query;
  const fields = readFields(newTerms, 'fields');
  return { kind: 'newTerms', event: query, fields, historyMs: newTerms.parsed('within', DURATION) };
}

/** Reads `suppress`, of a rule or an overlay; null when there is none. */
export function readOwnSuppression(rule: Reader): AlertSuppression | null {
  const suppress = rule.inner('suppress', null);
  if (suppress === null) return null;
  return {
    by: readFields(suppress, 'by'),
    durationMs: suppress.parsed('for', DURATION, null),
    missing:
      suppress.choice('missing', ['suppress', 'alert'], 'suppress') === 'alert'
        ? 'doNotSuppress'
        : 'suppress',
  };
}

/** Reads conditions in EQL or KQL, each a text; one text alone is a list of it. */
export function readConditions(reader: Reader, key: string): readonly ReturnType<typeof compileCondition>[] {
  const alone = typeof reader.raw(key) === 'string';
  return reader
    .texts(key, [])
    .map((text, i) =>
      compileCondition(embedText(reader.document, [...reader.path, key, ...(alone ? [] : [i])], text)),
    );
}

/** Ids of tactics and techniques of ATT&CK, each with or without its name: `TA0005 Defense Evasion`, `T1562.001`. */
function readAttack(rule: Reader): readonly Threat[] {
  const tactics: Technique[] = [];
  const techniques: Technique[] = [];
  for (const text of rule.texts('attack', [])) {
    const found = /^(TA\d{4}|T\d{4}(?:\.\d{3})?)(?:\s+(\S.*))?$/.exec(text);
    if (found === null) {
      throw rule.error(
        'attack',
        `Expected ids such as "TA0005" or "T1562.001" in "attack", found "${text}".`,
      );
    }
    const [, id = '', name = ''] = found;
    (id.startsWith('TA') ? tactics : techniques).push({ id, name });
  }
  if (tactics.length === 0 && techniques.length === 0) return [];
  const framework = 'MITRE ATT&CK';
  return (tactics.length > 0 ? tactics : [null]).map((tactic) => ({ framework, tactic, techniques }));
}

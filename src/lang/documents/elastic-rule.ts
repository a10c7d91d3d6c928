import type { AlertSuppression, Query, Rule, Severity, Threat } from '../../rule/index.ts';
import { type Document, embedText, type Table } from './document.ts';
import { parseDuration, parseLookBack } from './duration.ts';
import { type ListReference, readListReferences } from './exceptions.ts';
import { readFilters } from './filters.ts';
import { compileEventQuery, compileQuery, type Language, restrict } from './query.ts';
import { Reader } from './reader.ts';

/** A rule and the exception lists that its document names. */
export interface ReadRule {
  readonly rule: Rule;
  readonly lists: readonly ListReference[];
}

export const SEVERITIES: readonly Severity[] = ['low', 'medium', 'high', 'critical'];
const TYPES = { eql: 'eql', query: 'query', threshold: 'threshold', new_terms: 'newTerms' } as const;
const OTHER_TYPES = ['esql', 'machine_learning', 'threat_match', 'saved_query'];
/** What Kibana takes where a rule does not say. */
const DEFAULT_INTERVAL_MS = 300_000;
const DEFAULT_LOOK_BACK_MS = 360_000;
/** Kibana takes no more fields to tell suppressed alerts, or new terms, apart. */
const MOST_FIELDS = 3;
/** Times that mean the same here: osquery stores an event once, and says when. */
const OWN_TIMES = ['@timestamp', 'event.ingested', 'event.created', 'event.start'];

/** Keys that describe a rule to people or to Kibana, and change nothing about what it finds. */
const DESCRIPTIVE = [
  ...[
    'author',
    'license',
    'setup',
    'meta',
    'namespace',
    'output_index',
    'throttle',
    'rule_source',
    'immutable',
  ],
  ...['timeline_id', 'timeline_title', 'related_integrations', 'required_fields', 'execution_summary'],
  ...[
    'id',
    'revision',
    'created_at',
    'created_by',
    'updated_by',
    'outcome',
    'alias_target_id',
    'alias_purpose',
  ],
  ...['timestamp_override_fallback_disabled', 'min_stack_version'],
];
const DESCRIPTIVE_METADATA = [
  ...['creation_date', 'integration', 'min_stack_version', 'min_stack_comments', 'bypass_bbr_timing'],
  ...['deprecation_date', 'promotion', 'query_schema_validation', 'bypass_query_validation', 'os_type_list'],
  ...['extended', 'comments'],
];
/** Rules of these are not released to anyone; Elastic ships `production` ones only. */
const NOT_RELEASED = ['development', 'deprecated'];

/**
 * Reads a rule in Elastic's own terms: a file of detection-rules (`[metadata]` and `[rule]`), or a rule object of
 * Kibana's API and exports. Throws RuleError: RULE_KEY for a wrong or missing value, RULE_UNSUPPORTED for a type
 * or language that is not run, and what filters, exceptions and the query's language throw.
 */
export function readElasticRule(document: Document): ReadRule {
  const root = new Reader(document);
  const inFile = root.inner('rule', null);
  const rule = inFile ?? root;
  const metadata = inFile === null ? null : root.inner('metadata', null);
  const remarks: string[] = [];
  const remark = (text: string): void => void remarks.push(text);

  const type = readType(rule);
  const language = readLanguage(rule, type);
  const filters = rule.list('filters');
  // Without a query the filters alone say what is found; without either it would be everything.
  const text = filters.length > 0 ? rule.text('query', '') : rule.text('query');
  const source = embedText(document, [...rule.path, 'query'], text);
  const lookBackMs = rule.parsed('from', LOOK_BACK, DEFAULT_LOOK_BACK_MS);
  const intervalMs = rule.parsed('interval', INTERVAL, DEFAULT_INTERVAL_MS);
  const unrestricted = readQuery(rule, { type, language, source, lookBackMs, remark });
  const query = restrict(unrestricted, readFilters(filters));
  const maturity = metadata?.text('maturity', null) ?? null;
  const lists = readListReferences(rule);
  remarkNotHonoured(rule, remark);

  const read: Omit<Rule, 'remarks' | 'otherKeys'> = {
    id: rule.text('rule_id'),
    name: rule.text('name'),
    description: rule.text('description', ''),
    version: rule.number('version', { least: 1, whole: true }, 1),
    severity: rule.choice('severity', SEVERITIES),
    riskScore: rule.number('risk_score', { least: 0, most: 100 }),
    tags: rule.texts('tags', []),
    threats: rule.list('threat').map(readThreat),
    references: rule.texts('references', []),
    falsePositives: rule.texts('false_positives', []),
    note: rule.text('note', ''),
    type: TYPES[type],
    language,
    buildingBlock: rule.text('building_block_type', '') !== '',
    enabled: readEnabled(rule, maturity, remark),
    maturity,
    updated: metadata?.text('updated_date', null) ?? rule.text('updated_at', null),
    intervalMs,
    lookBackMs,
    maxSignals: rule.number('max_signals', { least: 1, whole: true }, null),
    indices: rule.texts('index', []),
    investigationFields: rule.inner('investigation_fields', null)?.texts('field_names', []) ?? [],
    overrides: readOverrides(rule),
    suppression: readSuppression(rule, query),
    exceptions: [],
    source,
    query,
  };
  for (const key of DESCRIPTIVE) rule.raw(key);
  for (const key of DESCRIPTIVE_METADATA) metadata?.raw(key);
  root.raw('transform');
  const readers = [rule, ...(inFile === null ? [] : [root]), ...(metadata === null ? [] : [metadata])];
  const otherKeys = Object.assign({}, ...readers.map((reader) => takeUnknown(reader, remark))) as Table;
  return { rule: Object.freeze({ ...read, remarks, otherKeys }), lists };
}

/** Remarks each key of a table that nobody asked for, and gives back what it says. */
export function takeUnknown(reader: Reader, remark: (text: string) => void): Table {
  const unknown = reader.unknownKeys();
  for (const key of unknown) {
    const hint = reader.suggestKey(key);
    const path = [...reader.path, key].join('.');
    remark(`The key "${path}" is not known, and not used.${hint === undefined ? '' : ` ${hint}`}`);
  }
  return Object.fromEntries(unknown.map((key) => [key, reader.table[key]]));
}

const LOOK_BACK = { expected: 'a time before now, such as "now-9m"', parse: parseLookBack } as const;
const INTERVAL = { expected: 'a duration such as "5m"', parse: parseDuration } as const;

function readType(rule: Reader): keyof typeof TYPES {
  const type = rule.raw('type');
  if (typeof type === 'string' && OTHER_TYPES.includes(type)) {
    throw rule.error('type', `Unsupported: rules of type "${type}".`, { code: 'RULE_UNSUPPORTED' });
  }
  return rule.choice('type', Object.keys(TYPES) as (keyof typeof TYPES)[]);
}

function readLanguage(rule: Reader, type: keyof typeof TYPES): Language {
  const own = type === 'eql' ? 'eql' : 'kuery';
  const language = rule.text('language', own);
  if (language === own) return own;
  if (['eql', 'kuery', 'lucene', 'esql'].includes(language)) {
    throw rule.error('language', `Unsupported: queries in "${language}" in a rule of type "${type}".`, {
      code: 'RULE_UNSUPPORTED',
    });
  }
  return rule.choice('language', [own]);
}

interface QueryTerms {
  readonly type: keyof typeof TYPES;
  readonly language: Language;
  readonly source: ReturnType<typeof embedText>;
  readonly lookBackMs: number;
  readonly remark: (text: string) => void;
}

function readQuery(rule: Reader, terms: QueryTerms): Query {
  const { type, language, source, lookBackMs, remark } = terms;
  switch (type) {
    case 'eql':
    case 'query':
      return compileQuery(source, language, remark);
    case 'threshold': {
      const threshold = rule.inner('threshold');
      const by = threshold.texts('field', []).filter((name) => name !== '');
      const atLeast = threshold.number('value', { least: 1, whole: true });
      const cardinality = readCardinality(threshold);
      const event = compileEventQuery(source, language, remark);
      return { kind: 'threshold', event, by, atLeast, cardinality, windowMs: lookBackMs };
    }
    case 'new_terms': {
      const { fields, historyMs } = readNewTerms(rule);
      return { kind: 'newTerms', event: compileEventQuery(source, language, remark), fields, historyMs };
    }
  }
}

function readCardinality(threshold: Reader): { readonly field: string; readonly atLeast: number } | null {
  const [first, second] = threshold.list('cardinality');
  if (first === undefined) return null;
  if (second !== undefined)
    throw second.error(null, 'Expected one field whose values are counted, found more.');
  return { field: first.text('field'), atLeast: first.number('value', { least: 1, whole: true }) };
}

/** In files of detection-rules a table of pairs of name and value, in Kibana's objects two keys of the rule. */
function readNewTerms(rule: Reader): { readonly fields: readonly string[]; readonly historyMs: number } {
  const table = rule.inner('new_terms', null);
  if (table === null) {
    return {
      fields: readFields(rule, 'new_terms_fields'),
      historyMs: rule.parsed('history_window_start', LOOK_BACK),
    };
  }
  table.choice('field', ['new_terms_fields'], null);
  const [window] = table.list('history_window_start');
  if (window === undefined)
    throw table.error(null, 'Expected "history_window_start" in "new_terms"; it is missing.');
  return { fields: readFields(table, 'value'), historyMs: window.parsed('value', LOOK_BACK) };
}

export function readFields(reader: Reader, key: string): readonly string[] {
  const fields = reader.texts(key);
  if (fields.length > 0 && fields.length <= MOST_FIELDS) return fields;
  throw reader.error(
    key,
    `Expected "${key}" to be a list of 1 to ${MOST_FIELDS} fields, found ${fields.length}.`,
  );
}

/** A threshold rule is suppressed by its own fields and says the duration only. */
function readSuppression(rule: Reader, query: Query): AlertSuppression | null {
  const suppression = rule.inner('alert_suppression', null);
  if (suppression === null) return null;
  const duration = suppression.inner('duration', null);
  const unit = duration?.choice('unit', ['s', 'm', 'h', 'd']);
  const value = duration?.number('value', { least: 1, whole: true });
  const strategy = suppression.choice('missing_fields_strategy', ['suppress', 'doNotSuppress'], 'suppress');
  return {
    by: query.kind === 'threshold' ? query.by : readFields(suppression, 'group_by'),
    durationMs: duration === null ? null : parseDuration(`${value}${unit}`)!,
    missing: strategy,
  };
}

function readOverrides(rule: Reader): Rule['overrides'] {
  const severity = rule.list('severity_mapping').map((mapping) => {
    mapping.choice('operator', ['equals'], null);
    return {
      field: mapping.text('field'),
      value: mapping.text('value'),
      severity: mapping.choice('severity', SEVERITIES),
    };
  });
  const [riskScore] = rule.list('risk_score_mapping');
  return {
    nameField: rule.text('rule_name_override', null),
    severity,
    riskScoreField: riskScore?.text('field') ?? null,
  };
}

function readThreat(threat: Reader): Threat {
  const technique = (one: Reader) => ({ id: one.text('id'), name: one.text('name', '') });
  return {
    framework: threat.text('framework', 'MITRE ATT&CK'),
    tactic: technique(threat.inner('tactic')),
    techniques: threat
      .list('technique')
      .flatMap((one) => [technique(one), ...one.list('subtechnique').map(technique)]),
  };
}

function readEnabled(rule: Reader, maturity: string | null, remark: (text: string) => void): boolean {
  const released = maturity === null || !NOT_RELEASED.includes(maturity);
  const enabled = rule.boolean('enabled', null);
  if (enabled === null && !released) {
    remark(`Not enabled: its maturity is "${maturity}". With "enabled = true" it runs all the same.`);
  }
  return enabled ?? released;
}

/** What would change alerts in Kibana and does not here. */
function remarkNotHonoured(rule: Reader, remark: (text: string) => void): void {
  const time = rule.text('timestamp_override', '@timestamp');
  if (!OWN_TIMES.includes(time)) {
    remark(
      `The key "timestamp_override" is passed over: events are ordered by osquery's time, not by ${time}.`,
    );
  }
  if (rule.text('to', 'now') !== 'now') {
    remark('The key "to" is passed over: events are looked at as they come.');
  }
  for (const key of ['actions', 'response_actions']) {
    const value = rule.raw(key);
    if (Array.isArray(value) && value.length > 0) {
      remark(`The key "${key}" is passed over: what follows an alert is up to whoever receives it.`);
    }
  }
  for (const key of [
    'event_category_override',
    'timestamp_field',
    'tiebreaker_field',
    'data_view_id',
    'saved_id',
  ]) {
    if (rule.has(key)) remark(`The key "${key}" is passed over: it names data of Elasticsearch.`);
  }
}

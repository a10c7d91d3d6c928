import test from 'ava';
import { stringify } from 'smol-toml';
import { parseRuleText, type RuleSet } from '../../../src/lang/index.ts';
import { type Condition, printCondition, type Query, type Rule } from '../../../src/rule/index.ts';

type Keys = Readonly<Record<string, unknown>>;

const BASE: Keys = {
  rule_id: 'a-1',
  name: 'A',
  type: 'query',
  language: 'kuery',
  severity: 'medium',
  risk_score: 47,
  query: 'process.name: "nc"',
};
const NC = 'process.name in ("nc")';

/** A rule with its conditions printed, so that pairs can be told apart at a glance; without its place. */
function seen({ source, query, exceptions, ...rest }: Rule): Keys {
  return { ...rest, text: source.text, query: seenQuery(query), exceptions: exceptions.map(printCondition) };
}

function seenQuery(query: Query): unknown {
  const plain = JSON.stringify(query, (_, value: unknown) =>
    isCondition(value) ? printCondition(value) : value,
  );
  return JSON.parse(plain);
}

function isCondition(value: unknown): value is Condition {
  return (
    typeof value === 'object' && value !== null && 'kind' in value && CONDITIONS.includes(String(value.kind))
  );
}

const CONDITIONS = [
  'and',
  'or',
  'not',
  'definite',
  'oneOf',
  'like',
  'compare',
  'exists',
  'constant',
  'regex',
  'cidr',
];

const event = (condition: string): Keys => ({ kind: 'event', category: null, condition });

function inToml(rule: Keys, metadata: Keys = {}): RuleSet {
  return parseRuleText('a.toml', stringify({ metadata, rule }), { nowMs: 0 });
}

function inExport(rule: Keys): RuleSet {
  return parseRuleText('a.ndjson', `${JSON.stringify(rule)}\n`, { nowMs: 0 });
}

function only(set: RuleSet): Rule {
  const [problem] = set.problems;
  if (problem !== undefined) throw problem.error;
  return set.rules[0]!;
}

const base = only(inToml(BASE));

test('a document with the keys that it must have says nothing of the others', (t) => {
  t.deepEqual(seen(base), {
    id: 'a-1',
    name: 'A',
    description: '',
    version: 1,
    severity: 'medium',
    riskScore: 47,
    tags: [],
    threats: [],
    references: [],
    falsePositives: [],
    note: '',
    type: 'query',
    language: 'kuery',
    buildingBlock: false,
    enabled: true,
    maturity: null,
    updated: null,
    intervalMs: 300_000,
    lookBackMs: 360_000,
    maxSignals: null,
    indices: [],
    investigationFields: [],
    overrides: { nameField: null, severity: [], riskScoreField: null },
    suppression: null,
    text: 'process.name: "nc"',
    query: event(`definite(${NC})`),
    exceptions: [],
    remarks: [],
    otherKeys: {},
  });
});

/** A rule and the same with some keys more: what differs, and nothing else does. */
interface Pair {
  readonly key: string;
  readonly with: Keys;
  readonly differs: Keys;
}

const PAIRS: readonly Pair[] = [
  { key: 'description', with: { description: 'D' }, differs: { description: 'D' } },
  { key: 'version', with: { version: 7 }, differs: { version: 7 } },
  { key: 'severity', with: { severity: 'critical' }, differs: { severity: 'critical' } },
  { key: 'risk_score', with: { risk_score: 99 }, differs: { riskScore: 99 } },
  { key: 'tags', with: { tags: ['OS: Linux'] }, differs: { tags: ['OS: Linux'] } },
  { key: 'references', with: { references: ['https://a.b'] }, differs: { references: ['https://a.b'] } },
  { key: 'false_positives', with: { false_positives: ['backup'] }, differs: { falsePositives: ['backup'] } },
  { key: 'note', with: { note: '## Triage' }, differs: { note: '## Triage' } },
  { key: 'building_block_type', with: { building_block_type: 'default' }, differs: { buildingBlock: true } },
  { key: 'enabled', with: { enabled: false }, differs: { enabled: false } },
  { key: 'interval', with: { interval: '1h' }, differs: { intervalMs: 3_600_000 } },
  { key: 'from', with: { from: 'now-9m' }, differs: { lookBackMs: 540_000 } },
  { key: 'from in days', with: { from: 'now-2d/d' }, differs: { lookBackMs: 172_800_000 } },
  { key: 'max_signals', with: { max_signals: 5 }, differs: { maxSignals: 5 } },
  { key: 'index', with: { index: ['logs-*'] }, differs: { indices: ['logs-*'] } },
  {
    key: 'investigation_fields',
    with: { investigation_fields: { field_names: ['process.name'] } },
    differs: { investigationFields: ['process.name'] },
  },
  {
    key: 'rule_name_override',
    with: { rule_name_override: 'process.name' },
    differs: { overrides: { ...base.overrides, nameField: 'process.name' } },
  },
  {
    key: 'severity_mapping',
    with: { severity_mapping: [{ field: 'user.name', operator: 'equals', value: 'root', severity: 'high' }] },
    differs: {
      overrides: { ...base.overrides, severity: [{ field: 'user.name', value: 'root', severity: 'high' }] },
    },
  },
  {
    key: 'risk_score_mapping',
    with: { risk_score_mapping: [{ field: 'event.risk_score', operator: 'equals', value: '' }] },
    differs: { overrides: { ...base.overrides, riskScoreField: 'event.risk_score' } },
  },
  {
    key: 'threat',
    with: {
      threat: [
        {
          framework: 'MITRE ATT&CK',
          tactic: { id: 'TA0005', name: 'Defense Evasion', reference: 'https://a.b' },
          technique: [{ id: 'T1562', name: 'Impair', subtechnique: [{ id: 'T1562.001', name: 'Disable' }] }],
        },
      ],
    },
    differs: {
      threats: [
        {
          framework: 'MITRE ATT&CK',
          tactic: { id: 'TA0005', name: 'Defense Evasion' },
          techniques: [
            { id: 'T1562', name: 'Impair' },
            { id: 'T1562.001', name: 'Disable' },
          ],
        },
      ],
    },
  },
  {
    key: 'query',
    with: { query: 'user.id: 0' },
    differs: { text: 'user.id: 0', query: event('definite(user.id in ("0", 0))') },
  },
  {
    key: 'filters',
    with: { filters: [{ meta: {}, query: { match_phrase: { 'user.name': 'root' } } }] },
    differs: { query: event(`definite(${NC}) and definite(user.name in ("root"))`) },
  },
  {
    key: 'filters, negated',
    with: { filters: [{ meta: { negate: true }, query: { match_phrase: { 'user.name': 'root' } } }] },
    differs: { query: event(`definite(${NC}) and not definite(user.name in ("root"))`) },
  },
  {
    key: 'filters, disabled',
    with: { filters: [{ meta: { disabled: true }, query: { match_phrase: { 'user.name': 'root' } } }] },
    differs: {},
  },
  {
    key: 'alert_suppression',
    with: { alert_suppression: { group_by: ['host.id'], duration: { value: 6, unit: 'h' } } },
    differs: { suppression: { by: ['host.id'], durationMs: 21_600_000, missing: 'suppress' } },
  },
  {
    key: 'alert_suppression of one run',
    with: { alert_suppression: { group_by: ['a', 'b', 'c'], missing_fields_strategy: 'doNotSuppress' } },
    differs: { suppression: { by: ['a', 'b', 'c'], durationMs: null, missing: 'doNotSuppress' } },
  },
  {
    key: 'threshold',
    with: { type: 'threshold', threshold: { field: ['host.id', 'user.name'], value: 15 } },
    differs: {
      type: 'threshold',
      query: {
        kind: 'threshold',
        event: event(`definite(${NC})`),
        by: ['host.id', 'user.name'],
        atLeast: 15,
        cardinality: null,
        windowMs: 360_000,
      },
    },
  },
  {
    key: 'threshold with cardinality, a window and suppression by its own fields',
    with: {
      type: 'threshold',
      from: 'now-1h',
      threshold: { field: 'host.id', value: 1, cardinality: [{ field: 'process.args', value: 100 }] },
      alert_suppression: { duration: { value: 1, unit: 'm' } },
    },
    differs: {
      type: 'threshold',
      lookBackMs: 3_600_000,
      suppression: { by: ['host.id'], durationMs: 60_000, missing: 'suppress' },
      query: {
        kind: 'threshold',
        event: event(`definite(${NC})`),
        by: ['host.id'],
        atLeast: 1,
        cardinality: { field: 'process.args', atLeast: 100 },
        windowMs: 3_600_000,
      },
    },
  },
  {
    key: 'new_terms, as files write it',
    with: {
      type: 'new_terms',
      new_terms: {
        field: 'new_terms_fields',
        value: ['host.id', 'process.name'],
        history_window_start: [{ field: 'history_window_start', value: 'now-7d' }],
      },
    },
    differs: {
      type: 'newTerms',
      query: {
        kind: 'newTerms',
        event: event(`definite(${NC})`),
        fields: ['host.id', 'process.name'],
        historyMs: 604_800_000,
      },
    },
  },
  {
    key: 'new_terms_fields, as Kibana writes it',
    with: { type: 'new_terms', new_terms_fields: ['host.id'], history_window_start: 'now-14d' },
    differs: {
      type: 'newTerms',
      query: {
        kind: 'newTerms',
        event: event(`definite(${NC})`),
        fields: ['host.id'],
        historyMs: 1_209_600_000,
      },
    },
  },
  {
    key: 'timestamp_override by a time that osquery has',
    with: { timestamp_override: 'event.ingested' },
    differs: {},
  },
  {
    key: 'timestamp_override by another',
    with: { timestamp_override: 'event.end' },
    differs: {
      remarks: [
        'The key "timestamp_override" is passed over: events are ordered by osquery\'s time, not by event.end.',
      ],
    },
  },
  {
    key: 'to',
    with: { to: 'now-1m' },
    differs: { remarks: ['The key "to" is passed over: events are looked at as they come.'] },
  },
  {
    key: 'actions',
    with: { actions: [{ id: 'mail' }] },
    differs: {
      remarks: ['The key "actions" is passed over: what follows an alert is up to whoever receives it.'],
    },
  },
  {
    key: 'exceptions_list that is nowhere',
    with: { exceptions_list: [{ id: 'x', list_id: 'L1', type: 'detection' }] },
    differs: {
      remarks: ['The exception list "L1" is in none of the files: what it would let pass makes alerts.'],
    },
  },
  { key: 'what describes only', with: { author: ['B'], license: 'L', setup: 'S' }, differs: {} },
];

for (const { key, with: more, differs } of PAIRS) {
  test(`a rule differs by one key in what the key says: ${key}`, (t) => {
    for (const set of [inToml({ ...BASE, ...more }), inExport({ ...BASE, ...more })]) {
      t.deepEqual(seen(only(set)), { ...seen(base), ...differs });
    }
  });
}

test('metadata says how mature a rule is, and what is not released is not enabled unless it says so', (t) => {
  const production = only(inToml(BASE, { maturity: 'production', updated_date: '2026/01/31' }));
  t.deepEqual(seen(production), { ...seen(base), maturity: 'production', updated: '2026/01/31' });
  const old = only(inToml(BASE, { maturity: 'deprecated' }));
  t.deepEqual(seen(old), {
    ...seen(base),
    maturity: 'deprecated',
    enabled: false,
    remarks: ['Not enabled: its maturity is "deprecated". With "enabled = true" it runs all the same.'],
  });
  const anyway = only(inToml({ ...BASE, enabled: true }, { maturity: 'deprecated' }));
  t.deepEqual(seen(anyway), { ...seen(base), maturity: 'deprecated' });
});

test('unknown keys are kept and told, wherever they are', (t) => {
  const rule = only(inToml({ ...BASE, max_signal: 5, zzz: { a: 1 } }, { nonsense: true }));
  t.deepEqual(rule.otherKeys, { max_signal: 5, zzz: { a: 1 }, nonsense: true });
  t.deepEqual(rule.remarks, [
    'The key "rule.max_signal" is not known, and not used. Did you mean "max_signals"?',
    'The key "rule.zzz" is not known, and not used.',
    'The key "metadata.nonsense" is not known, and not used.',
  ]);
});

test('a pipe is told, as a stream has no end to count from', (t) => {
  const rule = only(inToml({ ...BASE, type: 'eql', language: 'eql', query: 'any where true | tail 3' }));
  t.deepEqual(rule.remarks, [
    'The pipe "tail 3" is passed over: a stream of events has neither beginning nor end.',
  ]);
});

test('a rule may have filters alone', (t) => {
  const filters = [{ query: { exists: { field: 'user.id' } } }];
  t.deepEqual(seen(only(inExport({ ...BASE, query: '', filters }))), {
    ...seen(base),
    text: '',
    query: event('exists(user.id)'),
  });
});

test('a rule with filters in EQL must pass them in each of its events', (t) => {
  const more = { filters: [{ meta: {}, query: { exists: { field: 'user.id' } } }] };
  const query =
    'sequence by host.id with maxspan=1m [process where pid == 1] ![file where true] until [process where pid == 3]';
  const rule = only(inToml({ ...BASE, type: 'eql', language: 'eql', query, ...more }));
  t.is(rule.query.kind, 'sequence');
  if (rule.query.kind !== 'sequence') return;
  const events = [...rule.query.steps, rule.query.until!].map((step) => printCondition(step.event.condition));
  t.is(events.length, 3);
  for (const one of events) t.true(one.endsWith('exists(user.id)'), one);
});

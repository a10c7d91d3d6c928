import test from 'ava';
import { stringify as toToml } from 'smol-toml';
import { stringify as toYaml } from 'yaml';
import { parseRuleText, type RuleSet } from '../../../src/lang/index.ts';
import { printCondition, type Rule } from '../../../src/rule/index.ts';

type Keys = Readonly<Record<string, unknown>>;

const BASE: Keys = { id: 'own-1', name: 'Own', severity: 'high', query: 'process.name: "nc"' };

function load(keys: Keys): readonly RuleSet[] {
  return [parseRuleText('own.toml', toToml(keys)), parseRuleText('own.yaml', toYaml(keys))];
}

function only(set: RuleSet): Rule {
  const [problem] = set.problems;
  if (problem !== undefined) throw problem.error;
  return set.rules[0]!;
}

function seen(rule: Rule): Keys {
  const { source, query, exceptions, ...rest } = rule;
  const event = 'event' in query ? query.event : query;
  const condition = event.kind === 'event' ? printCondition(event.condition) : event.kind;
  const { by, atLeast, cardinality, windowMs, fields, historyMs } = query as unknown as Keys;
  const terms = { by, atLeast, cardinality, windowMs, fields, historyMs };
  return { ...rest, condition, terms, exceptions: exceptions.map(printCondition), text: source.text };
}

const base = seen(only(load(BASE)[0]!));
const none = base['terms'] as Keys;

test('four keys make a rule', (t) => {
  for (const set of load(BASE)) {
    const rule = only(set);
    t.is(rule.type, 'query');
    t.is(rule.language, 'kuery');
    t.is(rule.riskScore, 73);
    t.is(rule.version, 1);
    t.deepEqual(seen(rule), base);
  }
});

const EQL = 'process where process.name == "nc"';

const PAIRS: readonly { key: string; with: Keys; differs: Keys }[] = [
  { key: 'description', with: { description: 'D' }, differs: { description: 'D' } },
  { key: 'severity', with: { severity: 'low' }, differs: { severity: 'low', riskScore: 21 } },
  { key: 'risk_score', with: { risk_score: 50 }, differs: { riskScore: 50 } },
  { key: 'version', with: { version: 3 }, differs: { version: 3 } },
  { key: 'tags', with: { tags: ['a', 'b'] }, differs: { tags: ['a', 'b'] } },
  { key: 'references', with: { references: ['https://a.b'] }, differs: { references: ['https://a.b'] } },
  { key: 'false_positives', with: { false_positives: 'backup' }, differs: { falsePositives: ['backup'] } },
  { key: 'note', with: { note: 'N' }, differs: { note: 'N' } },
  { key: 'building_block', with: { building_block: true }, differs: { buildingBlock: true } },
  { key: 'enabled', with: { enabled: false }, differs: { enabled: false } },
  { key: 'max_alerts', with: { max_alerts: 9 }, differs: { maxSignals: 9 } },
  { key: 'show', with: { show: ['user.name'] }, differs: { investigationFields: ['user.name'] } },
  { key: 'author', with: { author: ['me'] }, differs: {} },
  { key: 'language', with: { language: 'kql' }, differs: {} },
  {
    key: 'a query in EQL',
    with: { query: EQL },
    differs: { type: 'eql', language: 'eql', text: EQL, condition: 'process.name == "nc"' },
  },
  {
    key: 'attack with a tactic',
    with: { attack: ['TA0005 Defense Evasion', 'T1562.001'] },
    differs: {
      threats: [
        {
          framework: 'MITRE ATT&CK',
          tactic: { id: 'TA0005', name: 'Defense Evasion' },
          techniques: [{ id: 'T1562.001', name: '' }],
        },
      ],
    },
  },
  {
    key: 'attack without a tactic',
    with: { attack: ['T1562.001 Disable or Modify Tools'] },
    differs: {
      threats: [
        {
          framework: 'MITRE ATT&CK',
          tactic: null,
          techniques: [{ id: 'T1562.001', name: 'Disable or Modify Tools' }],
        },
      ],
    },
  },
  {
    key: 'suppress',
    with: { suppress: { by: ['host.id'], for: '1h', missing: 'alert' } },
    differs: { suppression: { by: ['host.id'], durationMs: 3_600_000, missing: 'doNotSuppress' } },
  },
  {
    key: 'suppress in a batch',
    with: { suppress: { by: 'host.id' } },
    differs: { suppression: { by: ['host.id'], durationMs: null, missing: 'suppress' } },
  },
  {
    key: 'except',
    with: { except: ['user.name: "root"', 'process.pid == 1'] },
    differs: { exceptions: ['definite(user.name in ("root"))', 'process.pid == 1'] },
  },
  {
    key: 'threshold',
    with: { threshold: { by: ['user.name'], at_least: 5, within: '10m' } },
    differs: {
      type: 'threshold',
      terms: { ...none, by: ['user.name'], atLeast: 5, cardinality: null, windowMs: 600_000 },
    },
  },
  {
    key: 'threshold of distinct values',
    with: { threshold: { at_least: 5, distinct: { field: 'process.args', at_least: 3 } } },
    differs: {
      type: 'threshold',
      terms: {
        ...none,
        by: [],
        atLeast: 5,
        cardinality: { field: 'process.args', atLeast: 3 },
        windowMs: 300_000,
      },
    },
  },
  {
    key: 'new_terms',
    with: { new_terms: { fields: ['user.name'], within: '7d' } },
    differs: { type: 'newTerms', terms: { ...none, fields: ['user.name'], historyMs: 604_800_000 } },
  },
  {
    key: 'a key that is misspelt',
    with: { falsepositives: 'x' },
    differs: {
      otherKeys: { falsepositives: 'x' },
      remarks: ['The key "falsepositives" is not known, and not used. Did you mean "false_positives"?'],
    },
  },
];

for (const { key, with: more, differs } of PAIRS) {
  test(`our own form, in TOML and YAML, differs by one key in what the key says: ${key}`, (t) => {
    for (const set of load({ ...BASE, ...more })) t.deepEqual(seen(only(set)), { ...base, ...differs });
  });
}

test('a file of YAML may hold several rules', (t) => {
  const second = { ...BASE, id: 'own-2' };
  const set = parseRuleText('own.yaml', `${toYaml(BASE)}---\n${toYaml(second)}`);
  t.deepEqual(
    set.rules.map(({ id }) => id),
    ['own-1', 'own-2'],
  );
});

const LANGUAGES: readonly { query: string; want: 'eql' | 'kuery' }[] = [
  { query: 'process where true', want: 'eql' },
  { query: '// note\nprocess where true', want: 'eql' },
  { query: '/* a\nb */ any where true', want: 'eql' },
  { query: '"my category" where true', want: 'eql' },
  { query: 'sequence by a [any where true] [any where true]', want: 'eql' },
  { query: 'sample by a [any where true] [any where true]', want: 'eql' },
  { query: 'sequence: 1', want: 'kuery' },
  { query: 'sample.id: 1', want: 'kuery' },
  { query: 'process.name: where', want: 'kuery' },
  { query: 'where: x', want: 'kuery' },
];

for (const { query, want } of LANGUAGES) {
  test(`the language of a query shows: ${query}`, (t) => {
    t.is(only(parseRuleText('own.yaml', toYaml({ ...BASE, query }))).language, want);
  });
}

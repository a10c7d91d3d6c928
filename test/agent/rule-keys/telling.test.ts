import type { Alert } from '../../../src/agent/index.ts';
import { detailOf, exec, type Keys, NC, testPairs } from './pairs.ts';

const ruleOf = ({ document }: Alert): Keys => document['rule'] as Keys;

testPairs([
  {
    key: 'risk_score',
    what: 'is the score of an alert',
    one: { risk_score: 21 },
    other: { risk_score: 22 },
    rows: [NC],
    tell: ({ riskScore }) => riskScore,
    want: [[21], [22]],
  },
  {
    key: 'risk_score_mapping',
    what: 'is a number of the event instead',
    one: { risk_score_mapping: [{ field: 'process.args_count', operator: 'equals', value: '' }] },
    other: { risk_score_mapping: [] },
    rows: [exec(0, '/bin/nc -l 9')],
    tell: ({ riskScore }) => riskScore,
    want: [[3], [21]],
  },
  {
    key: 'severity',
    what: 'is how grave an alert is',
    one: { severity: 'low' },
    other: { severity: 'high' },
    rows: [NC],
    tell: ({ severity }) => severity,
    want: [['low'], ['high']],
  },
  {
    key: 'severity_mapping',
    what: 'is the gravest whose field has its value',
    one: {
      severity_mapping: [
        { field: 'user.name', operator: 'equals', value: 'root', severity: 'critical' },
        { field: 'user.id', operator: 'equals', value: '0', severity: 'medium' },
      ],
    },
    other: {
      severity_mapping: [{ field: 'user.name', operator: 'equals', value: 'eve', severity: 'critical' }],
    },
    rows: [NC],
    tell: ({ severity }) => severity,
    want: [['critical'], ['low']],
  },
  {
    key: 'rule_name_override',
    what: 'names the alert after the event',
    one: { rule_name_override: 'process.executable' },
    other: { rule_name_override: 'process.parent.executable' },
    rows: [NC],
    tell: ({ ruleName }) => ruleName,
    want: [['/bin/nc'], ['A rule']],
  },
  {
    key: 'threat',
    what: 'is told with its techniques and sub-techniques',
    one: {
      threat: [
        {
          framework: 'MITRE ATT&CK',
          tactic: { id: 'TA0002', name: 'Execution', reference: '' },
          technique: [
            {
              id: 'T1059',
              name: 'x',
              reference: '',
              subtechnique: [{ id: 'T1059.004', name: 'y', reference: '' }],
            },
          ],
        },
      ],
    },
    other: { threat: [] },
    rows: [NC],
    tell: ({ document }) =>
      (document['threat'] as { technique: { id: string }[] }[]).flatMap(({ technique }) =>
        technique.map(({ id }) => id),
      ),
    want: [[['T1059', 'T1059.004']], [[]]],
  },
  {
    key: 'tags',
    what: 'are on the alert',
    one: { tags: ['OS: Linux'] },
    other: { tags: [] },
    rows: [NC],
    tell: ({ document }) => document['tags'],
    want: [[['OS: Linux']], [[]]],
  },
  {
    key: 'references',
    what: 'are on the alert',
    one: { references: ['https://example.test/a'] },
    other: { references: ['https://example.test/b'] },
    rows: [NC],
    tell: (alert) => ruleOf(alert)['reference'],
    want: [[['https://example.test/a']], [['https://example.test/b']]],
  },
  {
    key: 'note',
    what: 'is on the alert',
    one: { note: 'Look at the parent.' },
    other: {},
    rows: [NC],
    tell: (alert) => detailOf(alert)['note'],
    want: [['Look at the parent.'], [undefined]],
  },
  {
    key: 'false_positives',
    what: 'are on the alert',
    one: { false_positives: ['A class.'] },
    other: { false_positives: [] },
    rows: [NC],
    tell: (alert) => detailOf(alert)['false_positives'],
    want: [[['A class.']], [undefined]],
  },
  {
    key: 'investigation_fields',
    what: 'are told with their values, without those that have none',
    one: { investigation_fields: { field_names: ['user.name', 'process.parent.name', 'process.pid'] } },
    other: { investigation_fields: { field_names: ['user.name'] } },
    rows: [NC],
    tell: (alert) => detailOf(alert)['investigation'],
    want: [[{ 'user.name': 'root', 'process.pid': 1000 }], [{ 'user.name': 'root' }]],
  },
]);

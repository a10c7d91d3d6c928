/**
 * One pair for every key of a rule document that is honoured: two rules that differ in this key alone, and events
 * that tell them apart, through the detector that runs live.
 */
import test from 'ava';
import { type Alert, Detector, judgeRule } from '../../src/agent/index.ts';
import { parseRuleText, type RuleSet } from '../../src/lang/index.ts';
import { createHost, createSchema } from '../../src/schema/index.ts';

type Keys = Readonly<Record<string, unknown>>;
type Row = Readonly<Record<string, string>>;

interface Pair {
  readonly key: string;
  readonly what: string;
  readonly one: Keys;
  readonly other: Keys;
  readonly rows: readonly Row[];
  /** What is told of the alerts of each. */
  readonly tell: (alert: Alert) => unknown;
  readonly want: readonly [readonly unknown[], readonly unknown[]];
}

const START_S = 1_795_490_000;
const LINUX = createSchema('linux');

/** An exec, `atS` seconds after the beginning. */
function exec(atS: number, commandLine: string, more: Row = {}): Row {
  const path = commandLine.split(' ')[0]!;
  return {
    ...{ time: String(START_S + atS), syscall: 'execve', pid: String(1000 + atS), parent: '1', path },
    ...{ cmdline: commandLine, cwd: '"/"', uid: '0', euid: '0', gid: '0', egid: '0', auid: '0', ...more },
  };
}

const BASE: Keys = {
  ...{ rule_id: 'r', name: 'A rule', type: 'eql', language: 'eql', severity: 'low', risk_score: 21 },
  query: 'process where process.name == "nc"',
};
const KQL: Keys = { type: 'query', language: 'kuery', query: 'process.name: nc' };

function load(keys: Keys, ...more: readonly Keys[]): RuleSet {
  const lines = [{ ...BASE, ...keys }, ...more].map((document) => JSON.stringify(document));
  return parseRuleText('rules.ndjson', lines.join('\n'), { nowMs: START_S * 1000 });
}

function run({ rules }: RuleSet, rows: readonly Row[]): readonly Alert[] {
  const alerts: Alert[] = [];
  const host = createHost('host-1');
  host.learn('users', [
    { uid: '0', username: 'root' },
    { uid: '1000', username: 'eve' },
  ]);
  const onAlert = (alert: Alert): void => void alerts.push(alert);
  const detector = new Detector({ rules, schema: LINUX, host, onAlert });
  rows.forEach((row, at) => {
    const numbered = { ...row, eid: String(at + 1).padStart(10, '0') };
    const table = 'target_path' in row ? 'file_events' : 'process_events';
    detector.take({ table, columns: Object.keys(numbered), rows: [Object.values(numbered)] });
  });
  detector.advance(Number.MAX_SAFE_INTEGER);
  return alerts;
}

const eidOf = ({ event }: Alert): number => Number(event.eid);
const detailOf = ({ document }: Alert): Keys => document['osquery_detect'] as Keys;
const ruleOf = ({ document }: Alert): Keys => document['rule'] as Keys;
const suppressionOf = (alert: Alert): Keys => detailOf(alert)['suppression'] as Keys;

const NC = exec(0, '/bin/nc');
const threshold = (more: Keys): Keys => ({
  ...{ ...KQL, type: 'threshold', from: 'now-6m', interval: '5m' },
  threshold: { field: ['user.id'], value: 2, ...more },
});
const newTerms = (fields: readonly string[], window: string): Keys => ({
  ...{ ...KQL, type: 'new_terms', new_terms_fields: fields, history_window_start: window },
});
const suppress = (more: Keys): Keys => ({
  alert_suppression: { group_by: ['user.id'], duration: { value: 1, unit: 'h' }, ...more },
});
const filter = (query: Keys, meta: Keys = {}): Keys => ({ filters: [{ meta, query }] });
const HOUR_S = 3_600;
const DAY_S = 24 * HOUR_S;

const pairs: readonly Pair[] = [
  {
    key: 'query',
    what: 'says what is found',
    one: {},
    other: { query: 'process where process.name == "ncat"' },
    rows: [NC, exec(1, '/bin/ncat')],
    tell: eidOf,
    want: [[1], [2]],
  },
  {
    key: 'type',
    what: 'threshold counts what query finds one by one',
    one: { ...threshold({}), type: 'query' },
    other: threshold({}),
    rows: [NC, exec(1, '/bin/nc')],
    tell: eidOf,
    want: [[1, 2], [2]],
  },
  {
    key: 'type',
    what: 'new_terms finds the first of a value alone, once it has learned',
    one: { ...newTerms(['user.id'], 'now-7d'), type: 'query' },
    other: newTerms(['user.id'], 'now-7d'),
    rows: [NC, exec(DAY_S + 1, '/bin/nc'), exec(DAY_S + 2, '/bin/nc', { uid: '1000' })],
    tell: eidOf,
    want: [[1, 2, 3], [3]],
  },
  {
    key: 'filters',
    what: 'a phrase must be the value, too',
    one: filter({ match_phrase: { 'user.id': '0' } }),
    other: filter({ match_phrase: { 'user.id': '1000' } }),
    rows: [NC],
    tell: eidOf,
    want: [[1], []],
  },
  {
    key: 'filters',
    what: 'of phrases one must be the value',
    one: filter({
      bool: { should: [{ match_phrase: { 'user.id': '7' } }, { match_phrase: { 'user.id': '0' } }] },
    }),
    other: filter({
      bool: { should: [{ match_phrase: { 'user.id': '7' } }, { match_phrase: { 'user.id': '8' } }] },
    }),
    rows: [NC],
    tell: eidOf,
    want: [[1], []],
  },
  {
    key: 'filters',
    what: 'a range holds its bounds',
    one: filter({ range: { 'process.pid': { gte: 1000, lt: 1001 } } }),
    other: filter({ range: { 'process.pid': { gt: 1000, lt: 1001 } } }),
    rows: [NC],
    tell: eidOf,
    want: [[1], []],
  },
  {
    key: 'filters',
    what: 'a field must exist',
    one: filter({ exists: { field: 'user.audit.id' } }),
    other: filter({ exists: { field: 'process.parent.name' } }),
    rows: [NC],
    tell: eidOf,
    want: [[1], []],
  },
  {
    key: 'filters',
    what: 'a wildcard query fits the whole value',
    one: filter({ wildcard: { 'process.executable': { value: '/bin/n?' } } }),
    other: filter({ wildcard: { 'process.executable': { value: 'bin/n?' } } }),
    rows: [NC],
    tell: eidOf,
    want: [[1], []],
  },
  {
    key: 'filters',
    what: 'a negated one is turned round',
    one: filter({ match_phrase: { 'user.id': '0' } }, { negate: false }),
    other: filter({ match_phrase: { 'user.id': '0' } }, { negate: true }),
    rows: [NC, exec(1, '/bin/nc', { uid: '1000' })],
    tell: eidOf,
    want: [[1], [2]],
  },
  {
    key: 'filters',
    what: 'a disabled one is passed over',
    one: filter({ match_phrase: { 'user.id': '7' } }, { disabled: true }),
    other: filter({ match_phrase: { 'user.id': '7' } }, { disabled: false }),
    rows: [NC],
    tell: eidOf,
    want: [[1], []],
  },
  {
    key: 'threshold.field',
    what: 'events count together that have the same values',
    one: threshold({ field: ['user.id'] }),
    other: threshold({ field: ['user.id', 'process.pid'] }),
    rows: [NC, exec(1, '/bin/nc')],
    tell: eidOf,
    want: [[2], []],
  },
  {
    key: 'threshold.value',
    what: 'as many as that',
    one: threshold({ value: 2 }),
    other: threshold({ value: 3 }),
    rows: [NC, exec(1, '/bin/nc')],
    tell: eidOf,
    want: [[2], []],
  },
  {
    key: 'threshold.cardinality',
    what: 'with so many different values of a field',
    one: threshold({ cardinality: [{ field: 'process.working_directory', value: 2 }] }),
    other: threshold({ cardinality: [{ field: 'process.working_directory', value: 1 }] }),
    rows: [NC, exec(1, '/bin/nc'), exec(2, '/bin/nc', { cwd: '"/tmp"' })],
    tell: eidOf,
    want: [[3], [2]],
  },
  {
    key: 'from',
    what: 'a threshold counts over the time that the rule looks back',
    one: { ...threshold({}), from: 'now-9m' },
    other: { ...threshold({}), from: 'now-7m' },
    rows: [NC, exec(8 * 60, '/bin/nc')],
    tell: eidOf,
    want: [[2], []],
  },
  {
    key: 'new_terms_fields',
    what: 'one field: its values; two: their combinations; three as well',
    one: newTerms(['user.id'], 'now-7d'),
    other: newTerms(['user.id', 'process.working_directory', 'process.executable'], 'now-7d'),
    rows: [NC, exec(DAY_S + 1, '/bin/nc', { cwd: '"/tmp"' }), exec(DAY_S + 2, '/bin/nc', { uid: '1000' })],
    tell: eidOf,
    want: [[3], [2, 3]],
  },
  {
    key: 'history_window_start',
    what: 'what was seen longer ago is new again',
    one: newTerms(['user.id'], 'now-2d'),
    other: newTerms(['user.id'], 'now-4d'),
    rows: [NC, exec(3 * DAY_S, '/bin/nc')],
    tell: eidOf,
    want: [[2], []],
  },
  {
    key: 'alert_suppression',
    what: 'hides what says the same',
    one: {},
    other: suppress({}),
    rows: [NC, exec(1, '/bin/nc')],
    tell: eidOf,
    want: [[1, 2], [1]],
  },
  {
    key: 'alert_suppression.group_by',
    what: 'by the values of up to three fields',
    one: suppress({ group_by: ['user.id', 'process.executable'] }),
    other: suppress({ group_by: ['user.id', 'process.executable', 'process.working_directory'] }),
    rows: [NC, exec(1, '/bin/nc', { cwd: '"/tmp"' })],
    tell: eidOf,
    want: [[1], [1, 2]],
  },
  {
    key: 'alert_suppression.duration',
    what: 'for so long, and the next alert tells how many were hidden',
    one: suppress({ duration: { value: 1, unit: 'h' } }),
    other: suppress({ duration: { value: 1, unit: 'm' } }),
    rows: [NC, exec(30, '/bin/nc'), exec(120, '/bin/nc'), exec(2 * HOUR_S, '/bin/nc')],
    tell: (alert) => [eidOf(alert), suppressionOf(alert)['hidden']],
    want: [
      [
        [1, 0],
        [4, 2],
      ],
      [
        [1, 0],
        [3, 1],
        [4, 0],
      ],
    ],
  },
  {
    key: 'alert_suppression.missing_fields_strategy',
    what: 'suppress: those that lack a field say the same; doNotSuppress: each is an alert',
    one: suppress({ group_by: ['process.parent.name'], missing_fields_strategy: 'suppress' }),
    other: suppress({ group_by: ['process.parent.name'], missing_fields_strategy: 'doNotSuppress' }),
    rows: [NC, exec(1, '/bin/nc')],
    tell: eidOf,
    want: [[1], [1, 2]],
  },
  {
    key: 'interval',
    what: 'suppression without a duration lasts for it',
    one: { alert_suppression: { group_by: ['user.id'] }, interval: '1m' },
    other: { alert_suppression: { group_by: ['user.id'] }, interval: '10m' },
    rows: [NC, exec(120, '/bin/nc')],
    tell: eidOf,
    want: [[1, 2], [1]],
  },
  {
    key: 'max_signals',
    what: 'no more alerts than that in an interval',
    one: { max_signals: 1 },
    other: { max_signals: 2 },
    rows: [NC, exec(1, '/bin/nc'), exec(2, '/bin/nc'), exec(301, '/bin/nc')],
    tell: eidOf,
    want: [
      [1, 4],
      [1, 2, 4],
    ],
  },
  {
    key: 'building_block_type',
    what: 'makes no alert of its own',
    one: {},
    other: { building_block_type: 'default' },
    rows: [NC],
    tell: eidOf,
    want: [[1], []],
  },
  {
    key: 'enabled',
    what: 'keeps a rule out',
    one: { enabled: true },
    other: { enabled: false },
    rows: [NC],
    tell: eidOf,
    want: [[1], []],
  },
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
    key: 'index',
    what: 'of data streams, the event tables that stand for them alone',
    one: { index: ['logs-endpoint.events.process-*'] },
    other: { index: ['logs-endpoint.events.file-*'] },
    rows: [NC],
    tell: eidOf,
    want: [[1], []],
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
];

for (const { key, what, one, other, rows, tell, want } of pairs) {
  test(`${key}: ${what}`, (t) => {
    const [first, second] = [load(one), load(other)];
    t.deepEqual(
      [...first.problems, ...second.problems].map(({ error }) => error.headline()),
      [],
    );
    t.deepEqual(run(first, rows).map(tell), want[0]);
    t.deepEqual(run(second, rows).map(tell), want[1]);
  });
}

test('exceptions_list: what an item of a list that the rule names lets pass makes no alert', (t) => {
  const item = {
    ...{ list_id: 'known', item_id: 'i', name: 'The class', type: 'simple' },
    entries: [{ field: 'user.name', type: 'match', operator: 'included', value: 'eve' }],
  };
  const rows = [NC, exec(1, '/bin/nc', { uid: '1000' })];
  const named = load({ exceptions_list: [{ list_id: 'known', type: 'detection' }] }, item);
  const unnamed = load({ exceptions_list: [] }, item);
  t.deepEqual(run(named, rows).map(eidOf), [1]);
  t.deepEqual(run(unnamed, rows).map(eidOf), [1, 2]);
});

test('language: a query is read in the one that the document names', (t) => {
  const own = (language: string): RuleSet =>
    parseRuleText(
      'own.yaml',
      `id: r\nname: A rule\nseverity: low\nlanguage: ${language}\nquery: 'process where true'\n`,
    );
  t.deepEqual(run(own('eql'), [NC]).map(eidOf), [1]);
  t.deepEqual(run(own('kql'), [NC]), []);
});

test('language: Lucene in a rule of type query is unsupported, by name', (t) => {
  t.deepEqual(load({ ...KQL, language: 'kuery' }).problems, []);
  const [problem] = load({ ...KQL, language: 'lucene' }).problems;
  t.is(problem?.kind, 'unsupported');
  t.regex(problem!.error.message, /"lucene"/);
});

for (const type of ['esql', 'machine_learning', 'threat_match', 'saved_query']) {
  test(`type: ${type} is unsupported, by name`, (t) => {
    const { rules, problems } = load({ type });
    t.deepEqual(rules, []);
    t.is(problems[0]?.kind, 'unsupported');
    t.true(problems[0]!.error.message.includes(`"${type}"`));
  });
}

test('maturity: a rule that is not released is not enabled, unless it says that it is', (t) => {
  const inFile = (maturity: string, more = ''): RuleSet =>
    parseRuleText(
      'rule.toml',
      `[metadata]\nmaturity = "${maturity}"\n[rule]\nrule_id = "r"\nname = "A rule"\ntype = "eql"\nlanguage = "eql"\nseverity = "low"\nrisk_score = 21\nquery = 'process where process.name == "nc"'\n${more}`,
    );
  t.deepEqual(run(inFile('production'), [NC]).map(eidOf), [1]);
  t.deepEqual(run(inFile('development'), [NC]).map(eidOf), []);
  t.deepEqual(run(inFile('deprecated'), [NC]).map(eidOf), []);
  t.deepEqual(run(inFile('development', 'enabled = true'), [NC]).map(eidOf), [1]);
});

test('timestamp_override: a time that osquery does not tell is said in the verdict', (t) => {
  const reasonsOf = (time: string): readonly string[] =>
    judgeRule(load({ timestamp_override: time }).rules[0]!, LINUX).reasons;
  t.deepEqual(reasonsOf('event.ingested'), []);
  t.regex(reasonsOf('my.time').join(), /"timestamp_override" is passed over/);
});

test('a key that nobody knows is kept and told, and the rule runs', (t) => {
  const { rules } = load({ colour: 'blue' });
  t.deepEqual(rules[0]!.otherKeys, { colour: 'blue' });
  t.regex(judgeRule(rules[0]!, LINUX).reasons.join(), /The key "colour" is not known/);
  t.deepEqual(run(load({ colour: 'blue' }), [NC]).map(eidOf), [1]);
});

import test from 'ava';
import { parseRuleText, type RuleSet } from '../../../src/lang/index.ts';
import { printCondition } from '../../../src/rule/index.ts';

const NOW = Date.parse('2030-06-15T12:00:00Z');
type Keys = Readonly<Record<string, unknown>>;

function rule(id: string, ...lists: readonly string[]): Keys {
  return {
    rule_id: id,
    name: id,
    type: 'query',
    severity: 'low',
    risk_score: 1,
    query: 'a: 1',
    exceptions_list: lists.map((list) => ({
      id: `uuid-${list}`,
      list_id: list,
      type: 'detection',
      namespace_type: 'single',
    })),
  };
}

const list = (id: string): Keys => ({ list_id: id, type: 'detection', name: id, description: '' });

function item(id: string, entries: readonly Keys[], more: Keys = {}): Keys {
  return { item_id: `${id}-item`, list_id: id, type: 'simple', name: `item of ${id}`, entries, ...more };
}

function load(...lines: readonly Keys[]): RuleSet {
  return parseRuleText('export.ndjson', lines.map((line) => JSON.stringify(line)).join('\n'), { nowMs: NOW });
}

function exceptionsOf(set: RuleSet, id: string): readonly string[] {
  return set.rules.find((one) => one.id === id)!.exceptions.map(printCondition);
}

function told(set: RuleSet): readonly string[] {
  return set.problems.map(({ kind, error }) => `${kind} ${error.headline()}`);
}

const entry = (more: Keys): Keys => ({ field: 'user.name', operator: 'included', ...more });

const ENTRIES: readonly { name: string; entries: readonly Keys[]; more?: Keys; want: string }[] = [
  {
    name: 'match',
    entries: [entry({ type: 'match', value: 'x' })],
    want: 'definite(user.name in ("x"))',
  },
  {
    name: 'match, excluded',
    entries: [entry({ type: 'match', value: 'x', operator: 'excluded' })],
    want: 'definite(not definite(user.name in ("x")))',
  },
  {
    name: 'match_any',
    entries: [entry({ type: 'match_any', value: ['x', 'y'] })],
    want: 'definite(user.name in ("x", "y"))',
  },
  { name: 'exists', entries: [entry({ type: 'exists' })], want: 'exists(user.name)' },
  {
    name: 'wildcard',
    entries: [entry({ type: 'wildcard', value: 'x?*' })],
    want: 'definite(user.name like ("x?*"))',
  },
  {
    name: 'entries must all hold',
    entries: [entry({ type: 'exists' }), { field: 'b', type: 'match', operator: 'included', value: '1' }],
    want: 'definite(exists(user.name) and definite(b in ("1", 1)))',
  },
  {
    name: 'nested entries must all hold',
    entries: [
      {
        field: 'file.hash',
        type: 'nested',
        entries: [entry({ field: 'a', type: 'exists' }), entry({ field: 'b', type: 'exists' })],
      },
    ],
    want: 'definite(exists(file.hash.a) and exists(file.hash.b))',
  },
  {
    name: 'os_types',
    entries: [entry({ type: 'exists' })],
    more: { os_types: ['linux', 'macos'] },
    want: 'definite(definite(host.os.type in ("linux", "macos")) and exists(user.name))',
  },
];

for (const { name, entries, more, want } of ENTRIES) {
  test(`an exception lets pass what its entries say: ${name}`, (t) => {
    const set = load(rule('r1', 'L1'), rule('r2'), list('L1'), item('L1', entries, more));
    t.deepEqual(exceptionsOf(set, 'r1'), [want]);
    t.deepEqual(exceptionsOf(set, 'r2'), []);
    t.deepEqual(told(set), []);
  });
}

test('the lists of a rule may come before it, be shared, and the export may end with its summary', (t) => {
  const set = load(
    list('L1'),
    item('L1', [entry({ type: 'exists' })]),
    item('L1', [entry({ type: 'match', value: 'x' })]),
    rule('r1', 'L1'),
    rule('r2', 'L2', 'L1'),
    list('L2'),
    { exported_count: 6, exported_rules_count: 2, missing_rules: [], exported_exception_list_count: 2 },
  );
  t.is(exceptionsOf(set, 'r1').length, 2);
  t.is(exceptionsOf(set, 'r2').length, 2);
  t.deepEqual(told(set), []);
  t.is(set.documents, 2);
});

test('an exception that has expired lets nothing pass and is told; one that has not says when it will', (t) => {
  const entries = [entry({ type: 'exists' })];
  const set = load(
    rule('r1', 'L1'),
    item('L1', entries, { expire_time: '2030-06-15T11:59:59.999Z', created_by: 'sam' }),
    item('L1', entries, { expire_time: '2030-06-16T00:00:00.000Z' }),
    item('L1', entries, { expire_time: '2031-01-01T00:00:00.000Z' }),
  );
  t.is(exceptionsOf(set, 'r1').length, 2);
  t.is(set.nextExpiryMs, Date.parse('2030-06-16T00:00:00Z'));
  t.deepEqual(told(set), [
    'notice export.ndjson:2:1: OVERLAY_EXPIRED: The exception "item of L1" (sam) expired at 2030-06-15T11:59:59.999Z and is not applied.',
  ]);
});

test('a list that no rule names, and one that is missing, are told; the rule runs', (t) => {
  const set = load(rule('r1', 'L9'), list('L1'), item('L1', [entry({ type: 'exists' })]));
  t.deepEqual(told(set), [
    'notice export.ndjson:3:1: OVERLAY_RULE: The exception "item of L1" is in the list "L1", which no rule names.',
  ]);
  t.deepEqual(set.rules[0]!.remarks, [
    'The exception list "L9" is in none of the files: what it would let pass makes alerts.',
  ]);
});

const WRONG: readonly { name: string; entries: readonly Keys[]; want: string }[] = [
  {
    name: 'a value list',
    entries: [entry({ type: 'list', list: { id: 'V', type: 'keyword' } })],
    want: 'notice export.ndjson:2:148: EXCEPTION_UNSUPPORTED: Unsupported: exceptions of type "list", whose values are in a value list. Write the values out with "match_any".',
  },
  {
    name: 'an unknown type',
    entries: [entry({ type: 'matches', value: 'x' })],
    want: 'broken export.ndjson:2:134: RULE_KEY: Expected "type" to be one of "match", "match_any", "exists", "wildcard", "nested", "list", found "matches". Did you mean "match"?',
  },
  {
    name: 'no entries',
    entries: [],
    want: 'broken export.ndjson:2:83: RULE_KEY: Expected "entries", a list of at least one table.',
  },
];

for (const { name, entries, want } of WRONG) {
  test(`an exception that cannot be read hides nothing, and is told: ${name}`, (t) => {
    const set = load(rule('r1', 'L1'), item('L1', entries));
    t.deepEqual(exceptionsOf(set, 'r1'), []);
    t.deepEqual(told(set), [want]);
    t.is(set.rules.length, 1);
  });
}

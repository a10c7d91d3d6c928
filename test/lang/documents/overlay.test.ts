import test from 'ava';
import { applyOverlays, parseRuleText, type RuleSet } from '../../../src/lang/index.ts';
import { printCondition, type Rule } from '../../../src/rule/index.ts';

const NOW = Date.parse('2030-06-15T12:00:00Z');

const RULES = `id: r1
name: One
severity: low
query: 'a: 1'
suppress: { by: b, for: 1h }
---
id: r2
name: Two
severity: low
query: 'a: 2'
---
`;

function load(overlays: string): RuleSet {
  return parseRuleText('rules.yaml', `${RULES}overlays:\n${overlays}`, { nowMs: NOW });
}

function changes({ enabled, suppression, exceptions }: Rule): unknown {
  return [enabled, suppression?.by ?? [], exceptions.map(printCondition)];
}

function told(set: RuleSet): readonly string[] {
  return set.problems.map(({ kind, error }) => `${kind} ${error.headline()}`);
}

const CASES: readonly { name: string; overlays: string; one: unknown; two?: unknown }[] = [
  { name: 'nothing', overlays: '', one: [true, ['b'], []] },
  {
    name: 'an exception in KQL',
    overlays: '- { rule: r1, except: \'user.name: "x"\' }',
    one: [true, ['b'], ['definite(user.name in ("x"))']],
  },
  {
    name: 'an exception in EQL',
    overlays: '- { rule: r1, except: \'user.name == "x"\' }',
    one: [true, ['b'], ['definite(user.name == "x")']],
  },
  {
    name: 'two exceptions, either of which lets pass',
    overlays: "- { rule: r1, except: ['c: 1', 'd: *'] }",
    one: [true, ['b'], ['definite(definite(c in ("1", 1)) or exists(d))']],
  },
  {
    name: 'an exception in a scope',
    overlays: "- { rule: r1, except: 'd: *', scope: 'host.name: h' }",
    one: [true, ['b'], ['definite(definite(host.name in ("h")) and exists(d))']],
  },
  { name: 'disabling', overlays: '- { rule: r1, disable: true }', one: [false, ['b'], []] },
  {
    name: 'disabling in a scope',
    overlays: "- { rule: r1, disable: true, scope: 'host.name: h' }",
    one: [true, ['b'], ['definite(host.name in ("h"))']],
  },
  {
    name: 'suppression instead of the own one',
    overlays: '- { rule: r1, suppress: { by: [c, d] } }',
    one: [true, ['c', 'd'], []],
  },
  {
    name: 'two rules',
    overlays: '- { rules: [r1, r2], disable: true, owner: sam, reason: noise, expires: 2030-06-16 }',
    one: [false, ['b'], []],
    two: [false, [], []],
  },
  {
    name: 'two overlays of one rule',
    overlays: "- { rule: r1, except: 'c: *' }\n- { rule: r1, except: 'd: *' }",
    one: [true, ['b'], ['exists(c)', 'exists(d)']],
  },
];

for (const { name, overlays, one, two } of CASES) {
  test(`an overlay changes the rules that it names, and no other: ${name}`, (t) => {
    const set = load(overlays);
    t.deepEqual(told(set), []);
    t.deepEqual(set.rules.map(changes), [one, two ?? [true, [], []]]);
  });
}

test('the day that an overlay names is its last; then it is told and does nothing', (t) => {
  const last = load('- { rule: r1, disable: true, expires: 2030-06-15 }');
  t.false(last.rules[0]!.enabled);
  t.is(last.nextExpiryMs, Date.parse('2030-06-16T00:00:00Z'));
  const late = load('- { name: Noise, rule: r1, disable: true, expires: 2030-06-14, owner: sam }');
  t.true(late.rules[0]!.enabled);
  t.is(late.nextExpiryMs, null);
  t.deepEqual(told(late), [
    'notice rules.yaml:13:3: OVERLAY_EXPIRED: Noise (sam) expired at 2030-06-15T00:00:00.000Z and is not applied.',
  ]);
});

const EXPIRIES: readonly { expires: string; want: string }[] = [
  { expires: '2030-06-15', want: '2030-06-16T00:00:00.000Z' },
  { expires: '2030-06-15T13:00:00Z', want: '2030-06-15T13:00:00.000Z' },
  { expires: '2030-06-15T13:00:00', want: '2030-06-15T13:00:00.000Z' },
  { expires: '2030-06-15T13:00:00+02:00', want: '2030-06-15T11:00:00.000Z' },
];

for (const { expires, want } of EXPIRIES) {
  test(`an expiry is the same in TOML and YAML, wherever it is read: ${expires}`, (t) => {
    const yaml = parseRuleText('a.yaml', `overlays:\n- { rule: r1, disable: true, expires: ${expires} }\n`);
    const toml = parseRuleText('a.toml', `[[overlays]]\nrule = "r1"\ndisable = true\nexpires = ${expires}\n`);
    for (const { overlays } of [yaml, toml]) t.is(new Date(overlays[0]!.expiresMs!).toISOString(), want);
  });
}

test('an overlay for a rule that is not there is told, for one that is broken it is not', (t) => {
  const set = load('- { rules: [r1, r9], disable: true }');
  t.deepEqual(told(set), [
    'notice rules.yaml:13:3: OVERLAY_RULE: The overlay for r1, r9 is for the rule "r9", which is in none of the files.',
  ]);
  t.false(set.rules[0]!.enabled);
  const broken = parseRuleText(
    'a.yaml',
    'id: r9\nname: n\nseverity: low\nquery: "a: ("\n---\noverlays: [{ rule: r9, disable: true }]\n',
  );
  t.deepEqual(
    broken.problems.map(({ kind, ruleId }) => [kind, ruleId]),
    [['broken', 'r9']],
  );
});

test('overlays of other files are applied to a set that stays as it was', (t) => {
  const before = load('');
  const { overlays } = parseRuleText('mine.toml', '[[overlays]]\nrule = "r2"\ndisable = true\n', {
    nowMs: NOW,
  });
  const after = applyOverlays(before, overlays, NOW);
  t.deepEqual(after.rules.map(changes), [
    [true, ['b'], []],
    [false, [], []],
  ]);
  t.true(before.rules[1]!.enabled);
  t.is(after.overlays.length, 1);
});

const WRONG: readonly { name: string; overlays: string; want: string }[] = [
  {
    name: 'no rule',
    overlays: '- { disable: true }',
    want: 'broken rules.yaml:13:3: RULE_KEY: Expected "rule", the id of a rule; it is missing.',
  },
  {
    name: 'nothing to change',
    overlays: '- { rule: r1, reason: x }',
    want: 'broken rules.yaml:13:3: RULE_KEY: Expected "except", "suppress" or "disable" in an overlay, found none.',
  },
  {
    name: 'an unknown key, which could have been the scope',
    overlays: "- { rule: r1, disable: true, scop: 'a: 1' }",
    want: 'broken rules.yaml:13:36: RULE_KEY: Unknown key "scop" in an overlay. Did you mean "scope"?',
  },
  {
    name: 'no date',
    overlays: '- { rule: r1, disable: true, expires: soon }',
    want: 'broken rules.yaml:13:39: RULE_KEY: Expected "expires" to be a date such as 2030-12-31, or a time such as 2030-12-31T12:00:00Z.',
  },
  {
    name: 'a day that is none',
    overlays: '- { rule: r1, disable: true, expires: 2030-02-30 }',
    want: 'broken rules.yaml:13:39: RULE_KEY: Expected "expires" to be a date such as 2030-12-31, or a time such as 2030-12-31T12:00:00Z.',
  },
  {
    name: 'a condition that is wrong',
    overlays: "- rule: r1\n  except:\n    - 'a: 1'\n    - 'user.name == and'",
    want: 'broken rules.yaml:16:21: EQL_SYNTAX: Expected a field, a value or a function, found "and".',
  },
  {
    name: 'a scope for suppression',
    overlays: "- { rule: r1, suppress: { by: a }, scope: 'a: 1' }",
    want: 'broken rules.yaml:13:43: OVERLAY_UNSUPPORTED: Unsupported: a "scope" for "suppress". It narrows "except" and "disable".',
  },
];

for (const { name, overlays, want } of WRONG) {
  test(`an overlay that is wrong does nothing, and the others do: ${name}`, (t) => {
    const set = load(`${overlays}\n- { rule: r2, disable: true }`);
    t.deepEqual(told(set), [want]);
    t.deepEqual(set.rules.map(changes), [
      [true, ['b'], []],
      [false, [], []],
    ]);
  });
}

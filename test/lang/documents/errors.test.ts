import test from 'ava';
import { parseRuleText } from '../../../src/lang/index.ts';

const HEAD = `[rule]
rule_id = "a-1"
name = "A"
risk_score = 21
severity = "low"
type = "eql"
`;

interface Case {
  readonly name: string;
  readonly file?: string;
  readonly text: string;
  readonly want: string;
}

const CASES: readonly Case[] = [
  {
    name: 'a query in a long literal string',
    text: `${HEAD}query = '''
process where (process.name == "a" where
'''
`,
    want: `a.toml:8:36: EQL_SYNTAX: Expected "and", "or" or ")", found "where".
7 | query = '''
8 | process where (process.name == "a" where
  |                                    ^`,
  },
  {
    name: 'a query in a long basic string with escapes and a line that goes on',
    text: `${HEAD}query = """\\
  process where \\
  process.name == \\"a\\" where"""
`,
    want: `a.toml:9:25: EQL_SYNTAX: Expected "and", "or" or "|", found "where".
8 |   process where \\
9 |   process.name == \\"a\\" where"""
  |                         ^`,
  },
  {
    name: 'a query in a basic string with escapes',
    text: `${HEAD}query = "process where process.name == \\"a\\u0041\\" where"\n`,
    want: `a.toml:7:52: EQL_SYNTAX: Expected "and", "or" or "|", found "where".
6 | type = "eql"
7 | query = "process where process.name == \\"a\\u0041\\" where"
  |                                                    ^`,
  },
  {
    name: 'a query in lines that end as on Windows',
    text: `${HEAD}query = '''\nprocess where true\nwhere'''\n`.replaceAll('\n', '\r\n'),
    want: `a.toml:9:1: EQL_SYNTAX: Expected "and", "or" or "|", found "where".
8 | process where true
9 | where'''
  | ^`,
  },
  {
    name: 'a score that is no number',
    text: `${HEAD.replace('21', '"high"')}query = "any where true"\n`,
    want: `a.toml:4:14: RULE_KEY: Expected "risk_score" to be a number from 0 to 100, found "high".
3 | name = "A"
4 | risk_score = "high"
  |              ^`,
  },
  {
    name: 'a score that is too high',
    text: `${HEAD.replace('21', '101')}query = "any where true"\n`,
    want: `a.toml:4:14: RULE_KEY: Expected "risk_score" to be a number from 0 to 100, found 101.
3 | name = "A"
4 | risk_score = 101
  |              ^`,
  },
  {
    name: 'a severity that nobody knows',
    text: `${HEAD.replace('"low"', '"hight"')}query = "any where true"\n`,
    want: `a.toml:5:12: RULE_KEY: Expected "severity" to be one of "low", "medium", "high", "critical", found "hight". Did you mean "high"?
4 | risk_score = 21
5 | severity = "hight"
  |            ^`,
  },
  {
    name: 'a type that nobody knows',
    text: `${HEAD.replace('"eql"', '"eqll"')}query = "any where true"\n`,
    want: `a.toml:6:8: RULE_KEY: Expected "type" to be one of "eql", "query", "threshold", "new_terms", found "eqll". Did you mean "eql"?
5 | severity = "low"
6 | type = "eqll"
  |        ^`,
  },
  {
    name: 'no query',
    text: HEAD,
    want: `a.toml:1:1: RULE_KEY: Expected "query", a text that is not empty; it is missing.
1 | [rule]
  | ^`,
  },
  {
    name: 'a file that is no YAML',
    file: 'a.yaml',
    text: 'id: a\nname: b: c\n',
    want: `a.yaml:2:7: YAML_SYNTAX: Nested mappings are not allowed in compact mappings.
1 | id: a
2 | name: b: c
  |       ^`,
  },
  {
    name: 'a query that is empty',
    text: `${HEAD.replace('"eql"', '"query"')}query = " "\n`,
    want: `a.toml:7:9: RULE_KEY: Expected "query" to be a text that is not empty, found " ".
6 | type = "query"
7 | query = " "
  |         ^`,
  },
  {
    name: 'tags that are no texts',
    text: `${HEAD}query = "any where true"\ntags = ["a", 1]\n`,
    want: `a.toml:8:8: RULE_KEY: Expected "tags" to be a list of texts, found a list.
7 | query = "any where true"
8 | tags = ["a", 1]
  |        ^`,
  },
  {
    name: 'a time before now that is none',
    text: `${HEAD}query = "any where true"\nfrom = "9m"\n`,
    want: `a.toml:8:8: RULE_KEY: Expected "from" to be a time before now, such as "now-9m", found "9m".
7 | query = "any where true"
8 | from = "9m"
  |        ^`,
  },
  {
    name: 'suppression by four fields',
    text: `${HEAD}query = "any where true"\n[rule.alert_suppression]\ngroup_by = ["a", "b", "c", "d"]\n`,
    want: `a.toml:9:12: RULE_KEY: Expected "group_by" to be a list of 1 to 3 fields, found 4.
8 | [rule.alert_suppression]
9 | group_by = ["a", "b", "c", "d"]
  |            ^`,
  },
  {
    name: 'a threshold without its number',
    text: `${HEAD.replace('"eql"', '"threshold"')}query = "a: 1"\n[rule.threshold]\nfield = ["a"]\n`,
    want: `a.toml:8:1: RULE_KEY: Expected "value", a whole number of 1 or more; it is missing.
7 | query = "a: 1"
8 | [rule.threshold]
  | ^`,
  },
  {
    name: 'new terms without their window',
    text: `${HEAD.replace('"eql"', '"new_terms"')}query = "a: 1"\n[rule.new_terms]\nfield = "new_terms_fields"\nvalue = ["a"]\n`,
    want: `a.toml:8:1: RULE_KEY: Expected "history_window_start" in "new_terms"; it is missing.
7 | query = "a: 1"
8 | [rule.new_terms]
  | ^`,
  },
  {
    name: 'a threshold over a sequence, in our own form',
    file: 'a.yaml',
    text: 'id: a\nname: A\nseverity: low\nquery: |\n  sequence [any where true] [any where true]\nthreshold: { at_least: 3 }\n',
    want: `a.yaml:5:3: RULE_KEY: Expected a query of single events, found a sequence.
4 | query: |
5 |   sequence [any where true] [any where true]
  |   ^`,
  },
  {
    name: 'a query in a block of YAML',
    file: 'a.yaml',
    text: 'name: A\nseverity: low\nid: a\nquery: |\n    process where\n      true where\n',
    want: `a.yaml:6:12: EQL_SYNTAX: Expected "and", "or" or "|", found "where".
5 |     process where
6 |       true where
  |            ^`,
  },
  {
    name: 'an id of ATT&CK that is none',
    file: 'a.yaml',
    text: 'id: a\nname: A\nseverity: low\nquery: "a: 1"\nattack: [T1562, defense-evasion]\n',
    want: `a.yaml:5:9: RULE_KEY: Expected ids such as "TA0005" or "T1562.001" in "attack", found "defense-evasion".
4 | query: "a: 1"
5 | attack: [T1562, defense-evasion]
  |         ^`,
  },
  {
    name: 'a query in a line of an export',
    file: 'a.ndjson',
    text: '{"rule_id":"a","name":"A","severity":"low","risk_score":1,"type":"eql","query":"any where\\n\\"a\\" where"}\n',
    want: `a.ndjson:1:98: EQL_SYNTAX: Expected "and", "or" or "|", found "where".
1 | …le_id":"a","name":"A","severity":"low","risk_score":1,"type":"eql","query":"any where\\n\\"a\\" where"}
  |                                                                                               ^`,
  },
  {
    name: 'a rule of 5 MB',
    text: `${HEAD}query = "any where true"\nnote = "${'x'.repeat(5_000_000)}"\n`,
    want: `a.toml:1:1: RULE_LIMIT: The document has 5000115 characters; 4000000 are the most that are read.
1 | [rule]
  | ^`,
  },
  {
    name: 'a file without any rule',
    file: 'a.yaml',
    text: 'on: push\njobs: {}\n',
    want: `a.yaml:1:1: RULE_MISSING: There is no rule in this file. A rule has at least "id", "name", "severity" and "query", or a table "rule".
1 | on: push
  | ^`,
  },
];

for (const { name, file = 'a.toml', text, want } of CASES) {
  test(`what is wrong is shown in the file that its author edits: ${name}`, (t) => {
    const { problems, rules, documents } = parseRuleText(file, text);
    t.is(problems[0]?.error.render(), want);
    t.is(problems[0]?.kind, 'broken');
    t.is(problems.length, 1);
    t.is(rules.length, 0);
    t.is(documents, 1);
  });
}

const UNSUPPORTED: readonly { name: string; text: string; want: string }[] = [
  ...['esql', 'machine_learning', 'threat_match', 'saved_query'].map((type) => ({
    name: type,
    text: `${HEAD.replace('"eql"', `"${type}"`)}language = "esql"\n`,
    want: `a.toml:6:8: RULE_UNSUPPORTED: Unsupported: rules of type "${type}".`,
  })),
  {
    name: 'Lucene',
    text: `${HEAD.replace('"eql"', '"query"')}language = "lucene"\nquery = "a"\n`,
    want: 'a.toml:7:12: RULE_UNSUPPORTED: Unsupported: queries in "lucene" in a rule of type "query".',
  },
];

for (const { name, text, want } of UNSUPPORTED) {
  test(`what is not supported is told by its name, and is not broken: ${name}`, (t) => {
    const [problem] = parseRuleText('a.toml', text).problems;
    t.is(problem?.error.headline(), want);
    t.is(problem?.kind, 'unsupported');
    t.is(problem?.ruleId, 'a-1');
    t.is(problem?.ruleName, 'A');
    t.is(problem?.file, 'a.toml');
  });
}

test('Sigma rules are told by their name', (t) => {
  const [problem] = parseRuleText('a.yml', 'title: x\nlogsource: {}\ndetection: {}\n').problems;
  t.is(problem?.kind, 'unsupported');
});

test('an id that is taken names both, and the first is kept', (t) => {
  const rule = (name: string): string => `id: a\nname: ${name}\nseverity: low\nquery: "a: 1"\n`;
  const { rules, problems, documents } = parseRuleText('a.yaml', `${rule('One')}---\n${rule('Two')}`);
  t.deepEqual(
    rules.map(({ name }) => name),
    ['One'],
  );
  t.is(documents, 2);
  t.deepEqual(
    problems.map(({ error }) => error.headline()),
    [
      'a.yaml:9:9: RULE_DUPLICATE: The id "a" is taken: "Two" has it, and before it "One" (a.yaml, query in line 4), which is kept.',
    ],
  );
});

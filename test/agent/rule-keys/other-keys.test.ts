import test from 'ava';
import { judgeRule } from '../../../src/agent/index.ts';
import { parseRuleText, type RuleSet } from '../../../src/lang/index.ts';
import { eidOf, exec, KQL, LINUX, load, NC, run } from './pairs.ts';

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

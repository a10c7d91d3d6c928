import { existsSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { judgeRule } from '../../src/agent/index.ts';
import { compileRuleText, loadRules } from '../../src/lang/index.ts';
import { createSchema } from '../../src/schema/index.ts';
import { SHARED } from '../events/recording.ts';

const LINUX = createSchema('linux');
const CORPUS = join(SHARED, 'corpus', 'elastic');

function verdictOf(query: string) {
  return judgeRule(compileRuleText(query), LINUX);
}

test('a rule that asks for what no table carries is unsupported, and the field is named', (t) => {
  const { verdict, reasons } = verdictOf('process where process.env_vars == "A=1"');
  t.is(verdict, 'unsupported');
  t.regex(reasons.join(' '), /process\.env_vars/);
});

test('a rule for events that no table records is unsupported', (t) => {
  t.is(verdictOf('registry where registry.path == "x"').verdict, 'unsupported');
});

test('a branch that can never be true leaves the rest, with a caveat that names it', (t) => {
  const { verdict, reasons } = verdictOf('process where process.pid == 1 or process.env_vars == "A=1"');
  t.is(verdict, 'caveats');
  t.regex(reasons.join(' '), /process\.env_vars/);
});

test('a rule of fields that tables carry runs, and says which table and flags it needs', (t) => {
  const { verdict, needs } = verdictOf('process where event.action == "exec" and process.pid == 1');
  t.not(verdict, 'unsupported');
  t.true(needs.some(({ tables }) => tables.includes('process_events')));
  t.true(needs.some(({ flags }) => flags.some((flag) => flag.includes('audit_allow_process_events'))));
});

const withCorpus = existsSync(CORPUS) ? test : test.skip;

withCorpus("most of Elastic's rules for Linux run, and each of the others says why not", async (t) => {
  const { rules } = await loadRules([join(CORPUS, 'linux'), join(CORPUS, 'cross-platform')]);
  const judged = rules.map((rule) => ({ rule, ...judgeRule(rule, LINUX) }));
  const running = judged.filter(({ verdict }) => verdict !== 'unsupported');
  t.true(running.filter(({ rule }) => rule.language === 'eql').length >= 270);
  t.true(running.filter(({ rule }) => rule.language === 'kuery').length >= 32);
  for (const { rule, verdict, reasons } of judged) {
    if (verdict === 'unsupported') t.true(reasons.length > 0, rule.name);
  }
});

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

test('whether a login succeeded is in no row of audit, and the verdict does not pretend it is', (t) => {
  const failed = 'authentication where event.action == "user_login" and event.outcome == "failure"';
  t.is(verdictOf(failed).verdict, 'unsupported');
  const overSsh = verdictOf(
    'authentication where event.action in ("ssh_login", "user_login") and event.outcome == "failure"',
  );
  t.is(overSsh.verdict, 'caveats');
  t.deepEqual(
    overSsh.needs.map(({ tables }) => tables),
    [['syslog_events']],
  );
});

test('a field that only tables of state carry is not blamed on an event table', (t) => {
  t.deepEqual(verdictOf('network where network.transport == "tcp"').reasons, [
    'network.transport: no event table carries it, only a scan of listening_ports, process_open_sockets shows it.',
  ]);
});

test('records of Windows stand in for no other table, and for rules that none other can show', (t) => {
  const windows = createSchema('windows');
  const tablesFor = (query: string) =>
    judgeRule(compileRuleText(query), windows).needs.map(({ tables }) => tables);
  t.deepEqual(tablesFor('process where event.type == "start" and process.name == "x.exe"'), [
    ['process_etw_events'],
  ]);
  t.deepEqual(tablesFor('registry where registry.path like "HKLM*"'), [['windows_events']]);
  t.deepEqual(tablesFor('authentication where event.type == "creation"'), []);
});

test('events that only a scan shows are said to be so', (t) => {
  const { reasons } = verdictOf('process where event.action == "already_running"');
  t.deepEqual(reasons, [
    'event.action == "already_running": no event table of the system has such events, only a scan of processes shows them.',
  ]);
});

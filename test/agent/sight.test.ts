import test from 'ava';
import { judgeRule } from '../../src/agent/index.ts';
import { Outlook } from '../../src/agent/outlook.ts';
import { blindnessOf, type HostFacts, sightOf } from '../../src/agent/sight.ts';
import { createRulesTable } from '../../src/agent/tables/rules.ts';
import { compileRuleText, parseRuleTexts } from '../../src/lang/index.ts';
import { createSchema } from '../../src/schema/index.ts';
import { packFor } from '../../src/sql/index.ts';
import { ask } from './tables/ask.ts';

const SCHEMA = createSchema('linux');
const PACK = packFor([SCHEMA.tables.get('process_events')!, SCHEMA.tables.get('file_events')!], {
  platform: 'linux',
});
const SCHEDULE = Object.entries(PACK.queries).map(([name, { query }]) => ({
  ...{ name, sql: query, denylisted: false },
}));
const AUDITED = new Map(
  SCHEMA.tables
    .get('process_events')!
    .flags.map((flag) => /^--(\w+)=(.*)$/.exec(flag)!.slice(1) as [string, string]),
);

function facts(change: Partial<HostFacts> = {}): HostFacts {
  const subscriptions = new Map([
    ['process_events', 1],
    ['file_events', 1],
  ]);
  return { flags: AUDITED, subscriptions, schedule: SCHEDULE, ...change };
}

function blind(query: string, change: Partial<HostFacts> = {}, live = false): readonly string[] {
  return blindnessOf(
    judgeRule(compileRuleText(query), SCHEMA),
    sightOf(facts(change), { schema: SCHEMA, live }),
  );
}

const PROCESS = 'process where process.name == "id" and event.action == "exec"';

test('a rule is observable where its table has its flags, its subscription and its scheduled query', (t) => {
  t.deepEqual(blind(PROCESS), []);
  t.deepEqual(blind(PROCESS, { schedule: [] }, true), [], 'the live feed needs no schedule');
  t.deepEqual(blind(PROCESS, { flags: new Map() }), [], 'a flag that osqueryd does not have is no reason');
});

const BLIND: readonly { name: string; change: Partial<HostFacts>; want: RegExp }[] = [
  {
    name: 'a flag that stands wrong is named with what to set',
    change: { flags: new Map([['disable_audit', 'true']]) },
    want: /^process_events: osqueryd runs with --disable_audit=true: set --disable_audit=false\.$/,
  },
  {
    name: 'a table that osqueryd does not have is named',
    change: { subscriptions: new Map() },
    want: /^process_events: osqueryd does not list it/,
  },
  {
    name: 'a table without a subscription asks for file_paths',
    change: { subscriptions: new Map([['process_events', 0]]) },
    want: /^process_events: .*`file_paths`/,
  },
  {
    name: 'a table that no scheduled query feeds asks for the pack',
    change: { schedule: SCHEDULE.filter(({ name }) => !name.includes('process')) },
    want: /^process_events: No scheduled query feeds/,
  },
  {
    name: 'a denylisted query is named',
    change: { schedule: SCHEDULE.map((query) => ({ ...query, denylisted: true })) },
    want: /^process_events: The scheduled query "detections_process_events" is denylisted/,
  },
];

for (const { name, change, want } of BLIND) {
  test(name, (t) => {
    const told = blind(PROCESS, change);
    t.is(told.length, 1);
    t.regex(told[0]!, want);
  });
}

test('of several tables one that shows the event is enough, and else each says why not', (t) => {
  const query = 'file where file.path == "/etc/shadow" and event.type == "change"';
  t.deepEqual(blind(query), []);
  const [told] = blind(query, { flags: new Map([['disable_events', 'true']]) });
  t.regex(told!, /^None of .*file_events.*: .*--disable_events=true.*process_file_events: /);
});

const SET = parseRuleTexts([
  {
    name: 'a.yaml',
    text: `id: sees\nname: Sees\nseverity: high\nversion: 3\nattack: [TA0002 Execution, T1059.004 Unix Shell]\nnote: Look twice\nquery: ${PROCESS}\n`,
  },
  { name: 'b.yaml', text: 'id: broken\nname: Broken\nseverity: low\nquery: process where (\n' },
  {
    name: 'c.yaml',
    text: 'id: none\nname: None\nseverity: low\nenabled: false\nquery: process where process.env_vars == "a"\n',
  },
]);

test('detection_rules says of each document what becomes of it here, once that is known', async (t) => {
  const outlook = new Outlook(SCHEMA, SET);
  const table = createRulesTable(outlook);
  const used = ['rule_id', 'verdict', 'observable', 'enabled'];
  t.deepEqual(await ask(table, { used }), [
    { rule_id: 'sees', verdict: 'pending', enabled: '1' },
    { rule_id: 'none', verdict: 'pending', enabled: '0' },
    { rule_id: 'broken', verdict: 'broken', observable: '0', enabled: '0' },
  ]);
  await outlook.judge();
  outlook.see(sightOf(facts(), { schema: SCHEMA, live: false }));
  const rows = await ask(table);
  t.like(rows[0], {
    ...{ rule_id: 'sees', rule_name: 'Sees', version: '3', type: 'eql', severity: 'high', risk_score: '73' },
    ...{ observable: '1', blind: '', techniques: 'T1059.004', note: 'Look twice', file: 'a.yaml:7' },
  });
  t.like(rows[1], { verdict: 'unsupported', observable: '0', type: 'eql' });
  t.regex(rows[2]!['reasons']!, /^b\.yaml:4:\d+: EQL_SYNTAX: /);
  t.is((await ask(table, { constraints: [['rule_id', 2, 'sees']] })).length, 1);
});

test('a set that comes in the place of another is judged as well', async (t) => {
  const outlook = new Outlook(SCHEMA, { ...SET, rules: SET.rules.slice(0, 1) });
  const judged = outlook.judge();
  outlook.replace(SET);
  await judged;
  t.deepEqual(
    [...outlook.all()].map(({ verdict }) => verdict?.verdict ?? null),
    ['runs', 'unsupported', null],
  );
});

import test from 'ava';
import { createAlertsTable } from '../../../src/agent/tables/alerts.ts';
import { type NewAlert, openStore } from '../../../src/store/index.ts';
import { ask } from './ask.ts';

let nowMs = 1_795_500_000_000;

function alert(id: string, change: Partial<NewAlert> = {}): NewAlert {
  const row = JSON.stringify({ alert_id: id, pid: '7', path: '/usr/bin/id', cmdline: 'id', matched: 'm' });
  return {
    ...{
      id,
      feed: '',
      timeMs: nowMs - 5_500,
      ruleId: 'r1',
      ruleName: 'Rule',
      severity: 'low',
      riskScore: 21,
    },
    ...{ row, document: `{"of":"${id}"}`, ...change },
  };
}

const store = await openStore({ path: null, nowMs: () => nowMs });
const table = createAlertsTable(store);
store.add([alert('a'), alert('b', { ruleId: 'r2', timeMs: nowMs - 60_000 })]);
nowMs += 10_000;
store.add([alert('c', { row: 'no JSON' })]);
store.deliver(['b']);

test('stored alerts are listed, the newest first, with what became of them', async (t) => {
  const used = ['alert_id', 'status', 'time', 'stored_time', 'delivered_time'];
  t.deepEqual(await ask(table, { used }), [
    { alert_id: 'c', status: 'waiting', time: '1795500004', stored_time: '1795500010' },
    {
      ...{ alert_id: 'b', status: 'delivered', time: '1795499940', stored_time: '1795500000' },
      delivered_time: '1795500010',
    },
    { alert_id: 'a', status: 'waiting', time: '1795499994', stored_time: '1795500000' },
  ]);
  t.is(store.waiting('', 10, new Set()).length, 2, 'looking delivers nothing');
});

test('an alert is found by its id, by its rule, and by time', async (t) => {
  const ids = async (...constraints: [string, number, string][]) =>
    (await ask(table, { constraints })).map(({ alert_id }) => alert_id);
  t.deepEqual(await ids(['alert_id', 2, 'a']), ['a']);
  t.deepEqual(await ids(['rule_id', 2, 'r2']), ['b']);
  t.deepEqual(await ids(['alert_id', 2, 'a'], ['rule_id', 2, 'r2']), []);
  t.deepEqual(await ids(['time', 32, '1795499994']), ['c', 'a']);
  t.deepEqual(await ids(['time', 4, 'yesterday']), ['c', 'b', 'a']);
});

test('the document comes when it is asked for, and a row that cannot be read leaves the rest', async (t) => {
  const [c, b] = await ask(table, { used: ['alert', 'pid', 'cmdline', 'rule_id'] });
  t.deepEqual(b, { rule_id: 'r2', pid: '7', cmdline: 'id', alert: '{"of":"b"}' });
  t.deepEqual(c, { rule_id: 'r1', cmdline: '', alert: '{"of":"c"}' });
});

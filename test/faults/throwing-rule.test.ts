import test from 'ava';
import type { Rule } from '../../src/rule/index.ts';
import { openStore } from '../../src/store/index.ts';
import { EventTable } from '../agent/live/event-table.ts';
import { rulesOf, startProcess, TestClock } from '../agent/live/running.ts';

const RULES = rulesOf(`
id: first
name: First
severity: high
query: process where process.name == "bad"
---
id: suppressed
name: Suppressed
severity: high
query: process where process.name == "bad"
suppress:
  by: [process.name]
---
id: last
name: Last
severity: high
query: process where process.name == "bad"
`);

/** A rule that fails when its alert is made, as a fault of ours would let it fail. */
function broken(rule: Rule): Rule {
  const references = new Proxy([], {
    get() {
      throw new Error(`${rule.id} is broken`);
    },
  });
  return { ...rule, references };
}

for (const failing of RULES.map(({ id }) => id)) {
  test(`a rule whose alert cannot be made costs no other rule its alert: ${failing}`, async (t) => {
    const [table, clock] = [new EventTable(), new TestClock()];
    const store = await openStore({ path: null, nowMs: clock.nowMs });
    const rules = RULES.map((rule) => (rule.id === failing ? broken(rule) : rule));
    const { scan, detection } = await startProcess({ store, table, clock, rules });
    const told = (): readonly string[] => store.list().map(({ ruleId }) => ruleId);
    table.store([{ pid: 2, path: '/bin/bad' }], clock.ms);
    await scan();
    t.deepEqual(
      told().toSorted(),
      RULES.map(({ id }) => id)
        .filter((id) => id !== failing)
        .toSorted(),
    );
    table.store([{ pid: 3, path: '/bin/bad' }], clock.ms);
    await scan();
    t.is(told().filter((id) => id === 'last').length, failing === 'last' ? 0 : 2, 'and later events neither');
    t.true(detection.live.health.failures.count > 0, 'it is told');
  });
}

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { type Alert, replay } from '../../src/agent/index.ts';
import { linesOf } from '../../src/cli/inputs.ts';
import { parseRuleText } from '../../src/lang/index.ts';
import { labels, SHARED } from '../events/recording.ts';

const EVENTS = join(import.meta.dirname, '..', 'events');
const CURRENT = join(SHARED, 'corpus/elastic/linux/defense_evasion_kernel_module_removal.toml');

/** The rule as the project's card words it; `and` binds tighter than `or`, so that rmmod needs no shell above it. */
const CARD = `
id = "card"
name = "Kernel Module Removal"
severity = "low"
query = '''
process where event.action in ("exec", "exec_event") and event.type == "start" and process.name == "rmmod" or
  (process.name == "modprobe" and process.args in ("--remove", "-r")) and
  process.parent.name in ("sudo", "bash", "dash", "ash", "sh", "tcsh", "csh", "zsh", "ksh", "fish")
'''`;

const cases = labels().filter(({ set }) => set === 'seed');

async function firedBy(name: string, text: string): Promise<readonly Alert[]> {
  const { rules, problems } = parseRuleText(name, text);
  if (problems[0] !== undefined) throw problems[0].error;
  const alerts: Alert[] = [];
  await replay(linesOf([join(EVENTS, 'seed.results.log.gz')]), {
    rules,
    platform: 'linux',
    onAlert: (alert) => alerts.push(alert),
  });
  return alerts;
}

/** The cases, by id, in whose rows the rule fired. */
function casesOf(alerts: readonly Alert[]): ReadonlySet<string> {
  const eids = alerts.map(({ event }) => event.eid);
  return new Set(
    cases
      .filter(({ first_eid, last_eid }) => eids.some((eid) => first_eid <= eid && eid <= last_eid))
      .map(({ id }) => id),
  );
}

test('the recording has all 26 cases', (t) => {
  t.is(cases.length, 26);
});

test('the rule of the card fires in exactly the cases that expect it', async (t) => {
  const fired = casesOf(await firedBy('card.toml', CARD));
  for (const { id, name, expect } of cases) {
    if (expect?.card != null) t.is(fired.has(id), expect.card, `${id}: ${name}`);
  }
});

const withCorpus = existsSync(CURRENT) ? test : test.skip;

withCorpus("Elastic's current rule fires in exactly the cases that expect it", async (t) => {
  const fired = casesOf(await firedBy(CURRENT, readFileSync(CURRENT, 'utf8')));
  for (const { id, name, expect } of cases) {
    if (expect?.current != null) t.is(fired.has(id), expect.current, `${id}: ${name}`);
  }
});

test('an applet named by the first argument of busybox counts as a name, so that the rule fires', async (t) => {
  t.true(casesOf(await firedBy('card.toml', CARD)).has('seed#7'));
});

import { createHash } from 'node:crypto';
import type { RuleStopped } from '../match/index.ts';
import type { Rule } from '../rule/index.ts';
import { asciiJson, type ToldAlert } from './alert-row.ts';

/** The `rule_id` of alerts that tell of a rule that was stopped for its cost. */
export const RULE_STOPPED = 'osquery-detect-rule-stopped';

const NAME = 'Rule stopped for its cost';
const DESCRIPTION =
  'A rule took more time than it may and finds nothing until rules are loaded anew: whoever can make it dear can hide from it.';
const [SEVERITY, RISK_SCORE] = ['high', 73];

/** Nobody would see that a rule is blind; so it goes where alerts go, as one of ours. The same stop always has the same id. */
export function stoppedRuleAlert(rule: Rule, stopped: RuleStopped, hostId: string): ToldAlert {
  const { microsecondsPerEvent, budgetMicroseconds, timeMs } = stopped;
  const spent = Number(microsecondsPerEvent.toFixed(1));
  const matched = `rule "${rule.name}" (${rule.id}) took ${spent} microseconds an event and may take ${budgetMicroseconds}`;
  const parts = [RULE_STOPPED, rule.id, String(rule.version), hostId, String(timeMs)];
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${part.length}:${part}`);
  const id = hash.digest('hex').slice(0, 32);
  const document = {
    '@timestamp': new Date(timeMs).toISOString(),
    event: { kind: 'alert', reason: matched },
    host: { id: hostId },
    rule: { id: RULE_STOPPED, name: NAME, version: '1', description: DESCRIPTION },
    osquery_detect: {
      ...{
        alert_id: id,
        kind: 'rule_stopped',
        severity: SEVERITY,
        risk_score: RISK_SCORE,
        matched,
        events: [],
      },
      stopped: {
        rule: { id: rule.id, name: rule.name, version: String(rule.version) },
        ...{ microseconds_per_event: spent, budget_microseconds_per_event: budgetMicroseconds },
      },
    },
  };
  const row = {
    ...{ alert_id: id, rule_id: RULE_STOPPED, rule_name: NAME, severity: SEVERITY },
    ...{ risk_score: String(RISK_SCORE), time: String(Math.floor(timeMs / 1000)), matched },
  };
  return {
    ...{ id, timeMs, ruleId: RULE_STOPPED, ruleName: NAME, severity: SEVERITY, riskScore: RISK_SCORE },
    ...{ row: JSON.stringify(row), document: asciiJson(document) },
  };
}

import { parseRuleText } from '../../src/lang/index.ts';
import type { Rule } from '../../src/rule/index.ts';

/** One rule of each kind that keeps state, and one that does not; all of them fire on the recordings. */
const TEXT = `
id: plain
name: A shell's child
severity: low
query: process where event.type == "start" and process.parent.name in ("bash", "sh", "dash")
suppress: { by: [process.name], for: 1m }
---
id: sequence
name: A fork and an exec by one shell
severity: low
query: |
  sequence by process.parent.entity_id with maxspan=30s
    [process where event.type == "start" and process.name != "true"]
    [process where event.type == "start" and process.args_count > 6]
---
id: absence
name: A process and no other of its parent
severity: low
query: |
  sequence by process.parent.entity_id with maxspan=5s
    [process where event.type == "start" and process.args_count > 8]
    ![process where event.type == "start" and process.args_count == 1]
---
id: threshold
name: A busy parent
severity: low
query: "event.category: process"
language: kql
threshold: { by: [process.parent.entity_id], at_least: 5, within: 30s }
---
id: terms
name: A new program
severity: low
query: "event.category: process"
language: kql
max_alerts: 20
new_terms: { fields: [process.executable], within: 20s }
`;

export function statefulRules(): readonly Rule[] {
  const { rules, problems } = parseRuleText('rules.yaml', TEXT);
  if (problems[0] !== undefined) throw problems[0].error;
  return rules;
}

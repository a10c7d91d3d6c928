import type { Event, Fields, Rule, Scalar, Severity } from '../rule/index.ts';

const SEVERITIES: readonly Severity[] = ['low', 'medium', 'high', 'critical'];

/** Reads an event's values by field name; for the path of alerts, not of events. */
export interface FieldReader {
  readonly fields: Fields;
  valuesOf(event: Event, field: string): readonly Scalar[];
}

export function createFieldReader(fields: Fields): FieldReader {
  return {
    fields,
    valuesOf(event, name) {
      const field = fields.find(name);
      const value = field === undefined ? null : event.get(field.slot);
      if (value === null) return [];
      return Array.isArray(value) ? value : [value as Scalar];
    },
  };
}

/**
 * What an alert is called and how grave it is, where the event itself has a say: `rule_name_override`,
 * `severity_mapping` (the highest that applies) and `risk_score_mapping` of Elastic's rules.
 */
export function overridesOf(
  rule: Rule,
  event: Event,
  read: FieldReader,
): { readonly ruleName: string; readonly severity: Severity; readonly riskScore: number } {
  const { nameField, severity, riskScoreField } = rule.overrides;
  const name = nameField === null ? undefined : read.valuesOf(event, nameField)[0];
  const mapped = severity
    .filter(({ field, value }) => read.valuesOf(event, field).some((one) => String(one) === value))
    .map((mapping) => mapping.severity)
    .sort((a, b) => SEVERITIES.indexOf(b) - SEVERITIES.indexOf(a));
  const scores = riskScoreField === null ? [] : read.valuesOf(event, riskScoreField).map(Number);
  const valid = scores.filter((score) => score >= 0 && score <= 100);
  return {
    ruleName: name === undefined ? rule.name : String(name),
    severity: mapped[0] ?? rule.severity,
    riskScore: valid.length === 0 ? rule.riskScore : Math.max(...valid),
  };
}

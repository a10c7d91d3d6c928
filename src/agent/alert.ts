import { hash } from 'node:crypto';
import type { Match } from '../match/index.ts';
import type { Rule, Scalar, Severity, Threat } from '../rule/index.ts';
import type { OsqueryEvent } from '../schema/index.ts';
import { explainMatch } from './explain.ts';
import { type FieldReader, overridesOf } from './overrides.ts';
import type { Suppression } from './rule-output.ts';

const MOST_ANCESTORS = 16;

/** An event of an alert, as osquery's buffer knows it. */
export interface EventRef {
  readonly table: string;
  readonly eid: string;
}

/** A rule's match as it is told to people: stored, returned to osquery, logged. */
export interface Alert {
  /** 32 hexadecimal digits: a hash of rule, version, host and events. The same match always has the same. */
  readonly alertId: string;
  readonly ruleId: string;
  readonly ruleName: string;
  readonly severity: Severity;
  readonly riskScore: number;
  /** When its last event happened, Unix milliseconds. */
  readonly timeMs: number;
  readonly events: readonly EventRef[];
  /** What made the rule match, in words: the tests that held, with the values that they held for. */
  readonly matched: string;
  /** The event that completed the match. */
  readonly event: OsqueryEvent;
  /** The whole alert as a document in ECS terms. */
  readonly document: Readonly<Record<string, unknown>>;
}

export interface AlertContext {
  /** Identifies the host in `alertId`. */
  readonly hostId: string;
  readonly read: FieldReader;
  /** What the alert stands for beside its own match. */
  readonly suppression: Suppression | null;
}

/** Makes the alert of a match whose events came from osquery's rows. */
export function createAlert(rule: Rule, match: Match, context: AlertContext): Alert {
  const events = match.events as readonly OsqueryEvent[];
  const event = events.at(-1)!;
  const refs = events.map(({ table, eid }) => ({ table, eid }));
  const alertId = identify(rule, context.hostId, events);
  const { ruleName, severity, riskScore } = overridesOf(rule, event, context.read);
  const matched = explainMatch(rule.query, match, context.read.fields);
  const document = {
    '@timestamp': new Date(event.timeMs).toISOString(),
    ...event.toEcs(),
    rule: {
      id: rule.id,
      name: ruleName,
      version: String(rule.version),
      description: rule.description,
      ...(rule.references.length > 0 && { reference: rule.references }),
    },
    threat: rule.threats.map(threatToEcs),
    tags: rule.tags,
    osquery_detect: {
      alert_id: alertId,
      severity,
      risk_score: riskScore,
      matched,
      args: event.argsFidelity,
      ancestors: ancestorsOf(event),
      events: refs,
      ...(rule.investigationFields.length > 0 && { investigation: investigate(rule, event, context.read) }),
      ...(rule.note !== '' && { note: rule.note }),
      ...(rule.falsePositives.length > 0 && { false_positives: rule.falsePositives }),
      ...(match.keys.length > 0 && { keys: match.keys.map(jsonable) }),
      ...(events.length > 1 && { sequence: events.map((one) => one.toEcs()) }),
      ...(context.suppression !== null && { suppression: toJson(context.suppression) }),
    },
  };
  return {
    alertId,
    ruleId: rule.id,
    ruleName,
    severity,
    riskScore,
    timeMs: event.timeMs,
    events: refs,
    matched,
    event,
    document,
  };
}

/** The same alert, told long after its last event. */
export function markLate(alert: Alert): Alert {
  const own = alert.document['osquery_detect'] as object;
  return { ...alert, document: { ...alert.document, osquery_detect: { ...own, late: true } } };
}

/** What the rule's author would look at first: the values of these fields, by name; without those that have none. */
function investigate(rule: Rule, event: OsqueryEvent, read: FieldReader): Readonly<Record<string, unknown>> {
  const found = rule.investigationFields.map((name) => [name, read.valuesOf(event, name)] as const);
  return Object.fromEntries(
    found
      .filter(([, values]) => values.length > 0)
      .map(([name, values]) => [name, jsonable(values.length === 1 ? values[0]! : values)]),
  );
}

/** Who started whom, nearest first: what ECS has no field for. */
function ancestorsOf(event: OsqueryEvent): readonly object[] {
  const ancestors: object[] = [];
  let process = event.process?.parent ?? null;
  while (process !== null && ancestors.length < MOST_ANCESTORS) {
    ancestors.push({ pid: process.pid, executable: process.path, command_line: process.commandLine });
    process = process.parent;
  }
  return ancestors;
}

/** ECS: a threat has lists of techniques and sub-techniques beside each other. */
function threatToEcs({ framework, tactic, techniques }: Threat): object {
  return { framework, ...(tactic !== null && { tactic }), technique: techniques };
}

/** Parts are told apart by their lengths, so that no two different lists hash the same text. */
function identify(rule: Rule, hostId: string, events: readonly OsqueryEvent[]): string {
  const parts = [rule.id, String(rule.version), hostId, ...events.map(placeOf)];
  const text = parts.map((part) => `${part.length}:${part}`).join('');
  return hash('sha256', text, 'hex').slice(0, 32);
}

/**
 * Rows of snapshot tables have no `eid`: their own values stand for them. The time is there because eids begin anew
 * with osquery's database, and another event's alert must not be taken for one that is stored.
 */
function placeOf(event: OsqueryEvent): string {
  const place = event.eid === '' ? JSON.stringify(event.columns()) : event.eid;
  return `${event.table}/${event.timeMs}/${place}`;
}

function toJson({ fields, values, hidden }: Suppression): object {
  return { fields, values: values.map((value) => jsonable(value as Scalar)), hidden };
}

function jsonable(value: Scalar | null | readonly Scalar[]): unknown {
  if (Array.isArray(value)) return value.map((one) => jsonable(one as Scalar));
  return typeof value === 'bigint' ? String(value) : value;
}

import type { NewAlert } from '../store/index.ts';
import type { Alert } from './alert.ts';

/** An alert as a row of `detections`, but for its document and the columns that echo the query. */
export type AlertRow = Readonly<Record<string, string>>;

/** An alert as it is stored, whichever feed it is of. */
export type ToldAlert = Omit<NewAlert, 'feed'>;

export function toldAlert(alert: Alert): ToldAlert {
  const { alertId: id, timeMs, ruleId, ruleName, severity, riskScore } = alert;
  const texts = { row: JSON.stringify(alertRow(alert)), document: alertDocument(alert) };
  return { id, timeMs, ruleId, ruleName, severity, riskScore, ...texts };
}

export function alertRow(alert: Alert): AlertRow {
  const { event } = alert;
  const parent = event.process?.parent ?? null;
  return {
    alert_id: alert.alertId,
    rule_id: alert.ruleId,
    rule_name: alert.ruleName,
    severity: alert.severity,
    risk_score: String(alert.riskScore),
    time: String(Math.floor(alert.timeMs / 1000)),
    pid: String(event.process?.pid ?? event.column('pid') ?? ''),
    parent: String(event.process?.parentPid ?? event.column('parent') ?? ''),
    path: event.process?.path ?? event.column('path') ?? event.column('target_path') ?? '',
    cmdline: event.process?.commandLine ?? event.column('cmdline') ?? '',
    user_id: event.process?.userId ?? event.column('uid') ?? '',
    parent_name: parent?.names[0] ?? '',
    parent_path: parent?.path ?? '',
    parent_cmdline: parent?.commandLine ?? '',
    matched: alert.matched,
  };
}

/** Reads a row that was stored; null for a text that someone else put there. */
export function parseRow(json: string): AlertRow | null {
  try {
    const row: unknown = JSON.parse(json);
    if (typeof row !== 'object' || row === null) return null;
    return Object.values(row).every((value) => typeof value === 'string') ? (row as AlertRow) : null;
  } catch {
    return null;
  }
}

/** The alert's document, the row's column `alert`. */
export function alertDocument(alert: Alert): string {
  return asciiJson(alert.document);
}

/**
 * JSON in ASCII. osquery's loggers write each byte of a value that is no printable ASCII as `\\xNN`, which would
 * make the document unreadable; JSON's own escapes pass untouched.
 */
export function asciiJson(document: unknown): string {
  const escapeUnit = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(document).replace(/[\u007f-\uffff]/g, escapeUnit);
}

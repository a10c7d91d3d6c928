import {
  COLUMN_OPTIONS,
  createTable,
  OPERATORS,
  type Plugin,
  type PluginRow,
  type QueryContext,
  type TableColumn,
} from '../osquery/index.ts';
import type { Alert } from './alert.ts';
import { BatchError } from './batch.ts';

/** Given to the table by the query, and to the query back byte for byte. */
const HIDDEN = COLUMN_OPTIONS.additional | COLUMN_OPTIONS.hidden;

const COLUMNS = [
  { name: 'batch', type: 'BIGINT', options: HIDDEN },
  { name: 'stream', type: 'TEXT', options: HIDDEN },
  { name: 'rule', type: 'TEXT', options: HIDDEN },
  { name: 'alert_id', type: 'TEXT' },
  { name: 'rule_id', type: 'TEXT' },
  { name: 'rule_name', type: 'TEXT' },
  { name: 'severity', type: 'TEXT' },
  { name: 'risk_score', type: 'INTEGER' },
  { name: 'time', type: 'BIGINT' },
  { name: 'pid', type: 'BIGINT' },
  { name: 'parent', type: 'BIGINT' },
  { name: 'path', type: 'TEXT' },
  { name: 'cmdline', type: 'TEXT' },
  { name: 'user_id', type: 'TEXT' },
  { name: 'parent_name', type: 'TEXT' },
  { name: 'parent_path', type: 'TEXT' },
  { name: 'parent_cmdline', type: 'TEXT' },
  { name: 'matched', type: 'TEXT' },
  { name: 'alert', type: 'TEXT' },
] as const satisfies readonly TableColumn[];

type Column = (typeof COLUMNS)[number]['name'];

/** What a query hands over: the events, and which stream and rule it means. */
export interface Request {
  readonly batch: Uint8Array;
  readonly stream: string | undefined;
  /** EQL, KQL, a rule document, or the id of an installed rule. */
  readonly rule: string | undefined;
}

/** Answers a request with alerts; a throw fails the one query that asked. Never asks core anything. */
export type Detect = (request: Request) => readonly Alert[];

/**
 * The table `detections`: events in, alerts out.
 *
 *     SELECT * FROM detections
 *     WHERE stream = 'process_events' AND batch < (SELECT json_group_array(json_array(…)) FROM process_events)
 *
 * Not marked event-based: osqueryi would warn at every use. Each row is unique by `alert_id`, so that osquery's
 * comparison with the last run's rows never takes one alert for another.
 */
export function createDetectionsTable(detect: Detect): Plugin {
  return createTable({
    name: 'detections',
    columns: COLUMNS,
    generate(context) {
      const batch = only(context, 'batch', OPERATORS.lessThan);
      const stream = only(context, 'stream', OPERATORS.equals);
      const rule = only(context, 'rule', OPERATORS.equals);
      if (batch === undefined) {
        throw new BatchError(
          'detections needs events: WHERE batch < (SELECT json_group_array(json_array(…)) FROM …)',
        );
      }
      const alerts = detect({ batch: batch.bytes, stream: stream?.text, rule: rule?.text });
      // SQLite checks every constraint again on these rows: the texts must come back in the bytes it sent.
      const echo = {
        batch: '0',
        ...(stream !== undefined && { stream: stream.bytes }),
        ...(rule !== undefined && { rule: rule.bytes }),
      };
      return alerts.map((alert) => toRow(alert, echo));
    },
  });
}

/** The one constraint on a column. */
function only(context: QueryContext, column: Column, op: number) {
  const list = context.constraints.get(column)?.list ?? [];
  const [first, second] = list;
  if (second !== undefined) throw new BatchError(`more than one constraint on ${column}`);
  if (first !== undefined && first.op !== op) {
    throw new BatchError(`${column} can be compared with ${op === OPERATORS.equals ? '=' : '<'} only`);
  }
  return first;
}

function toRow(alert: Alert, echo: Partial<Record<Column, string | Uint8Array>>): PluginRow {
  const { event } = alert;
  const parent = event.process?.parent ?? null;
  const row = {
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
    alert: asciiJson(alert.document),
  } satisfies Partial<Record<Column, string>>;
  return { ...row, ...echo };
}

/**
 * JSON in ASCII. osquery's loggers write each byte of a value that is no printable ASCII as `\\xNN`, which would
 * make the document unreadable; JSON's own escapes pass untouched.
 */
function asciiJson(document: unknown): string {
  const escapeUnit = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(document).replace(/[\u007f-\uffff]/g, escapeUnit);
}

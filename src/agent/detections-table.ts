import {
  COLUMN_OPTIONS,
  createTable,
  OPERATORS,
  type Plugin,
  type QueryContext,
  type TableColumn,
} from '../osquery/index.ts';
import type { AlertRow } from './alert-row.ts';
import { BatchError } from './batch/index.ts';

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
  /** Whether the answer went out to core; taken for granted when it is not told. */
  readonly sent?: Promise<boolean>;
}

/** Answers a request with alerts; a throw fails the one query that asked. Never asks core anything. */
export type Detect = (request: Request) => readonly AlertRow[] | Promise<readonly AlertRow[]>;

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
    async generate(context, _, fate) {
      const batch = only(context, 'batch', OPERATORS.lessThan);
      const stream = only(context, 'stream', OPERATORS.equals);
      const rule = only(context, 'rule', OPERATORS.equals);
      if (batch === undefined) {
        throw new BatchError(
          'detections needs events: WHERE batch < (SELECT json_group_array(json_array(…)) FROM …)',
        );
      }
      const rows = await detect({
        ...{ batch: batch.bytes, stream: stream?.text, rule: rule?.text },
        ...(fate !== undefined && { sent: fate.sent }),
      });
      // SQLite checks every constraint again on these rows: the texts must come back in the bytes it sent.
      const echo = {
        batch: '0',
        ...(stream !== undefined && { stream: stream.bytes }),
        ...(rule !== undefined && { rule: rule.bytes }),
      };
      return rows.map((row) => ({ ...row, ...echo }));
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

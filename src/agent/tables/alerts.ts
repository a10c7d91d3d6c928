import type { Plugin } from '../../osquery/index.ts';
import type { StoredAlert, StoreReader } from '../../store/index.ts';
import { type AlertRow, parseRow } from '../alert-row.ts';
import { type Asked, createListing, type ListColumn } from './listing.ts';

/** How many alerts are listed: the newest. */
const MOST = 20_000;

/** Reads rows from their texts. It keeps the last one: the cells of an alert are asked for one after the other. */
class RowReader {
  #text = '';
  #row: AlertRow = {};

  cell({ row }: StoredAlert, column: string): string {
    if (row !== this.#text) {
      this.#text = row;
      this.#row = parseRow(row) ?? {};
    }
    return this.#row[column] ?? '';
  }
}

const ROWS = new RowReader();

/**
 * The table `detection_alerts`: every alert that is stored, the newest first, and whether osquery has it. Reading it
 * delivers nothing: alerts go to the log through `detections` alone.
 */
export function createAlertsTable(store: StoreReader): Plugin {
  return createListing({ name: 'detection_alerts', columns: COLUMNS, list: (asked) => list(store, asked) });
}

function* list(store: StoreReader, asked: Asked): Iterable<StoredAlert> {
  const seconds = asked.least('time');
  const without: ('row' | 'document')[] = [];
  if (!asked.uses('alert')) without.push('document');
  if (!OF_ROW.some((column) => asked.uses(column))) without.push('row');
  const filter = { most: MOST, without, ...(seconds !== null && { sinceMs: seconds * 1000 }) };
  const ids = asked.texts('alert_id');
  const rules = asked.texts('rule_id');
  const filters =
    ids !== null
      ? [...ids].map((id) => ({ ...filter, id }))
      : rules !== null
        ? [...rules].map((ruleId) => ({ ...filter, ruleId }))
        : [filter];
  for (const one of filters) yield* store.list(one);
}

const TEXTS = [
  'path',
  'cmdline',
  'user_id',
  'parent_name',
  'parent_path',
  'parent_cmdline',
  'matched',
] as const;
/** Columns whose cells are in the row's text. */
const OF_ROW = ['pid', 'parent', ...TEXTS] as const;

const COLUMNS: readonly ListColumn<StoredAlert>[] = [
  { name: 'alert_id', type: 'TEXT', index: true, of: ({ id }) => id },
  { name: 'rule_id', type: 'TEXT', index: true, of: ({ ruleId }) => ruleId },
  { name: 'rule_name', type: 'TEXT', of: ({ ruleName }) => ruleName },
  { name: 'severity', type: 'TEXT', of: ({ severity }) => severity },
  { name: 'risk_score', type: 'INTEGER', of: ({ riskScore }) => Math.round(riskScore) },
  { name: 'time', type: 'BIGINT', index: true, of: ({ timeMs }) => seconds(timeMs) },
  { name: 'stored_time', type: 'BIGINT', of: ({ storedMs }) => seconds(storedMs) },
  {
    name: 'delivered_time',
    type: 'BIGINT',
    of: ({ deliveredMs }) => (deliveredMs === null ? null : seconds(deliveredMs)),
  },
  {
    name: 'status',
    type: 'TEXT',
    of: ({ deliveredMs }) => (deliveredMs === null ? 'waiting' : 'delivered'),
  },
  ofRow('pid', 'BIGINT'),
  ofRow('parent', 'BIGINT'),
  ...TEXTS.map((name) => ofRow(name, 'TEXT')),
  { name: 'feed', type: 'TEXT', hidden: true, of: ({ feed }) => feed },
  { name: 'alert', type: 'TEXT', hidden: true, of: ({ document }) => document },
];

function ofRow(name: string, type: 'TEXT' | 'BIGINT'): ListColumn<StoredAlert> {
  return {
    name,
    type,
    of: (alert) => {
      const text = ROWS.cell(alert, name);
      return text === '' && type !== 'TEXT' ? null : text;
    },
  };
}

function seconds(ms: number): number {
  return Math.floor(ms / 1000);
}

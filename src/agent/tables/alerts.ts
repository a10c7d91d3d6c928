import type { Plugin } from '../../osquery/index.ts';
import type { StoredAlert, StoreReader } from '../../store/index.ts';
import { type AlertRow, parseRow } from '../alert-row.ts';
import { type Asked, createListing, type ListColumn } from './listing.ts';

/** How many alerts are listed: the newest. */
const MOST = 20_000;

/** A stored alert; its row is read from its text when a column asks for it. */
class Listed {
  readonly stored: StoredAlert;
  #row: AlertRow | undefined;

  constructor(stored: StoredAlert) {
    this.stored = stored;
  }

  cell(column: string): string {
    this.#row ??= parseRow(this.stored.row) ?? {};
    return this.#row[column] ?? '';
  }
}

/**
 * The table `detection_alerts`: every alert that is stored, the newest first, and whether osquery has it. Reading it
 * delivers nothing: alerts go to the log through `detections` alone.
 */
export function createAlertsTable(store: StoreReader): Plugin {
  return createListing({ name: 'detection_alerts', columns: COLUMNS, list: (asked) => list(store, asked) });
}

function* list(store: StoreReader, asked: Asked): Iterable<Listed> {
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
  for (const one of filters) for (const stored of store.list(one)) yield new Listed(stored);
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

const COLUMNS: readonly ListColumn<Listed>[] = [
  { name: 'alert_id', type: 'TEXT', index: true, of: ({ stored }) => stored.id },
  { name: 'rule_id', type: 'TEXT', index: true, of: ({ stored }) => stored.ruleId },
  { name: 'rule_name', type: 'TEXT', of: ({ stored }) => stored.ruleName },
  { name: 'severity', type: 'TEXT', of: ({ stored }) => stored.severity },
  { name: 'risk_score', type: 'INTEGER', of: ({ stored }) => Math.round(stored.riskScore) },
  { name: 'time', type: 'BIGINT', index: true, of: ({ stored }) => seconds(stored.timeMs) },
  { name: 'stored_time', type: 'BIGINT', of: ({ stored }) => seconds(stored.storedMs) },
  {
    name: 'delivered_time',
    type: 'BIGINT',
    of: ({ stored }) => (stored.deliveredMs === null ? null : seconds(stored.deliveredMs)),
  },
  {
    name: 'status',
    type: 'TEXT',
    of: ({ stored }) => (stored.deliveredMs === null ? 'waiting' : 'delivered'),
  },
  ofRow('pid', 'BIGINT'),
  ofRow('parent', 'BIGINT'),
  ...TEXTS.map((name) => ofRow(name, 'TEXT')),
  { name: 'feed', type: 'TEXT', hidden: true, of: ({ stored }) => stored.feed },
  { name: 'alert', type: 'TEXT', hidden: true, of: ({ stored }) => stored.document },
];

function ofRow(name: string, type: 'TEXT' | 'BIGINT'): ListColumn<Listed> {
  return {
    name,
    type,
    of: (listed) => {
      const text = listed.cell(name);
      return text === '' && type !== 'TEXT' ? null : text;
    },
  };
}

function seconds(ms: number): number {
  return Math.floor(ms / 1000);
}

import { writeJsonText } from './json-text.ts';
import type { Cell, CellRow } from './sql/messages.ts';
import { calendarTime } from './status-line.ts';

/** What one run of a scheduled query has to tell. Columns of a row are in the order of their names, as in core. */
export interface LogItem {
  readonly name: string;
  readonly hostIdentifier: string;
  readonly unixTime: number;
  readonly epoch: number;
  readonly counter: number;
  readonly decorations: Readonly<Record<string, string>>;
  readonly results:
    | {
        readonly kind: 'differential';
        readonly added: readonly CellRow[];
        readonly removed: readonly CellRow[];
      }
    | { readonly kind: 'snapshot'; readonly rows: readonly CellRow[] };
}

/**
 * The lines for it, without line ends. `asEvents` gives each row a line of its own (`--logger_event_type`, for snapshots
 * `--logger_snapshot_event_type`), else there is one line for the run: `diffResults` or `snapshot`.
 * Source: osquery/core/query.cpp, osquery's logging documentation, recorded lines of a live osqueryd.
 */
export function printLogItem(item: LogItem, asEvents: boolean): readonly Buffer[] {
  const { results } = item;
  const head = [
    pair('name', item.name),
    pair('hostIdentifier', item.hostIdentifier),
    pair('calendarTime', calendarTime(item.unixTime)),
    Buffer.from(
      `"unixTime":${item.unixTime},"epoch":${item.epoch},"counter":${item.counter},"numerics":false`,
    ),
    // Left out when there are none.
    ...(Object.keys(item.decorations).length > 0 ? [member('decorations', object(item.decorations))] : []),
  ];
  if (asEvents) {
    const lines = (rows: readonly CellRow[], action: string): readonly Buffer[] =>
      rows.map((row) => braces([...head, member('columns', object(row)), pair('action', action)]));
    return results.kind === 'snapshot'
      ? lines(results.rows, 'snapshot')
      : [...lines(results.removed, 'removed'), ...lines(results.added, 'added')];
  }
  if (results.kind === 'snapshot') {
    return [braces([member('snapshot', array(results.rows)), pair('action', 'snapshot'), ...head])];
  }
  const both = [member('removed', array(results.removed)), member('added', array(results.added))];
  return [braces([member('diffResults', braces(both)), ...head])];
}

/**
 * The row with each byte below 0x20 or above 0x7E's end written as `\xHH`: what core does to the results of every query
 * that is no snapshot, before it compares and logs them, so an `ü` is logged as `\xC3\xBC`.
 * Source: osquery/sql/sql.cpp (`escapeNonPrintableBytes`), osquery/dispatcher/scheduler.cpp.
 */
export function escapeRow(row: CellRow): CellRow {
  return Object.fromEntries(Object.entries(row).map(([name, cell]) => [name, escapeCell(cell)]));
}

function escapeCell(cell: Cell): string {
  if (typeof cell === 'string' && !/[^\x20-\x7f]/.test(cell)) return cell;
  let text = '';
  for (const byte of Buffer.from(cell as string)) {
    text += byte < 0x20 || byte >= 0x80 ? `\\x${hex(byte)}` : String.fromCharCode(byte);
  }
  return text;
}

function hex(byte: number): string {
  return byte.toString(16).toUpperCase().padStart(2, '0');
}

/** An event row as core forwards it to loggers: no table name, columns by name. */
export function printRow(row: CellRow): Buffer {
  return object(row);
}

function object(row: CellRow): Buffer {
  return braces(
    Object.keys(row)
      .toSorted()
      .map((name) => pair(name, row[name]!)),
  );
}

function array(rows: readonly CellRow[]): Buffer {
  return Buffer.concat([Buffer.from('['), ...separated(rows.map(object)), Buffer.from(']')]);
}

function braces(members: readonly Buffer[]): Buffer {
  return Buffer.concat([Buffer.from('{'), ...separated(members), Buffer.from('}')]);
}

function pair(name: string, cell: Cell): Buffer {
  return member(name, writeJsonText(Buffer.from(cell as string)));
}

function member(name: string, value: Buffer): Buffer {
  return Buffer.concat([writeJsonText(Buffer.from(name)), Buffer.from(':'), value]);
}

function separated(parts: readonly Buffer[]): readonly Buffer[] {
  return parts.flatMap((part, index) => (index === 0 ? [part] : [Buffer.from(','), part]));
}

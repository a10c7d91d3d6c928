import type { Rule } from '../../rule/index.ts';
import type { TableSpec } from '../../schema/index.ts';
import { mergeSieves } from '../merge.ts';
import { ruleSieves } from '../rule-sieves.ts';
import { identifier, quote } from '../text.ts';

export interface ScanOptions {
  /** The most rows of a backlog that one scan hands over, the newest; 20,000 unless given. */
  readonly batch?: number;
  /** An SQL expression on the table's columns; rows for which it is not true are not handed over. */
  readonly where?: string;
  /**
   * Only rows that one of these rules may match are handed over, for hosts too busy to hand over all. What no rule
   * asks for is then not in the process tree: parents that were started before, or that are themselves a match,
   * are all that rules can ask about. Rules that nearly every row may match (`RuleSieve.wide`) see of it only what
   * others let pass.
   */
  readonly light?: readonly Rule[];
}

/** What one scan hands over unless told otherwise: about 100 MB of osqueryd's memory at the most. */
export const BATCH = 20_000;

/**
 * The query that hands a table's new rows to `detections` and gets alerts back. `detections.batch` is the JSON
 * text `[[value of reads[0], …], …]`, newest row first.
 *
 * For an event table osquery's own pointer gives each row to each scheduled query once. The inner query reads
 * the whole backlog, which moves that pointer past it, and keeps the newest rows: a `LIMIT` without `ORDER BY`
 * would stop the reading and leave the pointer where it was. No constraint on `time`, which would switch the
 * pointer off. In SQLite every integer is less than every text, so the `batch` of 0 in each returned row
 * passes the comparison.
 *
 * A scan that leaves rows out says so, in a first element `{"table": …, "sparse": true}`: the eids between its rows
 * are then no gap to be filled.
 *
 * For a table of state (`processes`) the stream is left out: the rules are tried on these rows alone, which are
 * announced by a first element `{"table": …, "columns": […]}`.
 */
export function scanQuery(table: TableSpec, options: ScanOptions = {}): string {
  const batch = options.batch ?? BATCH;
  if (!Number.isSafeInteger(batch) || batch < 1)
    throw new RangeError(`batch must be a whole number from 1: ${batch}`);
  const from = sourceOf(table, options);
  if (!table.evented) return statelessScan(table, `FROM ${from} LIMIT ${batch}`);
  const rows = `SELECT ${rowOf(table)} AS r FROM ${from} ORDER BY ${orderOf(table)} DESC LIMIT ${batch}`;
  const head = `SELECT json_object('table', ${quote(table.name)}, 'sparse', json('true')) AS r`;
  const isSparse = options.where !== undefined || options.light !== undefined;
  return (
    `SELECT * FROM detections WHERE stream = ${quote(table.name)} AND batch < (SELECT json_group_array(json(r)) ` +
    `FROM (${isSparse ? `${head} UNION ALL SELECT * FROM (${rows})` : rows}))`
  );
}

/** The column that tells which rows of an event table are the newest. */
export function orderOf(table: TableSpec): string {
  return table.reads.includes('eid') ? 'eid' : 'time';
}

function sourceOf(table: TableSpec, { where, light }: ScanOptions): string {
  if (light === undefined) return `${identifier(table.name)}${where === undefined ? '' : ` WHERE ${where}`}`;
  const sieves = ruleSieves(light, table, { refined: true }).filter(({ wide }) => !wide);
  const merged = mergeSieves(table, sieves, { keep: table.reads.map(identifier), among: where });
  return `(${merged.rows.query(`SELECT * FROM ${merged.rows.last}`)}) WHERE ${merged.where}`;
}

/** Tries the rules on rows of any table, without touching a stream. `from` is the rest of the SELECT, from FROM on. */
export function statelessScan(table: TableSpec, from: string): string {
  const columns = table.reads.map((column) => quote(identifier(column))).join(', ');
  const head = `SELECT json_object('table', ${quote(table.name)}, 'columns', json_array(${columns})) AS r`;
  return (
    `SELECT * FROM detections WHERE batch < (SELECT json_group_array(json(r)) ` +
    `FROM (${head} UNION ALL SELECT * FROM (SELECT ${rowOf(table)} AS r ${from})))`
  );
}

function rowOf(table: TableSpec): string {
  return `json_array(${table.reads.map(identifier).join(', ')})`;
}

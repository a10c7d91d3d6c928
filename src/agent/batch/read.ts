import { type FoundRows, findRows } from './json-rows.ts';
import { listedRows, type Rows } from './rows.ts';

/** Events as a query hands them over: rows of one table, their values in the order of `columns`. */
export interface Batch {
  readonly table: string;
  readonly columns: readonly string[];
  readonly rows: Rows;
  /** The query leaves rows of the table out on purpose, so that their eids are no gaps. */
  readonly sparse?: boolean;
}

/** Why a batch could not be read; its message is what the user of the query sees. */
export class BatchError extends Error {}

/** The columns of a table as its scan query reads them; undefined for a table that is not known. */
export type ColumnsOf = (table: string) => readonly string[] | undefined;

const UTF8 = new TextDecoder('utf-8');

/**
 * Reads the JSON array of arrays that a query gave as `batch`.
 *
 * Rows are positional. Without a header their columns are those of the stream's scan query; such lists only
 * ever grow at their end, so a pack older than the extension still reads right. A header, an object in the place
 * of the first row, says otherwise:
 *
 *     [{"table":"processes","columns":["pid","path"]},["1","/usr/lib/systemd/systemd"]]
 *
 * `{"table":NAME,"sparse":true}` heads a scan query that leaves rows out on purpose, so that none are looked for.
 *
 * Rows are read when they are asked for, in the bytes given, which are the batch's from here on.
 *
 * Command lines may hold invalid UTF-8, which osquery passes on as raw bytes: they are replaced, never refused.
 */
export function readBatch(json: Uint8Array, stream: string | undefined, columnsOf: ColumnsOf): Batch {
  const { header: first, rows } = findRows(json) ?? parseWhole(json);
  if (first !== undefined) {
    const header = readHeader(first, columnsOf);
    if (stream !== undefined && stream !== header.table) {
      throw new BatchError(`the batch is of ${header.table}, the stream is ${stream}`);
    }
    return { ...header, rows };
  }
  if (stream === undefined && rows.length === 0) return { table: '', columns: [], rows };
  if (stream === undefined) {
    throw new BatchError(
      'a batch without a stream begins with its table and columns: {"table":"processes","columns":["pid",…]}',
    );
  }
  const columns = columnsOf(stream);
  if (columns === undefined) throw new BatchError(`unknown stream "${stream}"`);
  return { table: stream, columns, rows };
}

/** The elements of a batch of another shape, or the reason why it is none. */
function parseWhole(json: Uint8Array): FoundRows {
  let parsed: unknown;
  try {
    parsed = JSON.parse(UTF8.decode(json));
  } catch (cause) {
    throw new BatchError('the batch is no JSON', { cause });
  }
  if (!isRow(parsed)) throw new BatchError('the batch is no JSON array');
  const [first] = parsed;
  const header = isRow(first) ? undefined : first;
  const rows = header === undefined ? parsed : parsed.slice(1);
  if (!areRows(rows)) throw new BatchError('the batch holds a row that is no JSON array');
  return { header, rows: listedRows(rows) };
}

function areRows(values: readonly unknown[]): values is readonly (readonly unknown[])[] {
  return values.every(isRow);
}

function isRow(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

function readHeader(header: unknown, columnsOf: ColumnsOf): Omit<Batch, 'rows'> {
  const { table, columns, sparse } = Object(header) as Readonly<Record<string, unknown>>;
  if (typeof table !== 'string') throw new BatchError(WRONG_HEADER);
  const known = columnsOf(table);
  if (known === undefined) throw new BatchError(`unknown table "${table}"`);
  if (columns === undefined && sparse === true) return { table, columns: known, sparse };
  if (!isRow(columns) || !columns.every((one) => typeof one === 'string')) throw new BatchError(WRONG_HEADER);
  return { table, columns, ...(sparse === true && { sparse }) };
}

const WRONG_HEADER = 'the header of the batch is not {"table":NAME,"columns":[NAME,…]}';

import { SharedTexts } from '../text/index.ts';

/** Events as a query hands them over: rows of one table, their values in the order of `columns`. */
export interface Batch {
  readonly table: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
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
 * Command lines may hold invalid UTF-8, which osquery passes on as raw bytes: they are replaced, never refused.
 */
export function readBatch(json: Uint8Array, stream: string | undefined, columnsOf: ColumnsOf): Batch {
  const parsed = parse(json);
  const [first] = parsed;
  const header = isRow(first) || first === undefined ? undefined : readHeader(first, columnsOf);
  const rows = header === undefined ? parsed : parsed.slice(1);
  if (!areRows(rows)) throw new BatchError('the batch holds a row that is no JSON array');
  if (header !== undefined) {
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

function parse(json: Uint8Array): readonly unknown[] {
  let parsed: unknown;
  try {
    parsed = parsePieces(json) ?? sharing(JSON.parse(UTF8.decode(json)));
  } catch (cause) {
    throw new BatchError('the batch is no JSON', { cause });
  }
  if (!Array.isArray(parsed)) throw new BatchError('the batch is no JSON array');
  return parsed;
}

/** V8 keeps texts of more than 128 kB, at two bytes for each character, in pages of their own that are made anew each time. */
const PIECE_BYTES = 32_768;
const BRACKET = 0x5b;

/**
 * The elements of a long array of arrays, read in pieces; null for what is not cut so, which is read as a whole.
 *
 * The text of a whole batch is megabytes that are there for a moment, and one character of another script in it
 * doubles them: to make it costs as much as to read it. Pieces are cut between `]` and `[` wherever a comma is there. A
 * cut that is not between two rows, but in a text or between lists in a row, leaves a piece with a text or a list
 * that does not end, which is no JSON.
 */
function parsePieces(json: Uint8Array): readonly unknown[] | null {
  if (json.length < 2 * PIECE_BYTES || json[0] !== BRACKET) return null;
  const bytes = Buffer.from(json.buffer, json.byteOffset, json.byteLength);
  const elements: unknown[] = [];
  for (let at = 1; at < bytes.length; ) {
    const comma = bytes.indexOf('],[', at + PIECE_BYTES) + 1;
    const piece = UTF8.decode(bytes.subarray(at, comma === 0 ? bytes.length : comma));
    const parsed = parseOrNull(comma === 0 ? `[${piece}` : `[${piece}]`);
    if (parsed === null) return null;
    for (const element of sharing(parsed)) elements.push(element);
    at = comma === 0 ? bytes.length : comma + 1;
  }
  return elements;
}

/** The programs, folders and most command lines of a batch were in the batches before, and are kept in the tree. */
const TEXTS = new SharedTexts();

function sharing<T>(parsed: T): T {
  if (!isRow(parsed)) return parsed;
  for (const row of parsed) {
    if (!Array.isArray(row)) continue;
    for (let at = 0; at < row.length; at += 1) {
      if (typeof row[at] === 'string') row[at] = TEXTS.share(row[at]);
    }
  }
  return parsed;
}

function parseOrNull(list: string): readonly unknown[] | null {
  try {
    return JSON.parse(list);
  } catch {
    return null;
  }
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

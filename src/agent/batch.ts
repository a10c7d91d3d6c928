/** Events as a query hands them over: rows of one table, their values in the order of `columns`. */
export interface Batch {
  readonly table: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
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
 * ever grow at their end, so a pack older than the extension still reads right. A header, the table's name
 * and its columns as the first row, says otherwise:
 *
 *     [["processes","pid","path"],["1","/usr/lib/systemd/systemd"]]
 *
 * Command lines may hold invalid UTF-8, which osquery passes on as raw bytes: they are replaced, never refused.
 */
export function readBatch(json: Uint8Array, stream: string | undefined, columnsOf: ColumnsOf): Batch {
  const rows = parseRows(json);
  const header = headerOf(rows, columnsOf);
  if (header !== undefined) {
    if (stream !== undefined && stream !== header.table) {
      throw new BatchError(`the batch is of ${header.table}, the stream is ${stream}`);
    }
    return { ...header, rows: rows.slice(1) };
  }
  if (stream === undefined && rows.length === 0) return { table: '', columns: [], rows };
  if (stream === undefined) {
    throw new BatchError(
      'a batch without a stream begins with a row that names its table and columns: ["processes","pid",…]',
    );
  }
  const columns = columnsOf(stream);
  if (columns === undefined) throw new BatchError(`unknown stream "${stream}"`);
  return { table: stream, columns, rows };
}

function parseRows(json: Uint8Array): readonly (readonly unknown[])[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(UTF8.decode(json));
  } catch (cause) {
    throw new BatchError('the batch is no JSON', { cause });
  }
  if (!Array.isArray(parsed)) throw new BatchError('the batch is no JSON array');
  if (!parsed.every(Array.isArray)) throw new BatchError('the batch holds a row that is no JSON array');
  return parsed;
}

function headerOf(
  rows: readonly (readonly unknown[])[],
  columnsOf: ColumnsOf,
): Pick<Batch, 'table' | 'columns'> | undefined {
  const [table, ...columns] = rows[0] ?? [];
  if (typeof table !== 'string' || !/^[a-z]\w*$/.test(table)) return undefined;
  if (!columns.every((column) => typeof column === 'string')) return undefined;
  if (columnsOf(table) === undefined) throw new BatchError(`unknown table "${table}"`);
  return { table, columns };
}

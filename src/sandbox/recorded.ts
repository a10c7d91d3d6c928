import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import { parseResultLine } from '../osquery/index.ts';
import type { FedRow, FedValue } from './sql/messages.ts';

/** One row of an event table, as a result log recorded it. */
export interface RecordedEvent {
  /** The name of the query that logged it; in recordings made for replay, the table's. */
  readonly name: string;
  readonly row: FedRow;
}

/**
 * Reads the rows of a result log (JSON lines in any of osquery's formats, `.gz` too), in order, `eid` and `time` as
 * they are. Rows that were removed, and lines that are no results, are left out.
 *
 * The log's escapes are undone, so that the tables hold what osquery's did: `\x0A` is a line feed again. A command line that
 * had those four characters itself cannot be told from that; only bytes that core escapes are taken for escapes.
 */
export async function* readRecordedEvents(path: string): AsyncGenerator<RecordedEvent> {
  const file = createReadStream(path);
  const input = path.endsWith('.gz') ? file.pipe(createGunzip()) : file;
  // A pipe passes no errors on; without this a missing file would be an end that never comes.
  file.on('error', (error) => input.destroy(error));
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  for await (const line of lines) {
    const result = parseResultLine(line);
    for (const { action, columns } of result?.rows ?? []) {
      if (action === 'removed') continue;
      const cells = Object.entries(columns).map(([name, value]) => [name, withoutEscapes(String(value))]);
      yield { name: result!.name, row: Object.fromEntries(cells) as FedRow };
    }
  }
}

function withoutEscapes(text: string): FedValue {
  const parts = text.split(/\\x([01][0-9A-F]|[89A-F][0-9A-F])/);
  if (parts.length === 1) return text;
  return Buffer.concat(
    parts.map((part, index) => (index % 2 === 0 ? Buffer.from(part) : Buffer.from(part, 'hex'))),
  );
}

import { createProcessTree } from '../../src/process/index.ts';
import {
  createHost,
  createReader,
  type OsqueryEvent,
  type RowReader,
  type Schema,
} from '../../src/schema/index.ts';
import { Recordings, recordedProcesses } from './recordings.ts';

/** Rows read at a time, so that the engine finds them as fresh in the caches as it does on a live stream. */
const AT_ONCE = 256;

export interface EventStreamOptions {
  readonly schema: Schema;
  readonly events: number;
  readonly unlike?: boolean;
}

/** Recorded rows as events, read in small portions by a reader with a process tree, as the detector reads them. */
export function* eventStream({
  schema,
  events,
  unlike = false,
}: EventStreamOptions): Generator<readonly OsqueryEvent[]> {
  const recordings = new Recordings({ schema, batchSize: 20_000, unlike });
  const reader = createReader({ schema, tree: createProcessTree(), host: createHost('bench') });
  reader.seed(recordedProcesses());
  const readers = new Map<string, RowReader | null>();
  for (const batch of recordings.rows(events)) {
    const read = readers.get(batch.table.name) ?? reader.open(batch.table.name, batch.table.reads);
    readers.set(batch.table.name, read);
    if (read === null) continue;
    for (let at = 0; at < batch.size; at += AT_ONCE) {
      const portion: OsqueryEvent[] = [];
      for (const row of batch.rows(at, at + AT_ONCE)) {
        const event = read(row);
        if (event !== null) portion.push(event);
      }
      yield portion;
    }
  }
}

import test from 'ava';
import { createTableNamer } from '../../src/agent/index.ts';

const CASES: readonly { readonly query: string; readonly table: string | undefined }[] = [
  { query: 'process_events', table: 'process_events' },
  { query: 'pack_linux_process_events', table: 'process_events' },
  { query: 'pack/Global/process_events', table: 'process_events' },
  { query: 'pack_sql_candidates_2_process_file_events', table: 'process_file_events' },
  { query: 'pack_sql_some-rule.file_events', table: 'file_events' },
  { query: 'given', table: 'file_events' },
  { query: 'myprocess_events', table: undefined },
  { query: 'process_events_2', table: undefined },
  // Alerts of scan queries, which are no rows of the table.
  { query: 'detections_process_events', table: undefined },
  { query: 'pack_linux_detections_process_events', table: undefined },
  { query: 'pack/Global/detections_process_file_events', table: undefined },
];

for (const { query, table } of CASES) {
  test(`the rows of the query ${query} are of ${table ?? 'no table'}`, (t) => {
    const tables = ['process_events', 'file_events', 'process_file_events'];
    t.is(createTableNamer(tables, new Map([['given', 'file_events']]))(query), table);
  });
}

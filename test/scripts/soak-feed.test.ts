import test from 'ava';
import { Feed } from '../../scripts/soak/feed.ts';
import { createSchema } from '../../src/schema/index.ts';

const SECONDS = 10;
const COUNT = 20_000;

test('the soak feeds rows without a gap, half of whose command lines never came before', (t) => {
  const feed = new Feed(createSchema('linux'));
  const seen = new Set<string>();
  const tables = new Set<string>();
  let [lines, again, eid] = [0, 0, 0];
  for (let round = 0; round < 5; round += 1) {
    // What was recorded comes for the first time, too.
    if (round === 2) [lines, again] = [0, 0];
    const batches = feed.next(COUNT, 1_795_490_000 + round * SECONDS, SECONDS);
    for (const { table } of batches) tables.add(table.name);
    t.is(batches.length, tables.size, 'all tables are scanned each time');
    for (const { table, rows } of batches) {
      if (table.name !== 'process_events') continue;
      const [eidAt, lineAt] = [table.reads.indexOf('eid'), table.reads.indexOf('cmdline')];
      for (const row of rows) {
        eid += 1;
        if (Number(row[eidAt]) !== eid) t.fail(`eid ${row[eidAt]} where ${eid} was to come`);
        const line = String(row[lineAt]);
        if (line === '') continue;
        lines += 1;
        if (seen.has(line)) again += 1;
        seen.add(line);
      }
    }
  }
  const share = again / lines;
  t.true(share > 0.45 && share < 0.55, `${again} of ${lines} came before`);
});

import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import { type RecordedEvent, readRecordedEvents } from '../../src/sandbox/index.ts';

const SHARED = join(import.meta.dirname, '..', '..', '..', 'shared', 'events');
const LOG = [
  '{"name":"process_events","columns":{"eid":"0000000007","time":"5","cmdline":"a\\\\x0Ab \\\\xC3\\\\xBC \\\\xFF \\\\x41"},"action":"added"}',
  '{"s":0,"m":"a status line"}',
  'no JSON',
  '{"name":"gone","columns":{"a":"1"},"action":"removed"}',
  '{"name":"both","diffResults":{"removed":[{"a":"1"}],"added":[{"a":"2"},{"a":"3"}]}}',
].join('\n');

async function rowsOf(path: string): Promise<readonly RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  for await (const event of readRecordedEvents(path)) events.push(event);
  return events;
}

test('reads rows in order, plain or gzip, escapes of the log undone', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'osq-rec-'));
  t.teardown(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'a.log'), LOG);
  await writeFile(join(folder, 'a.log.gz'), gzipSync(LOG));
  const want = [
    {
      name: 'process_events',
      row: {
        eid: '0000000007',
        time: '5',
        cmdline: Buffer.concat([Buffer.from('a\nb ü '), Buffer.from([0xff]), Buffer.from(String.raw` \x41`)]),
      },
    },
    { name: 'both', row: { a: '2' } },
    { name: 'both', row: { a: '3' } },
  ];
  t.deepEqual(await rowsOf(join(folder, 'a.log')), want);
  t.deepEqual(await rowsOf(join(folder, 'a.log.gz')), want);
  await t.throwsAsync(rowsOf(join(folder, 'absent.log.gz')), { code: 'ENOENT' });
});

const recording = existsSync(SHARED) ? test : test.skip;
recording('reads a recording of a live osqueryd (skipped without it)', async (t) => {
  const events = await rowsOf(join(SHARED, 'seed.results.log.gz'));
  t.is(events.length, 291);
  const eids = events.filter(({ name }) => name === 'process_events').map(({ row }) => Number(row['eid']));
  t.deepEqual(
    eids,
    eids.toSorted((a, b) => a - b),
  );
});

import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { connectExtension } from '../../src/osquery/index.ts';
import { numbered, repeatedIn } from './numbered.ts';
import { settle, start } from './running.ts';

const DAY_MS = 86_400_000;

test.serial('a clock that runs backwards or leaps ahead costs no alert', async (t) => {
  const offsets = [-DAY_MS, 400 * DAY_MS, -20 * DAY_MS, 0];
  process.env['CLOCK_OFFSETS'] = offsets.join(',');
  const { rig, lines } = await start(t, { nodeFlags: ['--import', join(import.meta.dirname, 'clock.ts')] });
  const pid = rig.extensionPid;
  let fed = 0;
  for (const offset of [0, ...offsets]) {
    if (fed > 0) {
      process.kill(pid!, 'SIGUSR2');
      while (!lines.some((line) => line.endsWith(`off by ${offset} ms`))) await sleep(10);
    }
    // osquery's stamps are the host's clock as well.
    await rig.feed(numbered({ after: fed, count: 20, time: Math.floor((Date.now() + offset) / 1000) }));
    fed += 20;
    t.deepEqual(await settle(rig), [], `${offset} ms`);
  }
  t.is(rig.extensionPid, pid);
  t.deepEqual(repeatedIn(rig), { doubled: [], duplicates: 0 });
});

test.serial('a hundred calls at once, of all tables, are all answered, and the stream goes on', async (t) => {
  const { rig } = await start(t);
  await rig.feed(numbered({ after: 0, count: 50 }));
  t.deepEqual(await settle(rig), []);
  const { tables, path } = rig.served;
  t.true(tables.includes('detections'));
  const batch = JSON.stringify([
    { table: 'processes', columns: ['pid', 'path'] },
    ['1', '/usr/bin/numbered'],
  ]);
  const constraints = [{ name: 'batch', affinity: 'BIGINT', list: [{ op: 16, expr: batch }] }];
  const contexts = new Map([['detections', JSON.stringify({ constraints })]]);
  const calls = Array.from({ length: 100 }, async (_, i) => {
    const table = tables[i % tables.length]!;
    const client = await connectExtension(path);
    try {
      const request = { action: 'generate', context: contexts.get(table) ?? '{}' };
      return (await client.call('table', table, request)).status;
    } finally {
      client.close();
    }
  });
  const answers = await Promise.all(calls);
  t.deepEqual(
    answers.filter(({ code }) => code !== 0),
    [],
  );
  await rig.feed(numbered({ after: 50, count: 50 }));
  t.deepEqual(await settle(rig), []);
  t.deepEqual(repeatedIn(rig), { doubled: [], duplicates: 0 });
});

test.serial('a second extension is refused, waits, and takes over from one that is killed', async (t) => {
  const { rig, lines } = await start(t);
  await rig.feed(numbered({ after: 0, count: 30 }));
  t.deepEqual(await settle(rig), []);
  const killFirst = rig.startAnother();
  while (!lines.some((line) => line.includes('Duplicate extension registered'))) await sleep(10);
  await rig.feed(numbered({ after: 30, count: 30 }));
  t.deepEqual(await settle(rig), [], 'the first goes on');
  killFirst();
  await rig.revive();
  await rig.feed(numbered({ after: 60, count: 30 }));
  t.deepEqual(await settle(rig), [], 'the second goes on');
  t.deepEqual(repeatedIn(rig).doubled, []);
});

import test from 'ava';
import type { RowBlock } from '../../../src/agent/detector.ts';
import { EventFeed } from '../../../src/agent/live/event-feed.ts';
import { HandOver } from '../../../src/agent/live/hand-over.ts';
import { createSchema } from '../../../src/schema/index.ts';
import { recording } from '../../events/recording.ts';
import { exec } from '../running.ts';

const LOG = { debug() {}, info() {}, warn() {}, error() {} };

function open() {
  const batches: RowBlock[] = [];
  const live = { feed: async (batch: RowBlock) => void batches.push(batch) };
  const feed = new EventFeed({ name: 'osquery_detect', schema: createSchema('linux'), live, log: LOG });
  const tell = async (event: string | Buffer): Promise<number> => {
    const { status } = await feed.plugin.call(new Map([['event', Buffer.from(event as string)]]));
    return status.code;
  };
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 4; turn += 1) await new Promise(setImmediate);
  };
  return { feed, batches, tell, settle };
}

test('core is told that events are wanted', async (t) => {
  const { status } = await open().feed.plugin.call(new Map([['action', Buffer.from('features')]]));
  t.is(status.code, 2);
});

test('rows that come in one turn are handed on together, in their order, each with the columns it has', async (t) => {
  const { batches, tell, settle } = open();
  const [first, second] = recording('seed').filter(({ table }) => table === 'process_events');
  for (const row of [first, second]) t.is(await tell(JSON.stringify(row!.columns)), 0);
  await settle();
  const rows = batches.flatMap((batch) =>
    batch.rows.map((row) => [batch.table, row[batch.columns.indexOf('eid')]]),
  );
  t.deepEqual(rows, [
    ['process_events', first!.columns['eid']],
    ['process_events', second!.columns['eid']],
  ]);
});

const ODD: readonly (readonly [string, string | Buffer])[] = [
  ['no JSON', '{"pid":'],
  ['a list', '[1]'],
  ['null', 'null'],
  ['nothing', ''],
];

for (const [name, event] of ODD) {
  test(`${name} in the place of a row is answered OK, counted, and handed to nobody`, async (t) => {
    const { feed, batches, tell, settle } = open();
    t.is(await tell(event), 0);
    await settle();
    t.deepEqual(feed.health, { events: 1, foreign: 0, malformed: 1 });
    t.deepEqual(batches, []);
  });
}

test('rows of tables that are not ours are counted, and bytes that are no UTF-8 are replaced', async (t) => {
  const { feed, batches, tell, settle } = open();
  await tell('{"action":"add","path":"/dev/x","type":"usb","time":"1","eid":"1"}');
  const { cmdline: _, ...row } = exec('/usr/bin/id', '');
  await tell(
    Buffer.from(`${JSON.stringify(row).slice(0, -1)},"cmdline":"id \xff","time":"1","eid":"1"}`, 'latin1'),
  );
  await settle();
  t.deepEqual(feed.health, { events: 2, foreign: 1, malformed: 0 });
  const [batch] = batches;
  t.is(batch!.rows[0]![batch!.columns.indexOf('cmdline')], 'id \ufffd');
});

test('any number of different rows is remembered no longer than needed', async (t) => {
  const { feed, tell, settle } = open();
  for (let n = 0; n < 2_000; n += 1) await tell(JSON.stringify({ [`column_${n}`]: '1' }));
  await settle();
  t.is(feed.health.foreign, 2_000);
});

test('what is handed over while handing over comes after it, and never at the same time', async (t) => {
  let running = 0;
  let calls = 0;
  const done = Promise.withResolvers<void>();
  const handOver: HandOver = new HandOver({
    delivery: {
      async hand() {
        running += 1;
        t.is(running, 1);
        calls += 1;
        if (calls < 3) handOver.wake();
        await new Promise(setImmediate);
        running -= 1;
        if (calls === 3) done.resolve();
      },
    },
    ...{ send: async () => {}, log: LOG },
  });
  handOver.wake();
  handOver.wake();
  await done.promise;
  t.is(calls, 3);
});

test('alerts that cannot be handed over are told of once and left to the scans', async (t) => {
  const warned: string[] = [];
  const tried = Promise.withResolvers<void>();
  const handOver = new HandOver({
    delivery: {
      async hand() {
        tried.resolve();
        throw new Error('osquery is busy');
      },
    },
    send: async () => {},
    log: { ...LOG, warn: (_, message) => void warned.push(message) },
  });
  handOver.wake();
  await tried.promise;
  await new Promise(setImmediate);
  handOver.wake();
  await new Promise(setImmediate);
  handOver.stop();
  t.deepEqual(warned, ['alerts wait for the next scan']);
});

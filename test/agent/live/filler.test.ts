import test from 'ava';
import { Filler } from '../../../src/agent/live/filler.ts';
import { Stream } from '../../../src/agent/live/stream.ts';
import { START_MS, TestClock } from './running.ts';

test('what fails while rows are taken costs one question; they are asked for again', async (t) => {
  const stream = new Stream('process_events', true);
  stream.order.begin(1, START_MS);
  stream.fallBehind();
  const { promise: done, resolve } = Promise.withResolvers<void>();
  const taken: number[] = [];
  const filler = new Filler({
    ask: async () => [{ eid: '0000000002', time: String(START_MS / 1000) }],
    clock: new TestClock(),
    columnsOf: () => ['eid', 'time'],
    async onFound(_stream, _search, rows) {
      taken.push(...rows.map(({ serial }) => serial));
      if (taken.length === 1) throw new Error('no room');
    },
    onDone(_stream, search) {
      stream.searched(search);
      resolve();
    },
  });
  filler.want(stream);
  await done;
  t.deepEqual(taken, [2, 2]);
  t.like(filler.health, { asked: 2, failed: 1, lastFailure: 'no room', table: null });
});

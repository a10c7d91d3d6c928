import test from 'ava';
import type { AlertRow } from '../../../src/agent/alert-row.ts';
import { Delivery } from '../../../src/agent/live/delivery.ts';
import { openStore, type Store } from '../../../src/store/index.ts';

async function open(...ids: string[]): Promise<{ readonly store: Store; readonly delivery: Delivery }> {
  const store = await openStore({ path: null });
  store.add(
    ids.map((id) => ({
      ...{ id, feed: '', timeMs: 1, ruleId: 'r', ruleName: 'R', severity: 'low', riskScore: 1 },
      ...{ row: JSON.stringify({ alert_id: id }), document: `{"of":"${id}"}` },
    })),
  );
  return { store, delivery: new Delivery(store, '') };
}

const idsOf = (rows: readonly AlertRow[]) => rows.map(({ alert_id }) => alert_id);

test('what is handed over has arrived when it was taken, and no answer returns it', async (t) => {
  const { store, delivery } = await open('a', 'b');
  const taken: AlertRow[] = [];
  await delivery.hand(async (row) => {
    t.deepEqual(
      delivery.answer('process_events'),
      taken.length === 0 ? [{ alert_id: 'b', alert: '{"of":"b"}' }] : [],
    );
    delivery.again();
    taken.push(row);
  });
  t.deepEqual(taken, [
    { alert_id: 'a', alert: '{"of":"a"}' },
    { alert_id: 'b', alert: '{"of":"b"}' },
  ]);
  t.is(store.health.waiting, 0);
  t.deepEqual(delivery.answer('process_events'), []);
});

test('what cannot be handed over is returned by the next answer, and what comes after it as well', async (t) => {
  const { store, delivery } = await open('a', 'b', 'c');
  const failing = delivery.hand(async ({ alert_id }) => {
    if (alert_id === 'b') throw new Error('no answer');
  });
  await t.throwsAsync(failing, { message: 'no answer' });
  t.deepEqual(idsOf(delivery.answer('process_events')), ['b', 'c']);
  t.is(store.health.waiting, 2);
});

test('what an answer returned is not handed over as well', async (t) => {
  const { delivery } = await open('a');
  t.deepEqual(idsOf(delivery.answer('process_events')), ['a']);
  await delivery.hand(async () => t.fail());
  t.pass();
});

test('an answer that did not go out is returned again, and no later call shows that it arrived', async (t) => {
  const { store, delivery } = await open('a', 'b');
  const sent = Promise.withResolvers<boolean>();
  t.deepEqual(idsOf(delivery.answer('process_events', sent.promise)), ['a', 'b']);
  delivery.acknowledge('process_events');
  t.deepEqual(idsOf(delivery.answer('process_events')), [], 'it may be on its way');
  sent.resolve(false);
  await sent.promise;
  t.deepEqual(idsOf(delivery.answer('process_events', Promise.resolve(true))), ['a', 'b']);
  await new Promise(setImmediate);
  delivery.acknowledge('process_events');
  t.is(store.health.waiting, 0);
});

import { randomBytes } from 'node:crypto';
import test from 'ava';
import { Snapshots } from '../../../src/agent/live/snapshots.ts';
import type { Store } from '../../../src/store/index.ts';

const MINUTE_MS = 60_000;

/** How often state of so many bytes that do not compress is saved in minutes with many rows each. */
async function savesIn(minutes: number, bytes: number): Promise<number> {
  const state = { part: randomBytes(bytes).toString('base64') };
  let [nowMs, saves] = [1_795_490_000_000, 0];
  const snapshots = new Snapshots({
    store: { loadSnapshot: () => null, saveSnapshot: () => true } as unknown as Store,
    nowMs: () => nowMs,
    waiting: () => 0,
    save() {
      saves += 1;
      return state;
    },
  });
  for (let minute = 0; minute < minutes; minute += 1) {
    nowMs += MINUTE_MS;
    snapshots.count(10_000);
    const before = saves;
    snapshots.saveWhenDue();
    await new Promise(setImmediate);
    // Waits for the one that began; with nothing new to save it begins none itself.
    if (saves > before) await snapshots.save();
  }
  return saves;
}

test('small state is saved every minute, large state less often by its size, and every five minutes at the least', async (t) => {
  t.is(await savesIn(12, 1_000), 12);
  t.is(await savesIn(12, 570_000), 6);
  t.is(await savesIn(12, 2_400_000), 3);
});

test('state is saved in a moment in which few events wait for their place, but put off for a minute at the most', async (t) => {
  let [nowMs, waiting, saves] = [1_795_490_000_000, 10_000, 0];
  const snapshots = new Snapshots({
    store: { loadSnapshot: () => null, saveSnapshot: () => true } as unknown as Store,
    nowMs: () => nowMs,
    waiting: () => waiting,
    save() {
      saves += 1;
      return {};
    },
  });
  const later = async (ms: number): Promise<number> => {
    nowMs += ms;
    snapshots.count(10_000);
    snapshots.saveWhenDue();
    await new Promise(setImmediate);
    return saves;
  };
  t.is(await later(MINUTE_MS), 0);
  t.is(await later(MINUTE_MS / 2), 0);
  waiting = 10;
  t.is(await later(1000), 1);
  waiting = 10_000;
  t.is(await later(MINUTE_MS), 1);
  t.is(await later(MINUTE_MS), 2);
});

test('a process that goes on from old state saves soon, however few rows it lives to read', async (t) => {
  let [nowMs, saves] = [1_795_490_000_000, 0];
  const parts = new Map<string, Uint8Array>();
  const saved = { savedMs: nowMs - 9 * MINUTE_MS, parts };
  const snapshots = new Snapshots({
    store: { loadSnapshot: () => saved, saveSnapshot: () => true } as unknown as Store,
    nowMs: () => nowMs,
    waiting: () => 0,
    save() {
      saves += 1;
      return {};
    },
  });
  await snapshots.restore(() => []);
  snapshots.count(1);
  snapshots.saveWhenDue();
  await new Promise(setImmediate);
  t.is(saves, 0);
  nowMs += MINUTE_MS;
  snapshots.saveWhenDue();
  await new Promise(setImmediate);
  t.is(saves, 1);
});

test('where a stream begins is saved before its first row is read, unless the state is large', async (t) => {
  const saved: string[][] = [];
  let bytes = 1_000;
  const snapshots = new Snapshots({
    store: {
      loadSnapshot: () => null,
      saveSnapshot: (parts: ReadonlyMap<string, Uint8Array>) => saved.push([...parts.keys()]) > 0,
    } as unknown as Store,
    nowMs: () => 1_795_490_000_000,
    waiting: () => 0,
    save: () => ({ streams: saved.length, tree: randomBytes(bytes).toString('base64') }),
  });
  snapshots.saveFirst();
  t.is(saved.length, 1);
  bytes = 2_000_000;
  snapshots.saveFirst();
  t.deepEqual(saved[1], ['streams', 'tree'], 'the second as the first');
  snapshots.saveFirst();
  t.is(saved.length, 2);
  await new Promise(setImmediate);
  await snapshots.save();
  t.is(saved.length, 3);
});

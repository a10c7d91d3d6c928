import test from 'ava';
import { runBacklog } from './backlog.ts';

test('a backlog longer than a scan is handed over in a bounded batch, and the rest is looked for', async (t) => {
  // The rest is looked for at a pace that osquery's watchdog allows, which a busy machine makes slow.
  t.timeout(600_000);
  const { missing, numbered, doubled, restarted, seconds } = await runBacklog({
    events: 4_000,
    each: 50,
    seconds: 3600,
    batch: 1000,
    scanEachMs: 200,
  });
  t.is(missing, 0);
  t.is(numbered, 81);
  t.deepEqual(doubled, []);
  t.false(restarted);
  t.log(`${seconds.toFixed(1)} s`);
});

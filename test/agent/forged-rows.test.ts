import { join } from 'node:path';
import test from 'ava';
import { type FedRow, startSandbox } from '../../src/sandbox/index.ts';
import { createSchema } from '../../src/schema/index.ts';
import { packFor } from '../../src/sql/index.ts';
import { ROOT } from '../events/recording.ts';

const SCHEMA = createSchema('linux');
const PACK = packFor([SCHEMA.tables.get('process_events')!], { platform: 'linux' });
const NOW = 1_795_500_000;
const SHELL: FedRow = { pid: 2, parent: 1, path: '/usr/bin/bash', cmdline: 'bash', syscall: 'execve' };

function rmmod(pid: number): FedRow {
  return { ...SHELL, pid, parent: 2, path: '/usr/bin/kmod', cmdline: 'rmmod kvm' };
}

/** The extension waits for missing rows for half a minute at most. */
const PATIENCE_MS = 60_000;

/** A row of no event, ahead of the stream in number, in time, or in both. */
const FORGED: readonly { readonly name: string; readonly eid: string; readonly time: number }[] = [
  { name: 'a little ahead in number', eid: '0000001003', time: NOW },
  { name: 'ahead in number and a day in time', eid: '0000001003', time: NOW + 86_400 },
  { name: 'of the greatest number and the last time', eid: '9999999999', time: 4_294_967_295 },
];

for (const { name, eid, time } of FORGED) {
  test(`a row that someone makes up for a stream, ${name}, loses no alert`, async (t) => {
    const alerts: string[] = [];
    const sandbox = await startSandbox({
      schema: [...SCHEMA.tables.values()].map(({ name, columns }) => ({ name, columns })),
      config: { packs: { linux: PACK } },
      flags: { disable_events: 'false' },
      startTime: NOW,
      watchIntervalMs: 0,
      extension: {
        command: [
          ...([process.execPath, join(ROOT, 'src/cli/main.ts'), 'extension', '--allow-unsafe'] as const),
          ...['--rules', join(ROOT, 'packs/rules')],
        ],
      },
      onExtensionOutput: () => {},
      onResult: (line) => alerts.push(line),
    });
    t.teardown(() => sandbox.stop());
    await sandbox.registered('osquery_detect');
    await sandbox.feed('process_events', [SHELL, rmmod(10)]);
    await sandbox.runNow();
    const forged = JSON.stringify([[eid, String(time), 'execve', '5', '1', '/bin/x', 'x']]);
    await sandbox.query(`SELECT * FROM detections WHERE stream = 'process_events' AND batch < '${forged}'`);
    for (const pid of [11, 12]) {
      await sandbox.feed('process_events', [rmmod(pid)]);
      await sandbox.runNow();
    }
    // What made the number jump is looked for, by the extension's own clock, before what follows is judged.
    const begin = performance.now();
    while (alerts.length < 3 && performance.now() - begin < PATIENCE_MS) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      await sandbox.runNow();
    }
    t.is(alerts.length, 3);
  });
}

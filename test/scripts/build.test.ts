import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { startSandbox } from '../../src/sandbox/index.ts';
import { createSchema } from '../../src/schema/index.ts';
import { packFor } from '../../src/sql/index.ts';
import { readStore } from '../../src/store/index.ts';
import { ROOT } from '../events/recording.ts';

const EXTENSION = join(ROOT, 'dist', 'osquery-detect.ext');

test('the built extension is one executable file that registers, fires and stores without the checkout', async (t) => {
  execFileSync(process.execPath, [join(ROOT, 'scripts', 'build.ts')]);
  t.is(statSync(EXTENSION).mode & 0o777, 0o755);
  const folder = mkdtempSync(join(tmpdir(), 'build-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const [settings, store] = [join(folder, 'settings.toml'), join(folder, 'store.db')];
  writeFileSync(settings, `store = "${store}"\n`, { mode: 0o600 });
  const { tables } = createSchema('linux');
  const alerts: string[] = [];
  const sandbox = await startSandbox({
    schema: [...tables.values()].map(({ name, columns }) => ({ name, columns })),
    config: { packs: { linux: packFor([tables.get('process_events')!], { platform: 'linux' }) } },
    flags: { disable_events: 'false' },
    watchIntervalMs: 0,
    startTime: 1_795_500_000,
    extension: {
      command: [EXTENSION],
      env: { OSQUERY_DETECT_NODE: process.execPath, OSQUERY_DETECT_CONFIG: settings },
    },
    onExtensionOutput: () => {},
    onResult: (line) => alerts.push(line),
  });
  t.teardown(() => sandbox.stop());
  await sandbox.registered('osquery_detect');
  const shell = { pid: 2, parent: 1, path: '/usr/bin/bash', cmdline: 'bash', syscall: 'execve' };
  await sandbox.feed('process_events', [
    shell,
    { ...shell, pid: 3, parent: 2, path: '/usr/bin/kmod', cmdline: 'rmmod kvm' },
  ]);
  await sandbox.runNow();
  t.is(alerts.length, 1);
  const reader = await readStore(store);
  t.teardown(() => reader.close());
  t.is(reader.list().length, 1, 'SQLite is in the file, too');
});

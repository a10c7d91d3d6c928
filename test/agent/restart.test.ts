import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { type FedRow, startSandbox } from '../../src/sandbox/index.ts';
import { createSchema } from '../../src/schema/index.ts';
import { packFor } from '../../src/sql/index.ts';
import { ROOT } from '../events/recording.ts';

const SCHEMA = createSchema('linux');
const PACK = packFor([SCHEMA.tables.get('process_events')!], { platform: 'linux' });
const NOW = Math.floor(Date.now() / 1000);

const RULES = `
id: one
name: One
severity: low
query: process where process.name == "one"
---
id: pair
name: One and two
severity: high
query: sequence by process.parent.pid with maxspan=1h [process where process.name == "one"] [process where process.name == "two"]
`;

function exec(pid: number, name: string): FedRow {
  const ids = { uid: 0, gid: 0, euid: 0, egid: 0 };
  return { pid, parent: 100, path: `/usr/bin/${name}`, cmdline: name, cwd: '"/"', syscall: 'execve', ...ids };
}

for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
  test.serial(`after ${signal} the next extension goes on where the last one stood`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'restart-'));
    t.teardown(() => rmSync(folder, { recursive: true, force: true }));
    const rules = join(folder, 'rules.yaml');
    writeFileSync(rules, RULES);
    const logged: string[] = [];
    const sandbox = await startSandbox({
      schema: [...SCHEMA.tables.values()].map(({ name, columns }) => ({ name, columns })),
      rows: { processes: [{ pid: 100, parent: 1, path: '/usr/bin/bash', cmdline: 'bash', start_time: 1 }] },
      config: { packs: { linux: PACK } },
      flags: { disable_events: 'false', database_path: join(folder, 'osquery.db') },
      startTime: NOW,
      watchIntervalMs: 0,
      extension: {
        command: [
          process.execPath,
          join(ROOT, 'src/cli/main.ts'),
          'extension',
          '--allow-unsafe',
          '--rules',
          rules,
        ],
      },
      onExtensionOutput: () => {},
      onResult: (line) => logged.push(JSON.parse(line).columns.rule_id),
    });
    t.teardown(() => sandbox.stop());
    const begin = async (): Promise<void> => {
      await sandbox.watch();
      await sandbox.registered('osquery_detect');
    };
    const runUntil = async (count: number): Promise<void> => {
      for (let run = 0; run < 50 && logged.length < count; run++) await sandbox.runNow();
    };

    await begin();
    await sandbox.feed('process_events', [exec(2, 'one')]);
    await runUntil(1);
    // One more call shows that the alert arrived.
    await sandbox.runNow();
    sandbox.killExtension(signal);
    while (sandbox.extensionPid !== undefined) await new Promise(setImmediate);
    await begin();
    await sandbox.feed('process_events', [exec(3, 'two')]);
    await runUntil(2);
    t.deepEqual(logged, ['one', 'pair']);
    t.is(statSync(join(folder, 'osquery-detect.db')).mode & 0o777, 0o600);
  });
}

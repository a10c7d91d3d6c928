import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { type FedRow, type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/index.ts';
import { createSchema } from '../../src/schema/index.ts';
import { packFor } from '../../src/sql/index.ts';
import { ROOT } from '../events/recording.ts';

export const SCHEMA = createSchema('linux');
export const NOW = 1_795_500_000;
export const SHELL = 100;
const STREAMS = ['process_events', 'file_events'].map((name) => SCHEMA.tables.get(name)!);
const PACK = packFor(STREAMS, { platform: 'linux' });

export interface Running {
  readonly sandbox: Sandbox;
  /** The rows of the alerts that osquery logged. */
  readonly alerts: Record<string, string>[];
  /** What the extension wrote to its log, line by line. */
  readonly log: Record<string, unknown>[];
  /** A folder of the test's own. */
  readonly folder: string;
}

export interface StartOptions {
  /** Lines of the settings file; `FOLDER` stands for the test's folder. */
  readonly settings?: string;
  /** Files in the test's folder, by name. */
  readonly files?: Readonly<Record<string, string>>;
  readonly sandbox?: Partial<SandboxOptions>;
}

/** The extension as osqueryd starts it, behind the stand-in's socket, with settings and files of the test's own. */
export async function start(t: ExecutionContext, options: StartOptions = {}): Promise<Running> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'running-')));
  for (const [name, text] of Object.entries(options.files ?? {})) writeFileSync(join(folder, name), text);
  const config = join(folder, 'settings.toml');
  // A minute for each answer, so that on a slow machine too one run of the schedule brings all.
  const settings = `answer = "60s"\n${options.settings ?? ''}`;
  writeFileSync(config, settings.replaceAll('FOLDER', folder));
  const alerts: Record<string, string>[] = [];
  const log: Record<string, unknown>[] = [];
  const sandbox = await startSandbox({
    schema: [...SCHEMA.tables.values()].map(({ name, columns }) => ({ name, columns })),
    rows: {
      processes: [{ pid: SHELL, parent: 1, path: '/usr/bin/bash', cmdline: '-bash', uid: 0, start_time: 1 }],
    },
    config: { packs: { linux: PACK } },
    flags: { disable_events: 'false' },
    startTime: NOW,
    watchIntervalMs: 0,
    extension: {
      command: [process.execPath, join(ROOT, 'src/cli/main.ts'), 'extension'],
      env: { OSQUERY_DETECT_CONFIG: config },
    },
    onExtensionOutput(line) {
      log.push(JSON.parse(line) as Record<string, unknown>);
    },
    onResult: (line) => alerts.push((JSON.parse(line) as { columns: Record<string, string> }).columns),
    ...options.sandbox,
  });
  t.teardown(async () => {
    await sandbox.stop();
    rmSync(folder, { recursive: true });
  });
  await sandbox.registered('osquery_detect');
  const state = async () =>
    (await sandbox.query("SELECT state FROM detection_health WHERE stream = 'all'"))[0];
  await until(async () => (await state())?.['state'] !== 'loading');
  return { sandbox, alerts, log, folder };
}

let pid = 1000;

/** A row of process_events. */
export function exec(path: string, cmdline: string | Buffer): FedRow {
  pid += 1;
  return {
    ...{ pid, parent: SHELL, path, cmdline, cwd: '"/root"', uid: 0, gid: 0, euid: 0, egid: 0 },
    ...{ syscall: 'execve', auid: 0, fsuid: 0, suid: 0, fsgid: 0, sgid: 0, mode: '0100755', uptime: 1 },
    ...{ owner_uid: 0, owner_gid: 0, atime: 1, mtime: 1, ctime: 1, btime: 0, overflows: '' },
    ...{ cmdline_size: cmdline.length, env: '', env_count: 0, env_size: 0 },
  };
}

/** Waits until something is so, while the extension goes on. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 20));
}

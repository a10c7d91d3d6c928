import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { type DiagnoseOptions, diagnose } from '../../../src/agent/doctor/diagnose.ts';
import { HEALTH_COLUMNS } from '../../../src/agent/doctor/osquery-checks.ts';
import { loadRules } from '../../../src/lang/index.ts';
import { type Sandbox, startSandbox } from '../../../src/sandbox/index.ts';
import { createSchema } from '../../../src/schema/index.ts';
import { packFor } from '../../../src/sql/index.ts';
import { ROOT } from '../../events/recording.ts';
import { FLAGS } from './facts.ts';

const SCHEMA = createSchema('linux');
const SHELL = { pid: 2, parent: 1, path: '/usr/bin/bash', cmdline: 'bash', syscall: 'execve' };
const RMMOD = { ...SHELL, pid: 3, parent: 2, path: '/usr/bin/kmod', cmdline: 'rmmod kvm' };
const VERSION = '0.1.0';

interface Stage {
  readonly sandbox: Sandbox;
  readonly alerts: string[];
  readonly options: DiagnoseOptions;
}

/** A host in a folder, with a running osqueryd and the extension. */
async function stage(t: ExecutionContext, flags: Readonly<Record<string, string>>): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'doctor-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const file = (name: string, text: string, mode = 0o644): string => {
    writeFileSync(join(folder, name), text);
    chmodSync(join(folder, name), mode);
    return join(folder, name);
  };
  const extension = file('osquery-detect.ext', '#!/bin/sh\n', 0o755);
  const settings = file('settings.toml', `store = "${join(folder, 'osquery-detect.db')}"\n`);
  const alerts: string[] = [];
  const sandbox = await startSandbox({
    schema: [...SCHEMA.tables.values()].map(({ name, columns }) => ({ name, columns })),
    config: { packs: { linux: packFor([SCHEMA.tables.get('process_events')!], { platform: 'linux' }) } },
    flags: { ...Object.fromEntries(FLAGS), ...flags },
    startTime: Math.floor(Date.now() / 1000),
    watchIntervalMs: 0,
    extension: {
      command: [process.execPath, join(ROOT, 'src/cli/main.ts'), 'extension'],
      env: { OSQUERY_DETECT_CONFIG: settings },
    },
    onExtensionOutput: () => {},
    onResult: (line) => alerts.push(line),
  });
  t.teardown(() => sandbox.stop());
  await sandbox.registered('osquery_detect');
  const proc = join(folder, 'proc');
  mkdirSync(join(proc, '77'), { recursive: true });
  writeFileSync(join(proc, '77', 'comm'), 'osqueryd\n');
  const options: DiagnoseOptions = {
    socketPath: sandbox.socketPath,
    patienceMs: 5000,
    env: { OSQUERY_DETECT_CONFIG: settings },
    version: VERSION,
    packagedRules: () => loadRules([join(ROOT, 'packs/rules')]),
    places: {
      ...{ proc, load: file('extensions.load', `# ours\n${extension}\n`) },
      flagFile: file('osquery.flags', '--disable_audit=true\n'),
    },
    // The sandbox's time stands still; that of the row has to be the doctor's.
    act(mark) {
      const row = { ...SHELL, time: Math.floor(Date.now() / 1000), pid: 9, cmdline: `/bin/true ${mark}` };
      void sandbox.feed('process_events', [row]);
    },
  };
  return { sandbox, alerts, options };
}

async function found(options: DiagnoseOptions): Promise<Readonly<Record<string, string>>> {
  const entries = (await diagnose(options)).map(({ check, level, seen }) => [check, `${level}: ${seen}`]);
  return Object.fromEntries(entries) as Record<string, string>;
}

/** As root: osqueryd wants the extension's file to be root's. */
const asRoot = process.getuid?.() === 0 ? test.serial : test.serial.skip;

asRoot('a host where all runs is found well, and the questions move no pointer', async (t) => {
  const { sandbox, alerts, options } = await stage(t, {});
  await sandbox.feed('process_events', [SHELL]);
  await sandbox.runNow();
  await sandbox.feed('process_events', [RMMOD]);
  const findings = await diagnose(options);
  t.deepEqual(
    findings.filter(({ level }) => level !== 'ok'),
    [],
  );
  t.true(
    findings.some(({ check, seen }) => check === 'lateness' && seen.includes('showed in process_events')),
  );
  t.true(findings.some(({ check, seen }) => check === 'store' && / has \d alerts/.test(seen)));
  t.true(findings.some(({ check, seen }) => check === 'health' && /^[1-9]\d* events were read/.test(seen)));
  const [health] = await sandbox.query("SELECT * FROM detection_health WHERE stream = 'all'");
  t.deepEqual(
    HEALTH_COLUMNS.filter((column) => !(column in health!)),
    [],
  );
  await sandbox.runNow();
  t.is(alerts.length, 1, 'the event that waited while we asked is still handed to the rules');
});

test.serial('what is wrong with flags, extension and events shows', async (t) => {
  const { sandbox, options } = await stage(t, { disable_audit: 'true', events_expiry: '1' });
  sandbox.killExtension('SIGKILL');
  while (sandbox.extensionPid !== undefined) await new Promise(setImmediate);
  await sandbox.watch();
  const checks = await found({ ...options, patienceMs: 1, act: () => {} });
  t.regex(checks['events']!, /^fail: process_events: .*--disable_audit=true/);
  t.regex(checks['expiry']!, /^fail: Events are kept for 1 s/);
  t.regex(checks['lateness']!, /^fail: A program that was run did not show/);
});

test.serial('without osqueryd the rest of the host is looked at', async (t) => {
  const { options } = await stage(t, {});
  const checks = await found({ ...options, socketPath: '/no/such/socket' });
  t.regex(checks['osqueryd']!, /^fail: osqueryd runs, but does not answer: connecting to \/no\/such\/socket/);
  t.regex(checks['events']!, /^warn: .*osquery\.flags lacks flags/);
  t.is(checks['registered'], undefined);
});

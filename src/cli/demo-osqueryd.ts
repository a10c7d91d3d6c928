import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  accessSync,
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { ExitCode, Io } from './command.ts';
import { PACKAGE_ROOT, PACKAGED_RULES } from './paths.ts';
import { showResult } from './show-line.ts';
import { createStyle } from './style.ts';

/** Audit hands records on after 1,024 of them or a silence of 2 s, and the pack runs each 10 s: so much time it may take. */
const PATIENCE_SECONDS = 120;
/** Harmless: no module has this name, and the rule looks at the attempt. */
const ACT = 'rmmod osquery_detect_demo';

/** Runs the packaged rules on a real osqueryd in a folder of its own, does what a rule looks for, and waits for the alert. */
export async function demoOnOsqueryd(osqueryd: string, io: Io): Promise<ExitCode> {
  const missing = whatIsMissing(osqueryd);
  if (missing.length > 0) {
    for (const reason of missing) io.err(`osquery-detect demo: ${reason}`);
    return 1;
  }
  const folder = mkdtempSync(join(tmpdir(), 'osquery-detect-'));
  const daemon = start(osqueryd, folder);
  let diedOf: string | undefined;
  daemon.once('exit', (code, signal) => {
    diedOf = signal ?? `exit code ${code}`;
  });
  try {
    io.out(`osqueryd runs, its files are in ${folder}; "${ACT}" is run every few seconds\n`);
    const log = join(folder, 'osqueryd.results.log');
    let position = 0;
    for (let second = 0; second < PATIENCE_SECONDS; second += 1) {
      await wait(1000);
      if (diedOf !== undefined) {
        io.err(
          `osquery-detect demo: osqueryd ended (${diedOf}):\n${readText(join(folder, 'osqueryd.INFO'))}`,
        );
        return 1;
      }
      if (second % 5 === 4) spawnSync('/bin/sh', ['-c', `${ACT}; true`], { stdio: 'ignore' });
      const { text, end } = readFrom(log, position);
      position = end;
      const lines = text.split('\n').filter((line) => line.includes('"alert_id"'));
      for (const line of lines) io.out(`\n${showResult(line, createStyle(io.outIsTerminal), true)}\n`);
      if (lines.length > 0) return 0;
    }
    io.err(`osquery-detect demo: no alert in ${PATIENCE_SECONDS} s; what osqueryd says:`);
    io.err(readText(join(folder, 'osqueryd.INFO')));
    return 1;
  } finally {
    daemon.kill('SIGTERM');
    if (diedOf === undefined) await new Promise((resolve) => daemon.once('exit', resolve));
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What a person has to do first, one sentence each; empty when all is there. */
export function whatIsMissing(osqueryd: string): readonly string[] {
  const reasons: string[] = [];
  try {
    accessSync(osqueryd, constants.X_OK);
  } catch {
    reasons.push(
      `"${osqueryd}" is no executable file; give the path of osqueryd, such as /opt/osquery/bin/osqueryd.`,
    );
  }
  if (process.platform !== 'linux') reasons.push('Linux audit is needed; this system has none.');
  if (process.getuid?.() !== 0) reasons.push('root is needed to read audit; run it with sudo.');
  if (isRunning('auditd'))
    reasons.push('auditd is running, and audit serves one reader; stop it first (service auditd stop).');
  if (isRunning('osqueryd'))
    reasons.push('an osqueryd is already running, and audit serves one reader; stop it first.');
  return reasons;
}

function isRunning(name: string): boolean {
  return readdirSync('/proc', { encoding: 'utf8' })
    .filter((entry) => /^\d+$/.test(entry))
    .some((pid) => readText(`/proc/${pid}/comm`).trim() === name);
}

function start(osqueryd: string, folder: string): ChildProcess {
  const file = (name: string): string => join(folder, name);
  // osqueryd asks that the file ends in .ext, belongs to its own user and is writable by nobody else.
  const script = `#!/bin/sh\nexec "${process.execPath}" "${join(PACKAGE_ROOT, 'src', 'cli', 'main.ts')}" extension --rules "${PACKAGED_RULES}" "$@"\n`;
  writeFileSync(file('osquery-detect.ext'), script, { mode: 0o755 });
  writeFileSync(file('extensions.load'), `${file('osquery-detect.ext')}\n`);
  const pack = JSON.parse(readFileSync(join(PACKAGE_ROOT, 'packs', 'linux.conf'), 'utf8')) as object;
  writeFileSync(file('osquery.conf'), JSON.stringify({ packs: { linux: pack } }));
  const flags = {
    config_path: file('osquery.conf'),
    database_path: file('osquery.db'),
    pidfile: file('osquery.pid'),
    logger_plugin: 'filesystem',
    logger_path: folder,
    extensions_socket: file('osquery.em'),
    extensions_autoload: file('extensions.load'),
    disable_events: 'false',
    disable_audit: 'false',
    audit_allow_config: 'true',
    audit_persist: 'true',
    audit_allow_process_events: 'true',
    audit_allow_fork_process_events: 'true',
  };
  const args = Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
  return spawn(osqueryd, args, { stdio: 'ignore' });
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** What a growing file has from an offset on, whole lines only. */
function readFrom(path: string, position: number): { readonly text: string; readonly end: number } {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch {
    return { text: '', end: position };
  }
  try {
    const chunk = Buffer.alloc(1 << 20);
    const length = readSync(descriptor, chunk, 0, chunk.length, position);
    const whole = chunk.subarray(0, length).lastIndexOf(0x0a) + 1;
    return { text: chunk.toString('utf8', 0, whole), end: position + whole };
  } finally {
    closeSync(descriptor);
  }
}

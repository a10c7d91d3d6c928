/**
 * Compiles the rules that come with the project, and prints what was written: `packs/linux/`, and its pack again as
 * `packs/linux.conf`. Same code and rules, same bytes: a test fails on drift.
 */
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExitCode, Io } from '../src/cli/command.ts';
import { PACKAGE_ROOT, PACKAGED_RULES } from '../src/cli/paths.ts';
import { run } from '../src/cli/run.ts';

export const LINUX = join(PACKAGE_ROOT, 'packs', 'linux');
export const LINUX_PACK = `${LINUX}.conf`;

/** As the command `compile` does; `options` are its own. */
export function compilePackaged(io: Io, ...options: readonly string[]): Promise<ExitCode> {
  return run(['compile', PACKAGED_RULES, '--out', LINUX, ...options], io);
}

if (import.meta.main) {
  process.exitCode = await compilePackaged({
    out: (text) => process.stdout.write(text.replaceAll(`${PACKAGE_ROOT}/`, '')),
    err: (line) => process.stderr.write(`${line}\n`),
    ...{ outIsTerminal: false, errIsTerminal: false, env: process.env },
  });
  copyFileSync(join(LINUX, 'pack.conf'), LINUX_PACK);
  console.log('packs/linux.conf');
}

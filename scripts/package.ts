/**
 * Makes what is installed on Linux hosts (x64), in `dist/linux-x64/`: `osquery-detect.ext`, a single executable that
 * needs no Node. Prints size and start time. `--verify` also runs it where nothing else is, and compares its alerts
 * with those of the extension in the source.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { bundle, ROOT, SQLITE_ADDON } from './bundle.ts';
import { makeExecutable } from './package/executable.ts';
import { verify } from './package/verify.ts';

const FOLDER = join(ROOT, 'dist', 'linux-x64');
const EXECUTABLE = join(FOLDER, 'osquery-detect.ext');
const ADDON = 'sqlite.node';
const STARTS = 9;

const { values } = parseArgs({ options: { verify: { type: 'boolean', default: false } } });
if (process.platform !== 'linux' || process.arch !== 'x64') {
  console.error(`Packages are made on Linux x64 for Linux x64, not on ${process.platform} ${process.arch}.`);
  console.error('"npm run build" makes an extension for any system with Node 24.');
  process.exit(2);
}
mkdirSync(FOLDER, { recursive: true });
const script = await bundle({ asset: ADDON });
writeFileSync(EXECUTABLE, makeExecutable({ script, assets: { [ADDON]: SQLITE_ADDON } }), { mode: 0o755 });
const megabytes = (statSync(EXECUTABLE).size / 1e6).toFixed(1);
console.log(`${relative(ROOT, EXECUTABLE)}  ${megabytes} MB, starts in ${startMs().toFixed(0)} ms`);
if (values.verify) {
  const { where, alerts, registeredMs } = await verify(EXECUTABLE);
  console.log(`in ${where}: registered after ${registeredMs.toFixed(0)} ms, ${alerts} alerts as from source`);
}

/** The median time of a start that only prints the version. */
function startMs(): number {
  const times = Array.from({ length: STARTS }, () => {
    const begin = performance.now();
    execFileSync(EXECUTABLE, ['--version']);
    return performance.now() - begin;
  });
  return times.sort((a, b) => a - b)[Math.floor(STARTS / 2)]!;
}

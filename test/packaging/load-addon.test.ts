import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { ROOT } from '../events/recording.ts';

const SQLITE = join(ROOT, `node_modules/better-sqlite3/prebuilds/${process.platform}-${process.arch}.node`);

interface Loaded {
  readonly exports: readonly string[];
  /** What the process has mapped of the library, as the kernel names it. */
  readonly mapped: string;
  readonly error: string;
}

/** Loads SQLite's addon in a process of its own, where it was not loaded before. */
function load(folders: readonly string[], platform: string = process.platform): Loaded {
  const script = `
    import { readFileSync } from 'node:fs';
    import { loadAddon } from ${JSON.stringify(join(ROOT, 'packaging/load-addon.ts'))};
    Object.defineProperty(process, 'platform', { value: ${JSON.stringify(platform)} });
    const said = { exports: [], mapped: '', error: '' };
    try {
      said.exports = Object.keys(loadAddon(readFileSync(${JSON.stringify(SQLITE)}), ${JSON.stringify(folders)}));
      const maps = readFileSync('/proc/self/maps', 'utf8').split('\\n');
      said.mapped = maps.find((line) => line.endsWith(' (deleted)') && line.includes(' r-xp ')) ?? '';
    } catch (error) {
      said.error = error.message;
    }
    console.log(JSON.stringify(said));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
  });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as Loaded;
}

function folder(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), 'addon-'));
  t.teardown(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

test('an addon is loaded out of memory through a file that has no name', (t) => {
  const place = folder(t);
  const { exports, mapped, error } = load([place]);
  t.is(error, '');
  t.true(exports.includes('Database'));
  t.regex(mapped, /\/#\d+ \(deleted\)$/, 'the kernel names a file without a name by its inode');
  t.deepEqual(readdirSync(place), []);
});

test('where there are no files without a name, it is one in a folder of its own, gone afterwards', (t) => {
  const place = folder(t);
  const { exports, mapped, error } = load([place], 'darwin');
  t.is(error, '');
  t.true(exports.includes('Database'));
  t.regex(mapped, /\/osquery-detect-\w{6}\/addon\.node \(deleted\)$/);
  t.deepEqual(readdirSync(place), []);
});

test('a folder that cannot be written is passed over', (t) => {
  const { exports, error } = load(['/proc', '/no/such/folder', folder(t)]);
  t.is(error, '');
  t.true(exports.includes('Database'));
});

test('where no folder will do, the error names each and why', (t) => {
  const { exports, error } = load(['/no/such/folder']);
  t.deepEqual(exports, []);
  t.regex(error, /^SQLite cannot be loaded from any folder\. \/no\/such\/folder: ENOENT/);
});

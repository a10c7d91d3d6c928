/**
 * Loads a native addon out of memory, for bundles that carry SQLite inside themselves.
 *
 * The dynamic loader opens a path, so the bytes have to be a file for a moment. It is one without a name (`O_TMPFILE`):
 * nobody can open, replace or list it, whoever may write in the folder, and nothing is left behind after a crash. Only
 * where there is no such file (macOS, or no /proc) it gets a name, in a folder of its own that nobody else can enter.
 */
import { closeSync, constants, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** `__O_TMPFILE` of asm-generic/fcntl.h, as x86 and ARM have it; Node does not name it. */
const O_TMPFILE = 0o20_000_000 | (constants.O_DIRECTORY ?? 0);

/** Memory first; the folder that we were started from is never mounted `noexec`; others where these cannot be written. */
const FOLDERS: readonly string[] = ['/dev/shm', dirname(process.execPath), '/run', '/var/osquery', tmpdir()];

/**
 * The exports of the addon whose shared library the bytes are. At most one addon for a process: the loader knows
 * libraries by path, and the path of a nameless file is its descriptor's number, which is free again afterwards.
 *
 * Throws an error that names each folder and why it would not do.
 */
export function loadAddon(library: Uint8Array, folders: readonly string[] = FOLDERS): unknown {
  const reasons: string[] = [];
  for (const folder of new Set(folders)) {
    for (const load of [loadNameless, loadNamed]) {
      try {
        return load(library, folder);
      } catch (error) {
        reasons.push(`${folder}: ${(error as Error).message}`);
      }
    }
  }
  throw new Error(`SQLite cannot be loaded from any folder. ${reasons.join('; ')}`);
}

function loadNameless(library: Uint8Array, folder: string): unknown {
  if (process.platform !== 'linux') throw new Error('files without a name are Linux only');
  const file = openSync(folder, O_TMPFILE | constants.O_RDWR | constants.O_EXCL, 0o500);
  try {
    writeFileSync(file, library);
    return open(`/proc/self/fd/${file}`);
  } finally {
    closeSync(file);
  }
}

function loadNamed(library: Uint8Array, folder: string): unknown {
  const own = mkdtempSync(join(folder, 'osquery-detect-'));
  try {
    const path = join(own, 'addon.node');
    writeFileSync(path, library, { flag: 'wx', mode: 0o500 });
    return open(path);
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
}

function open(path: string): unknown {
  const module = { exports: {} };
  process.dlopen(module, path);
  return module.exports;
}

import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { glob, open, readdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { createSource, RuleError, type Source } from '../text/index.ts';
import { type Problem, problemOf } from './documents/index.ts';

export interface FoundFile {
  readonly path: string;
  /** Given by name, and not found in a folder. */
  readonly named: boolean;
}

/**
 * Says why a file or folder must not be relied on, as a sentence; null when it may. `opened` is what the file that
 * was opened, or the folder that is about to be read, is known as.
 */
export type Guard = (path: string, opened: Stats) => string | null;

/** What of the file system rules are read from. */
export interface Footprint {
  /** Changes when a file comes, goes or changes. */
  readonly hash: string;
  /** Where changes are to be looked out for. */
  readonly folders: readonly string[];
}

/** What a folder is searched for; a file given by name may be called anything. */
const ENDING = /\.(?:toml|ya?ml|ndjson)$/i;
/** Folders that hold no rules of anyone: hidden ones (`.git`) and installed packages. */
const PASSED_OVER = /^(?:\.|node_modules$)/;
const MAGIC = /[*?[\]{}]/;
/** An export of Kibana's 10,000 rules has about 200 MB. */
const LARGEST_FILE = 500_000_000;

/** Finds the files that paths name: files, folders with all below them, globs. Each file once, in a stable order. */
export async function findFiles(
  paths: readonly string[],
  guard: Guard = () => null,
): Promise<{ readonly files: readonly FoundFile[]; readonly problems: Problem[] }> {
  const files = new Map<string, FoundFile>();
  const problems: Problem[] = [];
  const refuses = (path: string, folder: Stats): boolean => {
    const flaw = guard(path, folder);
    if (flaw !== null) problems.push(fileProblem(path, flaw, { code: UNSAFE }));
    return flaw !== null;
  };
  const add = async (path: string): Promise<void> => {
    const given = await stat(path);
    if (given.isDirectory() && refuses(path, given)) return;
    const found = given.isDirectory() ? await filesBelow(path, refuses) : [{ path, named: true }];
    if (found.length === 0) problems.push(fileProblem(path, 'There is no rule file in this folder.'));
    for (const file of found) {
      if (!files.has(resolve(file.path))) files.set(resolve(file.path), file);
    }
  };
  for (const path of paths) {
    try {
      const given = await expand(path);
      if (given.length === 0) problems.push(fileProblem(path, 'Nothing fits this pattern.'));
      for (const one of given) await add(one);
    } catch (error) {
      problems.push(fileProblem(path, reasonOf(error), { cause: error }));
    }
  }
  return { files: [...files.values()], problems };
}

/** A path that exists is taken as it is, whatever its characters mean in a glob. */
async function expand(path: string): Promise<readonly string[]> {
  if (!MAGIC.test(path)) return [path];
  try {
    await stat(path);
    return [path];
  } catch {
    return (await Array.fromAsync(glob(path))).sort();
  }
}

async function filesBelow(
  folder: string,
  refuses: (path: string, folder: Stats) => boolean,
): Promise<readonly FoundFile[]> {
  const found: FoundFile[] = [];
  const entries = await readdir(folder, { withFileTypes: true });
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (PASSED_OVER.test(entry.name)) continue;
    if (entry.isDirectory()) {
      if (!refuses(path, await stat(path))) found.push(...(await filesBelow(path, refuses)));
    } else if (ENDING.test(entry.name) && (entry.isFile() || (await isLinkedFile(path)))) {
      found.push({ path, named: false });
    }
  }
  return found;
}

/** Links to files are followed (configuration that is mounted comes so), links to folders are not: they can be a circle. */
async function isLinkedFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

/** Follows what `findFiles` finds: two footprints are the same as long as nothing that would be read has changed. */
export async function footprintOf(paths: readonly string[]): Promise<Footprint> {
  const { files, problems } = await findFiles(paths);
  const hash = createHash('sha256');
  const folders = new Set<string>();
  for (const path of paths) {
    if (!MAGIC.test(path)) folders.add((await isFolder(path)) ? path : dirname(path));
  }
  for (const { file } of problems) hash.update(`${file}\0absent\0`);
  // Asked one after the other, each answer wakes the process.
  const stamps = await Promise.all(files.map(({ path }) => stampOf(path)));
  for (const [at, { path }] of files.entries()) {
    folders.add(dirname(path));
    hash.update(`${path}\0${stamps[at]}\0`);
  }
  return { hash: hash.digest('hex'), folders: [...folders] };
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}

/** `ctime` tells of changes that leave size and `mtime` as they were. */
async function stampOf(path: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    return [dev, ino, size, mtimeNs, ctimeNs].join(':');
  } catch {
    return 'absent';
  }
}

/** Without waiting: a named pipe in the place of a file would hold up whoever opens it. */
const OPEN_GUARDED = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/**
 * Reads a file of UTF-8. What stands in the way comes back as a problem, that names the place where it can. The
 * guard is asked about the very file that was opened: what is put in its place meanwhile is not read.
 */
export async function readSource(path: string, guard?: Guard): Promise<Source | Problem> {
  try {
    await using file = await open(path, guard === undefined ? 'r' : OPEN_GUARDED);
    const opened = await file.stat();
    const flaw = guard?.(path, opened) ?? null;
    if (flaw !== null) return fileProblem(path, flaw, { code: UNSAFE });
    const { size } = opened;
    if (size > LARGEST_FILE)
      return fileProblem(path, `The file has ${size} bytes; ${LARGEST_FILE} are the most that are read.`);
    const bytes = await file.readFile();
    const source = createSource(path, new TextDecoder('utf-8').decode(bytes));
    if (isUtf8(bytes)) return source;
    const start = Math.max(0, source.text.indexOf('\ufffd'));
    return problemOf(
      new RuleError('The file is not UTF-8.', {
        code: 'FILE_ENCODING',
        source,
        span: { start, end: start + 1 },
      }),
    );
  } catch (error) {
    return fileProblem(path, reasonOf(error), { cause: error });
  }
}

const UNSAFE = 'FILE_UNSAFE';

function fileProblem(
  path: string,
  message: string,
  { code = 'FILE_READ', cause }: { readonly code?: string; readonly cause?: unknown } = {},
): Problem {
  const source = createSource(path, '');
  return problemOf(new RuleError(message, { code, source, span: { start: 0, end: 0 }, cause }));
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') return 'There is no such file or folder.';
  if (code === 'EACCES' || code === 'EPERM') return 'The file must not be read by this user.';
  return `The file cannot be read: ${error instanceof Error ? error.message : String(error)}.`;
}

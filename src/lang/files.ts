import { isUtf8 } from 'node:buffer';
import { glob, readdir, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createSource, RuleError, type Source } from '../text/index.ts';
import { type Problem, problemOf } from './documents/index.ts';

export interface FoundFile {
  readonly path: string;
  /** Given by name, and not found in a folder. */
  readonly named: boolean;
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
): Promise<{ readonly files: readonly FoundFile[]; readonly problems: Problem[] }> {
  const files = new Map<string, FoundFile>();
  const problems: Problem[] = [];
  const add = async (path: string): Promise<void> => {
    const found = (await stat(path)).isDirectory() ? await filesBelow(path) : [{ path, named: true }];
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
      problems.push(fileProblem(path, reasonOf(error), error));
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

async function filesBelow(folder: string): Promise<readonly FoundFile[]> {
  const found: FoundFile[] = [];
  const entries = await readdir(folder, { withFileTypes: true });
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (PASSED_OVER.test(entry.name)) continue;
    if (entry.isDirectory()) found.push(...(await filesBelow(path)));
    else if (ENDING.test(entry.name) && (entry.isFile() || (await isLinkedFile(path)))) {
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

/** Reads a file of UTF-8. What stands in the way comes back as a problem, that names the place where it can. */
export async function readSource(path: string): Promise<Source | Problem> {
  try {
    const { size } = await stat(path);
    if (size > LARGEST_FILE)
      return fileProblem(path, `The file has ${size} bytes; ${LARGEST_FILE} are the most that are read.`);
    const bytes = await readFile(path);
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
    return fileProblem(path, reasonOf(error), error);
  }
}

function fileProblem(path: string, message: string, cause?: unknown): Problem {
  const source = createSource(path, '');
  return problemOf(new RuleError(message, { code: 'FILE_READ', source, span: { start: 0, end: 0 }, cause }));
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') return 'There is no such file or folder.';
  if (code === 'EACCES' || code === 'EPERM') return 'The file must not be read by this user.';
  return `The file cannot be read: ${error instanceof Error ? error.message : String(error)}.`;
}

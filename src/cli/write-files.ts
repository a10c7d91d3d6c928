import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

export interface WrittenFile {
  readonly name: string;
  readonly bytes: number;
  /** What was, or would be, done: `same` files are not touched. */
  readonly state: 'new' | 'changed' | 'same';
}

/**
 * Writes texts to files in a folder, which is made where it is missing. Each file is replaced as a whole, so that
 * who reads one meanwhile finds the old or the new. Nothing else in the folder is touched.
 */
export async function writeFiles(
  folder: string,
  texts: ReadonlyMap<string, string>,
  { write }: { readonly write: boolean },
): Promise<readonly WrittenFile[]> {
  const files: WrittenFile[] = [];
  for (const [name, text] of texts) {
    const path = join(folder, name);
    const before = await textOf(path);
    const state = before === undefined ? 'new' : before === text ? 'same' : 'changed';
    if (write && state !== 'same') await replace(path, text);
    files.push({ name, state, bytes: Buffer.byteLength(text) });
  }
  return files;
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new Error(`reading ${path}`, { cause });
  }
}

async function replace(path: string, text: string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    const unfinished = `${path}.${process.pid}.tmp`;
    await writeFile(unfinished, text);
    await rename(unfinished, path);
  } catch (cause) {
    throw new Error(`writing ${path}`, { cause });
  }
}

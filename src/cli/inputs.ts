import { createReadStream, type ReadStream, statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { RuleSet } from '../lang/index.ts';
import { type Io, UsageError } from './command.ts';

/** How much of the inputs was read, in bytes; of standard input no total is known. */
export interface InputProgress {
  readonly totalBytes: number | null;
  readBytes(): number;
}

/** The inputs' lines, one file after the other, and how far the reading is. */
export interface Input {
  readonly lines: AsyncIterable<string>;
  readonly progress: InputProgress;
}

/** Reads files; `-` is standard input. Gzip is known by its ending. A file that cannot be read is wrong use. */
export function openInput(paths: readonly string[]): Input {
  let doneBytes = 0;
  let file: ReadStream | null = null;
  async function* lines(): AsyncGenerator<string> {
    for (const path of paths) {
      try {
        file = path === '-' ? null : createReadStream(path);
        const input = file === null ? process.stdin : unzipped(file, path);
        yield* createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
        doneBytes += file?.bytesRead ?? 0;
        file = null;
      } catch (cause) {
        const reason = cause instanceof Error ? cause.message : String(cause);
        throw new UsageError(`reading ${path}: ${reason}`, { cause });
      }
    }
  }
  return {
    lines: lines(),
    progress: { totalBytes: sizeOf(paths), readBytes: () => doneBytes + (file?.bytesRead ?? 0) },
  };
}

/** The lines of the files, one after the other. */
export function linesOf(paths: readonly string[]): AsyncIterable<string> {
  return openInput(paths).lines;
}

function sizeOf(paths: readonly string[]): number | null {
  try {
    return paths.includes('-') ? null : paths.reduce((sum, path) => sum + statSync(path).size, 0);
  } catch {
    return null;
  }
}

function unzipped(file: ReadStream, path: string): Readable {
  if (!path.endsWith('.gz')) return file;
  const plain = createGunzip();
  file.on('error', (error) => plain.destroy(error));
  return file.pipe(plain);
}

/** Tells what is wrong with rules, each with its place and an excerpt. Gives whether any is broken. */
export function tellProblems(set: RuleSet, io: Io): boolean {
  const broken = set.problems.filter(({ kind }) => kind === 'broken');
  for (const { error } of broken) io.err(`${error.render()}\n`);
  return broken.length > 0;
}

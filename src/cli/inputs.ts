import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { RuleSet } from '../lang/index.ts';
import type { Io } from './command.ts';

/** The lines of the files, one after the other; `-` is standard input. Gzip is known by its ending. */
export async function* linesOf(paths: readonly string[]): AsyncGenerator<string> {
  for (const path of paths) {
    try {
      yield* createInterface({ input: open(path), crlfDelay: Number.POSITIVE_INFINITY });
    } catch (cause) {
      throw new Error(`reading ${path}`, { cause });
    }
  }
}

function open(path: string): Readable {
  if (path === '-') return process.stdin;
  const file = createReadStream(path);
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

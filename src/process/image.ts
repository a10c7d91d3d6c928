import { cellOf, sampleHash } from '../text/index.ts';
import type { LineForm } from './args.ts';
import type { Image, Signature } from './process.ts';

/** What makes an image. */
export interface ImageParts {
  readonly path: string;
  readonly commandLine: string;
  readonly form: LineForm;
  /** The name that `processes` gave. */
  readonly title: string;
  readonly workingDirectory: string;
  readonly userId: string;
  readonly groupId: string;
  readonly signature: Signature | null;
  /** The arguments as `/proc` had them; null when they were not read. */
  readonly exactWords: readonly string[] | null;
}

/** Images remembered, a power of two. Two that fall in one cell push each other out and get new numbers. */
const CELLS = 16_384;
/**
 * A process with longer texts has an image of its own, and no more than so many characters are kept in all: what an
 * attacker sends must not cost memory.
 */
const LONGEST = 2048;
const MOST_CHARACTERS = 4_000_000;

interface Kept extends Image {
  readonly texts: readonly string[];
  readonly length: number;
}

const cells = new Array<Kept | undefined>(CELLS).fill(undefined);
let characters = 0;
let count = 0;

export function imageOf(parts: ImageParts): Image {
  const texts = textsOf(parts);
  const length = texts.reduce((sum, text) => sum + text.length, 0);
  if (length > LONGEST) return { number: count++ };
  const cell = cellOf(
    texts.reduce((hash, text) => sampleHash(text, hash), 0),
    CELLS,
  );
  const known = cells[cell];
  if (known?.texts.every((text, i) => text === texts[i])) return known;
  characters += length - (known?.length ?? 0);
  if (characters > MOST_CHARACTERS) {
    cells.fill(undefined);
    characters = length;
  }
  const image = { number: count++, texts, length };
  cells[cell] = image;
  return image;
}

/** Always as many, whatever the parts. */
function textsOf(parts: ImageParts): readonly string[] {
  const { path, commandLine, form, title, workingDirectory, userId, groupId, signature, exactWords } = parts;
  return [
    ...[path, commandLine, form, title, workingDirectory, userId, groupId],
    signature === null ? '' : JSON.stringify(signature),
    exactWords === null ? '' : `\0${exactWords.join('\0')}`,
  ];
}

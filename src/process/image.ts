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

/** What makes a program at work, whatever it was given to do. */
export interface ProgramParts extends Omit<ImageParts, 'commandLine' | 'form' | 'exactWords'> {
  readonly calling: string;
}

export function imageOf(parts: ImageParts): Image {
  const { exactWords } = parts;
  // A list that is spread into another is made twice, for nearly every process.
  return IMAGES.of([
    parts.path,
    parts.commandLine,
    parts.form,
    parts.title,
    parts.workingDirectory,
    parts.userId,
    parts.groupId,
    textOf(parts.signature),
    exactWords === null ? '' : `\0${exactWords.join('\0')}`,
  ]);
}

export function programOf(parts: ProgramParts): Image {
  const { path, calling, title, workingDirectory, userId, groupId, signature } = parts;
  return PROGRAMS.of([path, calling, title, workingDirectory, userId, groupId, textOf(signature)]);
}

function textOf(signature: Signature | null): string {
  return signature === null ? '' : JSON.stringify(signature);
}

/** Images remembered, a power of two. Two that fall in one cell push each other out and get new numbers. */
const CELLS = 16_384;
/**
 * A process with longer texts has an image of its own, and no more than so many characters are kept in all: what an
 * attacker sends must not cost memory.
 */
const LONGEST = 2048;
const MOST_CHARACTERS = 4_000_000;

interface Kept {
  readonly image: Image;
  readonly texts: readonly string[];
  readonly length: number;
}

/** Knows again what is made of the same texts, always as many. */
class Images {
  readonly #cells = new Array<Kept | undefined>(CELLS).fill(undefined);
  #characters = 0;
  #count = 0;

  of(texts: readonly string[]): Image {
    let [hash, length] = [0, 0];
    for (const text of texts) {
      hash = sampleHash(text, hash);
      length += text.length;
    }
    if (length > LONGEST) return this.#count++;
    const cell = cellOf(hash, CELLS);
    const known = this.#cells[cell];
    if (known !== undefined && areSame(known.texts, texts)) return known.image;
    this.#characters += length - (known?.length ?? 0);
    if (this.#characters > MOST_CHARACTERS) {
      this.#cells.fill(undefined);
      this.#characters = length;
    }
    const image = this.#count++;
    this.#cells[cell] = { image, texts, length };
    return image;
  }
}

function areSame(a: readonly string[], b: readonly string[]): boolean {
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return false;
  return true;
}

const IMAGES = new Images();
const PROGRAMS = new Images();

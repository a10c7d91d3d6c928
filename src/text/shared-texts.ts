import { cellOf, sampleHash } from './sample-hash.ts';

/** Cells of the table, a power of two. */
const CELLS = 4096;
/** Longer texts are not kept: what an attacker sends must not cost memory. */
const LONGEST = 1024;
/** `JSON.parse` itself makes texts of up to so many characters once. */
const SHORT = 10;

/**
 * Gives equal texts as one, where the same ones come again and again, each time as another string: the other is
 * garbage while it is new, which costs nothing, and is neither moved nor kept with what has the text. Two texts that
 * fall in one cell push each other out.
 */
export class SharedTexts {
  private readonly texts: string[] = new Array<string>(CELLS).fill('');

  share(text: string): string {
    if (text.length <= SHORT || text.length > LONGEST) return text;
    const cell = cellOf(sampleHash(text, 0), CELLS);
    const known = this.texts[cell]!;
    if (known === text) return known;
    this.texts[cell] = text;
    return text;
  }
}

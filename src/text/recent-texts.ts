import { cellOf, sampleHash } from './sample-hash.ts';

/** Cells of the table, a power of two. */
const CELLS = 1024;
/** Longer texts are not kept: what an attacker sends must not cost memory. */
const LONGEST = 4096;

/**
 * Remembers a value for each of the last texts, where the same long texts come again and again, as command lines
 * do, each time as another string.
 *
 * A `Map` would hash every character of every text, which costs as much as many a use of it. Here the length and
 * a few characters say where a text would be, and one comparison, which ends at the first difference, whether it
 * is there. Two texts that fall in one cell push each other out.
 */
export class RecentTexts<Value> {
  private readonly texts: string[] = new Array<string>(CELLS).fill('');
  private readonly values: (Value | undefined)[] = new Array<Value | undefined>(CELLS).fill(undefined);

  get(text: string): Value | undefined {
    const cell = cellOf(sampleHash(text, 0), CELLS);
    return this.texts[cell] === text ? this.values[cell] : undefined;
  }

  set(text: string, value: Value): void {
    if (text.length > LONGEST) return;
    const cell = cellOf(sampleHash(text, 0), CELLS);
    this.texts[cell] = text;
    this.values[cell] = value;
  }
}

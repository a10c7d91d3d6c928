/** Cells of the table, a power of two. */
const CELLS = 1024;
/** Longer texts are not kept: what an attacker sends must not cost memory. */
const LONGEST = 4096;
const SAMPLES = 64;

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
    const cell = cellOf(text);
    return this.texts[cell] === text ? this.values[cell] : undefined;
  }

  set(text: string, value: Value): void {
    if (text.length > LONGEST) return;
    const cell = cellOf(text);
    this.texts[cell] = text;
    this.values[cell] = value;
  }
}

function cellOf(text: string): number {
  const { length } = text;
  const step = length > SAMPLES ? length / SAMPLES : 1;
  let hash = length;
  for (let at = 0; at < length; at += step) hash = (Math.imul(hash, 31) + text.charCodeAt(at | 0)) | 0;
  return (hash ^ (hash >>> 10) ^ (hash >>> 20)) & (CELLS - 1);
}

/** Changes to a text, none inside another. */
export class Edits {
  readonly #edits: { readonly start: number; readonly end: number; readonly text: string }[] = [];

  replace(start: number, end: number, text: string): void {
    this.#edits.push({ start, end, text });
  }

  insert(at: number, text: string): void {
    this.replace(at, at, text);
  }

  apply(sql: string): string {
    const sorted = this.#edits.toSorted((a, b) => a.start - b.start || a.end - b.end);
    let [result, at] = ['', 0];
    for (const { start, end, text } of sorted) {
      result += sql.slice(at, start) + text;
      at = end;
    }
    return result + sql.slice(at);
  }
}

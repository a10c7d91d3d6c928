/**
 * Many patterns looked for in one pass over a text: where a text has none, the cost is one table look-up for each
 * of its characters, however many patterns there are.
 *
 * `anywhere` is Aho and Corasick's automaton (Communications of the ACM 18/6, 1975): each state stands for the
 * longest beginning of any pattern that ends at the character just read, and reports the patterns that end
 * there. `fromStart` and `fromEnd` are tries, left at the first character that no pattern goes on with.
 *
 * Transitions lie in one table of states by character classes; characters that no pattern has share class 0.
 */
export interface Automaton {
  /** Calls back with the number of each pattern that the text has there; more than once where it has it more than once. */
  scan(text: string, visit: (pattern: number) => void): void;
  /** Cells of the table, four bytes each. */
  readonly size: number;
}

export type Place = 'anywhere' | 'fromStart' | 'fromEnd';

/** Builds the automaton of some patterns, none of them empty, at one place of a text. */
export function createAutomaton(patterns: readonly string[], place: Place): Automaton {
  const classes = classesOf(patterns);
  const table = new Table(classes.count);
  for (const [number, pattern] of patterns.entries()) {
    let state = 0;
    for (let i = 0; i < pattern.length; i += 1) {
      const at = place === 'fromEnd' ? pattern.length - 1 - i : i;
      state = table.extend(state, classes.of(pattern.charCodeAt(at)));
    }
    table.report(state, number);
  }
  if (place === 'anywhere') table.link();
  const { width, next, reports } = table.finish();
  const { ascii, others } = classes;
  const classOf = (code: number): number => (code < 128 ? ascii[code]! : (others.get(code) ?? 0));
  const tell = (state: number, visit: (pattern: number) => void): void => {
    const found = reports[state];
    if (found !== undefined) for (let i = 0; i < found.length; i += 1) visit(found[i]!);
  };
  const anywhere = (text: string, visit: (pattern: number) => void): void => {
    let state = 0;
    for (let i = 0; i < text.length; i += 1) {
      state = next[state * width + classOf(text.charCodeAt(i))]!;
      if (reports[state] !== undefined) tell(state, visit);
    }
  };
  const along = (text: string, visit: (pattern: number) => void): void => {
    let state = 0;
    const { length } = text;
    for (let i = 0; i < length; i += 1) {
      state = next[state * width + classOf(text.charCodeAt(place === 'fromEnd' ? length - 1 - i : i))]!;
      if (state === 0) return;
      tell(state, visit);
    }
  };
  return { scan: place === 'anywhere' ? anywhere : along, size: next.length };
}

interface Classes {
  readonly count: number;
  readonly ascii: Uint16Array;
  readonly others: ReadonlyMap<number, number>;
  of(code: number): number;
}

function classesOf(patterns: readonly string[]): Classes {
  const codes = new Map<number, number>();
  for (const pattern of patterns) {
    for (let i = 0; i < pattern.length; i += 1) {
      const code = pattern.charCodeAt(i);
      if (!codes.has(code)) codes.set(code, codes.size + 1);
    }
  }
  const ascii = new Uint16Array(128);
  const others = new Map<number, number>();
  for (const [code, one] of codes) {
    if (code < 128) ascii[code] = one;
    else others.set(code, one);
  }
  return { count: codes.size + 1, ascii, others, of: (code) => codes.get(code) ?? 0 };
}

/** States and their transitions while patterns are put in; state 0 is the root, and 0 in a cell is no transition. */
class Table {
  private readonly width: number;
  private next: Int32Array;
  private count = 1;
  private readonly reports: (number[] | undefined)[] = [undefined];

  constructor(width: number) {
    this.width = width;
    this.next = new Int32Array(width * 64);
  }

  extend(state: number, one: number): number {
    const cell = state * this.width + one;
    const known = this.next[cell]!;
    if (known !== 0) return known;
    const made = this.count;
    this.count += 1;
    this.reports.push(undefined);
    if (this.count * this.width > this.next.length) {
      const larger = new Int32Array(this.next.length * 2);
      larger.set(this.next);
      this.next = larger;
    }
    this.next[cell] = made;
    return made;
  }

  report(state: number, pattern: number): void {
    const known = this.reports[state];
    if (known === undefined) this.reports[state] = [pattern];
    else known.push(pattern);
  }

  /** Fills in where to go on when no pattern goes on, breadth first, and what ends there too. */
  link(): void {
    const { width, next, reports } = this;
    const fallback = new Int32Array(this.count);
    const queue: number[] = [];
    for (let one = 0; one < width; one += 1) if (next[one] !== 0) queue.push(next[one]!);
    for (let i = 0; i < queue.length; i += 1) {
      const state = queue[i]!;
      const shorter = fallback[state]!;
      const more = reports[shorter];
      if (more !== undefined) reports[state] = [...(reports[state] ?? []), ...more];
      for (let one = 0; one < width; one += 1) {
        const cell = state * width + one;
        const target = next[cell]!;
        const other = next[shorter * width + one]!;
        if (target === 0) next[cell] = other;
        else {
          fallback[target] = other;
          queue.push(target);
        }
      }
    }
  }

  finish(): {
    readonly width: number;
    readonly next: Int32Array;
    readonly reports: readonly (readonly number[] | undefined)[];
  } {
    return { width: this.width, next: this.next.slice(0, this.count * this.width), reports: this.reports };
  }
}

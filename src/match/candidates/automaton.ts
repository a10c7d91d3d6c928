import { foldCase } from '../../rule/index.ts';

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
  /**
   * Calls back with the number of each pattern that the folded text has there; more than once where it has it
   * more than once, and may be anew from the start where a text turns out not to be ASCII. What is called back must not
   * scan.
   */
  scan(text: string, visit: (pattern: number) => void): void;
  /** Cells of the table, four bytes each. */
  readonly size: number;
}

/** `amongWords`: anywhere in the text with a space put before and behind. */
export type Place = 'anywhere' | 'amongWords' | 'fromStart' | 'fromEnd';

/** Builds the automaton of some folded patterns, none of them empty, at one place of a text. */
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
  if (place === 'anywhere' || place === 'amongWords') table.link();
  const run: Run = { ...table.finish(), classes };
  const scan = SCANS[place];
  return {
    scan: (text, visit) => {
      if (!scan(run, text, visit, false)) scan(run, foldCase(text), visit, true);
    },
    size: run.next.length,
  };
}

/** False when a character comes up that is no ASCII, and the text is not known to be folded. */
type Scan = (run: Run, text: string, visit: Visit, isFolded: boolean) => boolean;
type Visit = (pattern: number) => void;

interface Run {
  readonly next: Int32Array;
  readonly reports: ReadonlyMap<number, readonly number[]>;
  /** Rows from this one on report. */
  readonly firstReporting: number;
  readonly classes: Classes;
}

const SCANS: Readonly<Record<Place, Scan>> = {
  anywhere: (run, text, visit, isFolded) => scanAll(isFolded)(run, 0, text, visit) >= 0,
  amongWords: (run, text, visit, isFolded) => {
    const { next, reports, firstReporting, classes } = run;
    const space = classes.ascii[SPACE]!;
    const row = scanAll(isFolded)(run, next[space]!, text, visit);
    if (row < 0) return false;
    const last = next[row + space]!;
    if (last >= firstReporting) tell(reports.get(last)!, visit);
    return true;
  },
  fromStart: (run, text, visit, isFolded) => scanEdge(run, text, { visit, isFolded, from: 0, step: 1 }),
  fromEnd: (run, text, visit, isFolded) =>
    scanEdge(run, text, { visit, isFolded, from: text.length - 1, step: -1 }),
};

/** Scans a whole text from a row on; gives the row in which it ends, -1 when it must be folded first. */
type ScanAll = (run: Run, from: number, text: string, visit: Visit) => number;

function scanAll(isFolded: boolean): ScanAll {
  return isFolded ? scanFolded : scanBytes;
}

const SPACE = 0x20;

/** Characters that are made bytes at a time. */
const CHUNK = 16_384;
/** A character has three bytes at the most: no text ends here by chance. */
const BYTES = Buffer.alloc(3 * CHUNK);

/** The reporting rows that a chunk comes by, and behind them the row in which it ends. */
const ROWS = new Int32Array(CHUNK + 1);

/**
 * `ScanAll` of ASCII; -1 for all else. Goes over bytes: strings are of so many kinds inside V8 that reading one
 * character of them can cost more than all else here.
 */
function scanBytes(run: Run, from: number, text: string, visit: Visit): number {
  let row = from;
  for (let start = 0; start < text.length; start += CHUNK) {
    const chunk = text.length <= CHUNK ? text : text.slice(start, start + CHUNK);
    const size = BYTES.write(chunk, 0, 'utf8');
    if (size !== chunk.length) return -1;
    const hits = walk(run, row, size);
    row = ROWS[hits]!;
    for (let i = 0; i < hits; i += 1) tell(run.reports.get(ROWS[i]!)!, visit);
  }
  return row;
}

/** Goes over `BYTES`; gives how many rows reported. Calls nothing, so that all that it needs stays in registers. */
function walk({ next, firstReporting, classes: { ascii } }: Run, from: number, size: number): number {
  let row = from;
  let hits = 0;
  for (let i = 0; i < size; i += 1) {
    row = next[row + ascii[BYTES[i]!]!]!;
    if (row >= firstReporting) {
      ROWS[hits] = row;
      hits += 1;
    }
  }
  ROWS[hits] = row;
  return hits;
}

/** `ScanAll` of a folded text. */
function scanFolded(
  { next, reports, firstReporting, classes: { ascii, others } }: Run,
  from: number,
  text: string,
  visit: Visit,
): number {
  let row = from;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    row = next[row + (code < 128 ? ascii[code]! : (others.get(code) ?? 0))]!;
    if (row >= firstReporting) tell(reports.get(row)!, visit);
  }
  return row;
}

interface Edge {
  readonly visit: Visit;
  readonly isFolded: boolean;
  readonly from: number;
  readonly step: number;
}

function scanEdge(
  { next, reports, firstReporting, classes: { ascii, others } }: Run,
  text: string,
  { visit, isFolded, from, step }: Edge,
): boolean {
  let row = 0;
  for (let i = from; i >= 0 && i < text.length; i += step) {
    const code = text.charCodeAt(i);
    if (code < 128) row = next[row + ascii[code]!]!;
    else if (isFolded) row = next[row + (others.get(code) ?? 0)]!;
    else return false;
    if (row >= firstReporting) tell(reports.get(row)!, visit);
    else if (row === 0) return true;
  }
  return true;
}

function tell(patterns: readonly number[], visit: Visit): void {
  for (let i = 0; i < patterns.length; i += 1) visit(patterns[i]!);
}

interface Classes {
  readonly count: number;
  readonly ascii: Uint16Array;
  readonly others: ReadonlyMap<number, number>;
  of(code: number): number;
}

/** The characters that patterns have most often come first, so that a state's likely transitions lie side by side. */
function classesOf(patterns: readonly string[]): Classes {
  const counts = new Map<number, number>();
  for (const pattern of patterns) {
    for (let i = 0; i < pattern.length; i += 1) {
      const code = pattern.charCodeAt(i);
      counts.set(code, (counts.get(code) ?? 0) + 1);
    }
  }
  const byCount = [...counts].sort(([, a], [, b]) => b - a);
  const codes = new Map(byCount.map(([code], place) => [code, place + 1]));
  const others = new Map([...codes].filter(([code]) => code >= 128));
  const ascii = Uint16Array.from({ length: 128 }, (_, code) => {
    return codes.get(String.fromCharCode(code).toLowerCase().charCodeAt(0)) ?? 0;
  });
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

  /**
   * The table with the rows of its states as its entries, so that a step is one addition, and with the states that
   * report behind those that do not, so that one comparison tells.
   */
  finish(): Omit<Run, 'classes'> {
    const { width, count } = this;
    const states = [...new Array(count).keys()];
    const silent = states.filter((state) => this.reports[state] === undefined);
    const reporting = states.filter((state) => this.reports[state] !== undefined);
    const rows = new Int32Array(count);
    for (const [place, state] of [...silent, ...reporting].entries()) rows[state] = place * width;
    const next = new Int32Array(count * width);
    for (let state = 0; state < count; state += 1) {
      for (let one = 0; one < width; one += 1) {
        next[rows[state]! + one] = rows[this.next[state * width + one]!]!;
      }
    }
    const reports = new Map(reporting.map((state) => [rows[state]!, this.reports[state]!]));
    return { next, reports, firstReporting: silent.length * width };
  }
}

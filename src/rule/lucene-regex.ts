import { caseForms } from './fold.ts';

/** What is wrong with a regular expression. Malformed is not unsupported. */
export interface RegexProblem {
  readonly kind: 'malformed' | 'unsupported';
  /** A sentence such as `Expected "]", found the end.` */
  readonly message: string;
  /** Where in the pattern, in UTF-16 units. */
  readonly offset: number;
}

/** RE2 refuses more repetitions than this, also of nested ones together. */
const MOST_REPEATS = 1000;
const DEEPEST = 200;
const LAST_CODE_POINT = 0x10ffff;
const NOTHING = '[^\\x00-\\x{10FFFF}]';

type Range = readonly [from: number, to: number];

/**
 * Translates a regular expression of Lucene to one in RE2's syntax that fits the same texts, whole, with `.` for
 * any character. All operators that Elasticsearch turns on by default are read (`RegexpFlag.ALL`), as in Lucene's
 * `org.apache.lucene.util.automaton.RegExp`: `| & ? + * {n,m} [] [^] . # @ "text" () <n-m> ~ \d \s \w`; `^` and
 * `$` are letters. Complement (`~`), intersection (`&`) and named automata cannot be said in RE2 and are unsupported.
 *
 * With `ignoreCase`, single characters fit all their case forms, but ranges such as `[a-z]` only themselves:
 * that is what Lucene does.
 */
export function translateLucene(pattern: string, ignoreCase: boolean): string | RegexProblem {
  const parser = new Parser(pattern, ignoreCase);
  try {
    return parser.translate();
  } catch (error) {
    if (error instanceof Refusal) return error.problem;
    throw error;
  }
}

class Refusal extends Error {
  readonly problem: RegexProblem;

  constructor(problem: RegexProblem) {
    super(problem.message);
    this.problem = problem;
  }
}

class Parser {
  private readonly pattern: string;
  private readonly ignoreCase: boolean;
  private at = 0;
  private depth = 0;

  constructor(pattern: string, ignoreCase: boolean) {
    this.pattern = pattern;
    this.ignoreCase = ignoreCase;
  }

  translate(): string {
    if (this.pattern === '') return '';
    const translated = this.union();
    if (this.more()) throw this.malformed(`Expected the end, found ${this.found()}.`);
    return translated;
  }

  /** Union : Concatenation ( `|` Concatenation )* */
  private union(): string {
    this.depth += 1;
    if (this.depth > DEEPEST) throw this.unsupported(`groups nested more than ${DEEPEST} deep`);
    const args = [this.concatenation()];
    while (this.accept('|')) args.push(this.concatenation());
    this.depth -= 1;
    return args.length === 1 ? args[0]! : `(?:${args.join('|')})`;
  }

  /** Concatenation : Repeat+ */
  private concatenation(): string {
    let text = this.repeat();
    while (this.more() && !this.peek(')|&')) text += this.repeat();
    if (this.peek('&'))
      throw this.unsupported('intersection ("&")', 'Put a backslash before it for the character.');
    return text;
  }

  /** Repeat : Simple ( `?` | `*` | `+` | `{` n ( `,` m? )? `}` )* */
  private repeat(): string {
    let text = this.simple();
    while (this.peek('?*+{')) {
      const sign = this.next();
      text = `(?:${text})${sign === '{' ? this.counts() : sign}`;
    }
    return text;
  }

  private counts(): string {
    const start = this.at;
    const from = this.number();
    const to = this.accept(',') ? (this.peek('0123456789') ? this.number() : null) : from;
    this.expect('}');
    if (to !== null && from > to) throw this.malformed('Repetition counts are out of order.', start);
    if (Math.max(from, to ?? 0) > MOST_REPEATS)
      throw this.unsupported(`more than ${MOST_REPEATS} repetitions`, undefined, start);
    return to === null ? `{${from},}` : `{${from},${to}}`;
  }

  private number(): number {
    const start = this.at;
    while (this.peek('0123456789')) this.next();
    if (start === this.at) throw this.malformed(`Expected a number, found ${this.found()}.`);
    return Number(this.pattern.slice(start, this.at));
  }

  /** Simple : `.` | `#` | `@` | `"` text `"` | `(` Union? `)` | `<` n `-` m `>` | Class | Escape | Character */
  private simple(): string {
    const start = this.at;
    if (this.accept('~')) {
      throw this.unsupported('complement ("~")', 'Put a backslash before it for the character.', start);
    }
    if (this.accept('[')) return this.classes();
    if (this.accept('.')) return '.';
    if (this.accept('#')) return NOTHING;
    if (this.accept('@')) return '.*';
    if (this.accept('"')) return this.quoted();
    if (this.accept('(')) {
      if (this.accept(')')) return '(?:)';
      const inner = this.union();
      this.expect(')');
      return `(?:${inner})`;
    }
    if (this.accept('<')) return this.interval(start);
    if (this.accept('\\')) {
      const ranges = this.peekLetter() ? this.predefined() : undefined;
      return ranges === undefined ? this.character(this.next()) : printClass(ranges, false);
    }
    return this.character(this.next());
  }

  private quoted(): string {
    const end = this.pattern.indexOf('"', this.at);
    if (end < 0) throw this.malformed('Expected a closing quote (").', this.pattern.length);
    const text = this.pattern.slice(this.at, end);
    this.at = end + 1;
    return `(?:${[...text].map((character) => this.character(character)).join('')})`;
  }

  private character(character: string): string {
    return printClass(this.formsOf(character), false);
  }

  private formsOf(character: string): Range[] {
    const forms = this.ignoreCase ? caseForms(character) : [character];
    return forms.map((form) => [form.codePointAt(0)!, form.codePointAt(0)!] as const);
  }

  /** Class : `[` `^`? ( Character ( `-` Character )? )+ `]`; the first character may be `]` itself. */
  private classes(): string {
    const negated = this.accept('^');
    const ranges: Range[] = [];
    do {
      ranges.push(...this.classPart());
    } while (this.more() && !this.peek(']'));
    this.expect(']');
    return printClass(ranges, negated);
  }

  private classPart(): readonly Range[] {
    const start = this.at;
    if (this.accept('\\')) return this.peekLetter() ? this.predefined() : this.one(this.next());
    const from = this.next();
    if (!this.accept('-')) return this.formsOf(from);
    this.accept('\\');
    const to = this.next();
    if (from.codePointAt(0)! > to.codePointAt(0)!) throw this.malformed('A range is out of order.', start);
    return [[from.codePointAt(0)!, to.codePointAt(0)!]];
  }

  private one(character: string): Range[] {
    return [[character.codePointAt(0)!, character.codePointAt(0)!]];
  }

  /** `\d \D \s \S \w \W \\`; Lucene refuses a backslash before any other letter. */
  private predefined(): readonly Range[] {
    const start = this.at - 1;
    const letter = this.next();
    const ranges = PREDEFINED[letter.toLowerCase()];
    if (ranges === undefined) throw this.malformed(`There is no "\\${letter}".`, start);
    return letter === letter.toLowerCase() ? ranges : complement(ranges);
  }

  /** `<n-m>`: a whole number in the range; with as many digits, if both have as many, else with any zeros before. */
  private interval(start: number): string {
    const end = this.pattern.indexOf('>', this.at);
    if (end < 0) throw this.malformed('Expected ">".', this.pattern.length);
    const text = this.pattern.slice(this.at, end);
    this.at = end + 1;
    if (!text.includes('-')) throw this.unsupported('a named automaton ("<name>")', undefined, start);
    const match = /^(\d{1,10})-(\d{1,10})$/.exec(text);
    if (match === null) throw this.malformed('Expected a range of numbers such as "<1-9>".', start);
    const [, first, last] = match as unknown as [string, string, string];
    const [from, to] = [Number(first), Number(last)].sort((a, b) => a - b) as [number, number];
    if (first.length === last.length) return digitsBetween(pad(from, first.length), pad(to, first.length));
    const parts: string[] = [];
    for (let length = String(from).length; length <= String(to).length; length += 1) {
      const low = Math.max(from, length === 1 ? 0 : 10 ** (length - 1));
      const high = Math.min(to, 10 ** length - 1);
      parts.push(digitsBetween(String(low), String(high)));
    }
    return `(?:0*(?:${parts.join('|')}))`;
  }

  private more(): boolean {
    return this.at < this.pattern.length;
  }

  private peek(characters: string): boolean {
    return this.more() && characters.includes(this.pattern[this.at]!);
  }

  private peekLetter(): boolean {
    return this.more() && /[A-Za-z\\]/.test(this.pattern[this.at]!);
  }

  private accept(character: string): boolean {
    if (this.pattern[this.at] !== character) return false;
    this.at += 1;
    return true;
  }

  private expect(character: string): void {
    if (!this.accept(character)) throw this.malformed(`Expected "${character}", found ${this.found()}.`);
  }

  private next(): string {
    if (!this.more()) throw this.malformed('Expected a character, found the end.');
    const character = String.fromCodePoint(this.pattern.codePointAt(this.at)!);
    this.at += character.length;
    return character;
  }

  private found(): string {
    return this.more() ? `"${String.fromCodePoint(this.pattern.codePointAt(this.at)!)}"` : 'the end';
  }

  private malformed(message: string, offset = this.at): Refusal {
    return new Refusal({ kind: 'malformed', message, offset });
  }

  private unsupported(what: string, hint?: string, offset = this.at): Refusal {
    const message = `Unsupported: ${what}.${hint === undefined ? '' : ` ${hint}`}`;
    return new Refusal({ kind: 'unsupported', message, offset });
  }
}

const DIGITS: readonly Range[] = [[0x30, 0x39]];
const PREDEFINED: Readonly<Record<string, readonly Range[]>> = {
  '\\': [[0x5c, 0x5c]],
  d: DIGITS,
  s: [
    [0x09, 0x0a],
    [0x0d, 0x0d],
    [0x20, 0x20],
  ],
  w: [...DIGITS, [0x41, 0x5a], [0x5f, 0x5f], [0x61, 0x7a]],
};

function complement(ranges: readonly Range[]): readonly Range[] {
  const gaps: Range[] = [];
  let next = 0;
  for (const [from, to] of ranges) {
    if (from > next) gaps.push([next, from - 1]);
    next = to + 1;
  }
  gaps.push([next, LAST_CODE_POINT]);
  return gaps;
}

function printClass(ranges: readonly Range[], negated: boolean): string {
  if (ranges.length === 1 && !negated && ranges[0]![0] === ranges[0]![1])
    return printCodePoint(ranges[0]![0]);
  const parts = ranges.map(([from, to]) =>
    from === to ? printCodePoint(from) : `${printCodePoint(from)}-${printCodePoint(to)}`,
  );
  return `[${negated ? '^' : ''}${parts.join('')}]`;
}

function printCodePoint(code: number): string {
  const character = String.fromCodePoint(code);
  return /[0-9A-Za-z_ /:=,]/.test(character) ? character : `\\x{${code.toString(16)}}`;
}

function pad(value: number, length: number): string {
  return String(value).padStart(length, '0');
}

/** A regular expression for all texts of digits between two of the same length. */
function digitsBetween(low: string, high: string): string {
  if (low === high) return low;
  if (low.length === 1) return `[${low}-${high}]`;
  const [first, last] = [low[0]!, high[0]!];
  const rest = low.length - 1;
  if (first === last) return `${first}${digitsBetween(low.slice(1), high.slice(1))}`;
  const parts = [`${first}${digitsBetween(low.slice(1), '9'.repeat(rest))}`];
  if (Number(last) - Number(first) > 1) {
    parts.push(`[${Number(first) + 1}-${Number(last) - 1}][0-9]{${rest}}`);
  }
  parts.push(`${last}${digitsBetween('0'.repeat(rest), high.slice(1))}`);
  return `(?:${parts.join('|')})`;
}

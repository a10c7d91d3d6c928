import { ANY_ONE, ANYTHING, type Pattern, type PatternPart, type Regex } from '../rule/index.ts';

/** Wildcard patterns of which one fits every text that a regular expression fits. */
export interface RegexPatterns {
  readonly patterns: readonly Pattern[];
  /** Whether the regular expression also fits every text that one of them fits. */
  readonly exact: boolean;
}

/** More alternatives than this are not told apart. */
const MOST_ALTERNATIVES = 64;
const DEEPEST = 50;

/**
 * Reads a regular expression as wildcard patterns, widening what they cannot say: a class of characters becomes
 * one of any, a repetition anything. Null where it is not read: what Lucene adds (`~ & < # @`), RE2's flags and
 * assertions, or too many alternatives.
 */
export function patternsOfRegex(regex: string, dialect: Regex['dialect']): RegexPatterns | null {
  const reader = new Reader(regex, dialect);
  const patterns = reader.read();
  return patterns === null ? null : { patterns, exact: reader.exact };
}

type Alternatives = readonly (readonly PatternPart[])[];

class Reader {
  readonly #regex: string;
  readonly #lucene: boolean;
  #at = 0;
  #depth = 0;
  exact = true;

  constructor(regex: string, dialect: Regex['dialect']) {
    this.#regex = regex;
    this.#lucene = dialect === 'lucene';
  }

  read(): Alternatives | null {
    if (this.#lucene) {
      const found = this.#union();
      return this.#at === this.#regex.length ? found : null;
    }
    // Unanchored, and its `.` is no newline.
    const start = this.#accept('^');
    const found = this.#union();
    const end = this.#accept('$');
    if (found === null || this.#at < this.#regex.length) return null;
    if ((start || end) && found.length > 1) this.exact = false;
    const bare = found.length === 1;
    return found.map((parts) => [
      ...(start && bare ? [] : [ANYTHING]),
      ...parts,
      ...(end && bare ? [] : [ANYTHING]),
    ]);
  }

  #union(): Alternatives | null {
    if (++this.#depth > DEEPEST) return null;
    const found: (readonly PatternPart[])[] = [];
    do {
      const one = this.#concatenation();
      if (one === null) return null;
      found.push(...one);
    } while (this.#accept('|'));
    this.#depth--;
    return found.length > MOST_ALTERNATIVES ? null : found;
  }

  #concatenation(): Alternatives | null {
    let found: Alternatives = [[]];
    while (this.#at < this.#regex.length && !'|)'.includes(this.#peek()) && !this.#isEnd()) {
      const next = this.#repeated();
      if (next === null || found.length * next.length > MOST_ALTERNATIVES) return null;
      found = found.flatMap((before) => next.map((after) => [...before, ...after]));
    }
    return found;
  }

  #isEnd(): boolean {
    return !this.#lucene && this.#peek() === '$' && this.#at === this.#regex.length - 1;
  }

  #repeated(): Alternatives | null {
    let found = this.#simple();
    while (found !== null && this.#at < this.#regex.length && '?*+{'.includes(this.#peek())) {
      const sign = this.#next();
      const least = sign === '{' ? this.#least() : sign === '+' ? 1 : 0;
      if (least === null) return null;
      if (!this.#lucene) this.#accept('?');
      found = this.#repeat(found, sign, least);
    }
    return found;
  }

  #repeat(found: Alternatives, sign: string, least: number): Alternatives {
    const anyOne = found.length === 1 && found[0]!.length === 1 && found[0]![0] === ANY_ONE;
    if (sign === '?') return [...found, []];
    if (sign === '{' || !anyOne) this.exact = false;
    return least === 0 ? [[ANYTHING]] : found.map((parts) => [...parts, ANYTHING]);
  }

  /** The first number of `{n}`, `{n,}` or `{n,m}`. */
  #least(): number | null {
    const match = /^(\d+)(?:,\d*)?\}/.exec(this.#regex.slice(this.#at, this.#at + 30));
    if (match === null) return null;
    this.#at += match[0].length;
    return Number(match[1]);
  }

  #simple(): Alternatives | null {
    const start = this.#next();
    switch (start) {
      case '.':
        if (!this.#lucene) this.exact = false;
        return [[ANY_ONE]];
      case '(':
        return this.#group();
      case '[':
        return this.#class();
      case '\\':
        return this.#escape();
      case '"':
        return this.#lucene ? this.#quoted() : [['"']];
      case '~':
      case '&':
      case '<':
      case '#':
      case '@':
        return this.#lucene ? null : [[start]];
      case '^':
      case '$':
        return this.#lucene ? [[start]] : null;
      case '?':
      case '*':
      case '+':
      case '{':
        return null;
      default:
        return [[start]];
    }
  }

  #group(): Alternatives | null {
    if (!this.#lucene && this.#peek() === '?') {
      if (!this.#regex.startsWith('?:', this.#at)) return null;
      this.#at += 2;
    }
    const found = this.#union();
    return found !== null && this.#accept(')') ? found : null;
  }

  /** Any class of characters is one of any character. */
  #class(): Alternatives | null {
    this.exact = false;
    this.#accept('^');
    this.#next();
    if (this.#regex[this.#at - 1] === '\\') this.#next();
    while (this.#at < this.#regex.length && this.#peek() !== ']') {
      if (this.#peek() === '[' && !this.#lucene) return null;
      if (this.#next() === '\\') this.#next();
    }
    return this.#accept(']') ? [[ANY_ONE]] : null;
  }

  #escape(): Alternatives | null {
    const letter = this.#next();
    if (letter === '') return null;
    if (/[dDsSwW]/.test(letter)) {
      this.exact = false;
      return [[ANY_ONE]];
    }
    return /[A-Za-z0-9]/.test(letter) ? null : [[letter]];
  }

  #quoted(): Alternatives | null {
    const end = this.#regex.indexOf('"', this.#at);
    if (end < 0) return null;
    const text = this.#regex.slice(this.#at, end);
    this.#at = end + 1;
    return [[text]];
  }

  #peek(): string {
    return this.#regex[this.#at] ?? '';
  }

  #accept(character: string): boolean {
    if (this.#peek() !== character) return false;
    this.#at++;
    return true;
  }

  /** The next character, whole where it is one of two UTF-16 units; empty at the end. */
  #next(): string {
    const code = this.#regex.codePointAt(this.#at);
    if (code === undefined) return '';
    const character = String.fromCodePoint(code);
    this.#at += character.length;
    return character;
  }
}

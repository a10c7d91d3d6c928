import type { Scalar } from '../../rule/index.ts';
import { RuleError, type Source } from '../../text/index.ts';
import { MAX_LENGTH } from './limits.ts';
import { KEYWORDS, SIGNS, type Token } from './token.ts';

const SPACE = /[ \r\n\t]+/y;
const NAME = /[A-Za-z_@][A-Za-z0-9_]*/y;
const NUMBER = /\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?/y;
const PLAIN = /[^"\\\r\n]+/y;
/** Elasticsearch's pages show the braces doubled, for their own templates' sake; its grammar has single ones. */
const CODE_POINT = /u\{[0-9a-fA-F]{2,8}\}/y;
const ESCAPES: Readonly<Record<string, string>> = {
  b: '\b',
  t: '\t',
  n: '\n',
  f: '\f',
  r: '\r',
  '"': '"',
  "'": "'",
  '\\': '\\',
};
const LARGEST_INTEGER = 2n ** 64n - 1n;

/**
 * Cuts a query into tokens, one at a time. Time is linear in the text, memory that of one token.
 *
 * Source: Elasticsearch's `EqlBase.g4` (lexer rules). Keywords are small letters; names are ASCII, any other
 * goes into backquotes; a raw text does not cross lines and may end in one or two quotes of its own.
 */
export class Lexer {
  private readonly source: Source;
  private readonly text: string;
  private at = 0;
  private nestsComments = true;

  constructor(source: Source) {
    this.source = source;
    this.text = source.text;
    if (this.text.length > MAX_LENGTH) {
      throw this.error(
        'EQL_LIMIT',
        `A query has at most ${MAX_LENGTH} characters, found ${this.text.length}.`,
        MAX_LENGTH,
      );
    }
  }

  /** Gives the next token; after the last one, `end` again and again. */
  next(): Token {
    this.skip();
    const start = this.at;
    const { text } = this;
    const first = text[start];
    if (first === undefined) return this.token('end', start, '', null);
    if (first === '"') return text.startsWith('"""', start) ? this.rawText(start) : this.quotedText(start);
    if (first === '`') return this.quotedName(start);
    if (first === "'") throw this.oldQuotes(start, `text in single quotes`, 'Write "…".');
    if (first === '?' && (text[start + 1] === '"' || text[start + 1] === "'")) {
      throw this.oldQuotes(start, `raw text as ?${text[start + 1]}…${text[start + 1]}`, 'Write """…""".');
    }
    if (isDigit(first) || (first === '.' && isDigit(text[start + 1]))) return this.number(start);
    const name = this.match(NAME);
    if (name !== undefined) return this.word(start, name);
    const sign = SIGNS.find((one) => text.startsWith(one, start));
    if (sign !== undefined) {
      this.at += sign.length;
      return this.token('sign', start, sign, null);
    }
    const character = String.fromCodePoint(text.codePointAt(start) ?? 0);
    this.at += character.length;
    return this.token('unknown', start, character, null);
  }

  private token(kind: Token['kind'], start: number, text: string, value: Scalar | null): Token {
    return { kind, text, value, start, end: this.at };
  }

  /** The text that a sticky pattern matches here; steps over it. */
  private match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0];
    if (found !== undefined) this.at += found.length;
    return found;
  }

  private skip(): void {
    for (;;) {
      this.match(SPACE);
      if (this.text.startsWith('//', this.at)) {
        this.at = this.lineEnd(this.at);
      } else if (this.text.startsWith('/*', this.at)) {
        this.at = this.commentEnd(this.at);
      } else {
        return;
      }
    }
  }

  private lineEnd(from: number): number {
    const rest = /[\r\n]/g;
    rest.lastIndex = from;
    return rest.exec(this.text)?.index ?? this.text.length;
  }

  /**
   * Comments nest where that closes all of them; otherwise, as in a comment about `/tmp/*`, the first close
   * ends it. Once nesting has failed it is not tried again, so that the whole text is looked at twice at most.
   */
  private commentEnd(start: number): number {
    const first = this.text.indexOf('*/', start + 2);
    if (first < 0)
      throw this.error('EQL_SYNTAX', 'Expected "*/", found the end of the query.', start, start + 2);
    if (!this.nestsComments) return first + 2;
    const edge = /\/\*|\*\//g;
    edge.lastIndex = start;
    let depth = 0;
    for (let found = edge.exec(this.text); found !== null; found = edge.exec(this.text)) {
      depth += found[0] === '/*' ? 1 : -1;
      if (depth === 0) return edge.lastIndex;
    }
    this.nestsComments = false;
    return first + 2;
  }

  private word(start: number, name: string): Token {
    if (this.text[this.at] === '~' && /[A-Za-z]/.test(name[0] ?? '')) {
      this.at += 1;
      if (KEYWORDS.has(`${name}~`)) return this.token('keyword', start, `${name}~`, null);
      return this.token('functionName', start, name, null);
    }
    return this.token(KEYWORDS.has(name) ? 'keyword' : 'name', start, name, null);
  }

  private quotedName(start: number): Token {
    let end = this.text.indexOf('`', start + 1);
    while (end >= 0 && this.text[end + 1] === '`') end = this.text.indexOf('`', end + 2);
    if (end < 0) {
      throw this.error('EQL_SYNTAX', 'Expected "`", found the end of the query.', start, start + 1);
    }
    this.at = end + 1;
    const name = this.text.slice(start + 1, end).replaceAll('``', '`');
    if (name === '') throw this.error('EQL_SYNTAX', 'Expected a name between backquotes.', start, end + 1);
    return this.token('quotedName', start, name, null);
  }

  private rawText(start: number): Token {
    const line = this.lineEnd(start);
    let end = this.text.indexOf('"""', start + 3);
    if (end < 0 || end > line) {
      throw this.error('EQL_SYNTAX', 'Expected """, found the end of the line.', start, start + 3);
    }
    for (let more = 0; more < 2 && this.text[end + 3] === '"'; more += 1) end += 1;
    this.at = end + 3;
    const value = this.text.slice(start + 3, end);
    return this.token('text', start, value, value);
  }

  private quotedText(start: number): Token {
    this.at += 1;
    const parts: string[] = [];
    for (;;) {
      parts.push(this.match(PLAIN) ?? '');
      const next = this.text[this.at];
      if (next === '"') break;
      if (next !== '\\') {
        const found = next === undefined ? 'the end of the query' : 'the end of the line';
        throw this.error('EQL_SYNTAX', `Expected ", found ${found}.`, start, start + 1);
      }
      parts.push(this.escape());
    }
    this.at += 1;
    const value = parts.join('');
    return this.token('text', start, value, value);
  }

  private escape(): string {
    const start = this.at;
    this.at += 1;
    const next = this.text[this.at] ?? '';
    const plain = ESCAPES[next];
    if (plain !== undefined) {
      this.at += 1;
      return plain;
    }
    if (next === 'u') return this.codePoint(start);
    throw this.error(
      'EQL_SYNTAX',
      `Unknown escape "\\${/[\p{L}\p{N}\p{P}\p{S}]/u.test(next) ? next : ''}" in a text.`,
      start,
      start + 2,
      'Write a backslash as \\\\, or the text as """…""".',
    );
  }

  private codePoint(start: number): string {
    const digits = this.match(CODE_POINT)?.slice(2, -1);
    if (digits === undefined) {
      throw this.error('EQL_SYNTAX', 'Expected \\u{…} with 2 to 8 hexadecimal digits.', start, start + 2);
    }
    const code = Number.parseInt(digits, 16);
    if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
      throw this.error('EQL_SYNTAX', `No character has the number \\u{${digits}}.`, start, this.at);
    }
    return String.fromCodePoint(code);
  }

  /** Whole numbers are exact up to 64 bits; what is larger is a decimal, as in Elasticsearch. */
  private number(start: number): Token {
    const text = this.match(NUMBER) ?? '';
    if (/^\d+$/.test(text) && text.length <= 20) {
      const exact = BigInt(text);
      if (exact <= BigInt(Number.MAX_SAFE_INTEGER)) return this.token('integer', start, text, Number(text));
      if (exact <= LARGEST_INTEGER) return this.token('integer', start, text, exact);
    }
    const value = Number(text);
    if (!Number.isFinite(value)) {
      throw this.error('EQL_SYNTAX', 'The number is too large.', start, this.at);
    }
    return this.token('decimal', start, text, value);
  }

  private oldQuotes(start: number, what: string, hint: string): RuleError {
    return this.error('EQL_UNSUPPORTED', `Unsupported: ${what}.`, start, start + 1, hint);
  }

  private error(code: string, message: string, start: number, end = start, hint?: string): RuleError {
    const span = { start, end: Math.min(end, this.text.length) };
    const options = { code, source: this.source, span };
    return new RuleError(message, hint === undefined ? options : { ...options, hint });
  }
}

function isDigit(character: string | undefined): boolean {
  return character !== undefined && character >= '0' && character <= '9';
}

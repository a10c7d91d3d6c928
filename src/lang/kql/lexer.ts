import { ANYTHING, type Pattern, type PatternPart } from '../../rule/index.ts';
import { RuleError, type Source, type Span } from '../../text/index.ts';
import type { Literal, RangeOp } from './ast.ts';

export type Token =
  | { readonly kind: 'literal'; readonly literal: Literal; readonly span: Span }
  | { readonly kind: Punctuation; readonly span: Span };

export type Punctuation = 'and' | 'or' | 'not' | '(' | ')' | '{' | '}' | ':' | RangeOp | 'end';

/** Longer queries are refused, in UTF-16 units. */
export const LONGEST = 200_000;

const SPECIAL = '\\():<>"*{}';
const WHITESPACE_ESCAPES: Readonly<Record<string, string>> = { t: '\t', r: '\r', n: '\n' };

/**
 * Cuts a KQL query into tokens, one at a time.
 *
 * An unquoted literal runs over spaces until a special character or a keyword, so the spaces around `and`,
 * `or` and `not` decide what is a keyword, exactly as in Kibana's grammar (kbn-es-query, grammar.peggy):
 * `and` and `or` need a space on both sides that no earlier token has used, `not` only one behind it, and
 * so is a keyword even at the end of a word (`cannot x`). Every token except a literal, `)` and `}` uses
 * the spaces behind it, which is why `a: or b` is the value "or b".
 */
export class Lexer {
  readonly #source: Source;
  #at: number;

  constructor(source: Source) {
    this.#source = source;
    if (source.text.length > LONGEST) {
      throw this.#error(`The query is longer than ${LONGEST} characters.`, 0, 1);
    }
    this.#at = this.#skipSpaces(0);
  }

  next(): Token {
    const { text } = this.#source;
    const start = this.#skipSpaces(this.#at);
    if (start === text.length) return this.#take('end', start, 0);
    if (start > this.#at) {
      if (this.#isKeyword(start, 'and')) return this.#take('and', start, 3);
      if (this.#isKeyword(start, 'or')) return this.#take('or', start, 2);
    }
    if (this.#isKeyword(start, 'not')) return this.#take('not', start, 3);
    switch (text[start]) {
      case '(':
      case '{':
      case ':':
        return this.#take(text[start] as Punctuation, start, 1);
      case ')':
      case '}':
        return this.#take(text[start] as Punctuation, start, 1, false);
      case '<':
        return text[start + 1] === '=' ? this.#take('le', start, 2) : this.#take('lt', start, 1);
      case '>':
        return text[start + 1] === '=' ? this.#take('ge', start, 2) : this.#take('gt', start, 1);
      case '"':
        return this.#quoted(start);
      default:
        return this.#unquoted(start);
    }
  }

  #take(kind: Punctuation, start: number, length: number, useSpaces = true): Token {
    const end = start + length;
    this.#at = useSpaces ? this.#skipSpaces(end) : end;
    return { kind, span: { start, end } };
  }

  #skipSpaces(from: number): number {
    let at = from;
    while (this.#isSpace(at)) at += 1;
    return at;
  }

  #isSpace(at: number): boolean {
    const char = this.#source.text[at];
    return char === ' ' || char === '\n' || char === '\t' || char === '\r' || char === '\u00a0';
  }

  /** Whether the word, in any case, and a space behind it are here. */
  #isKeyword(at: number, word: 'and' | 'or' | 'not'): boolean {
    const end = at + word.length;
    return this.#isSpace(end) && this.#source.text.slice(at, end).toLowerCase() === word;
  }

  /** Quoted : `"` ( Escape | `\\` | `\"` | any but `"` )* `"`; a backslash before anything else stands for itself. */
  #quoted(start: number): Token {
    const { text } = this.#source;
    let value = '';
    let at = start + 1;
    while (text[at] !== '"') {
      if (at >= text.length) {
        throw this.#error('Unfinished quoted phrase: expected a closing quote (").', start, text.length);
      }
      const escaped = this.#commonEscape(at) ?? this.#quotedEscape(at);
      value += escaped ?? text[at];
      at += escaped === undefined ? 1 : this.#escapeLength(at);
    }
    const span = { start, end: at + 1 };
    this.#at = span.end;
    return { kind: 'literal', literal: Object.freeze({ kind: 'text', value, quoted: true, span }), span };
  }

  /** Unquoted : ( Escape | `\` special | `\` keyword | `*` | any but special, where no keyword begins )+ */
  #unquoted(start: number): Token {
    const { text } = this.#source;
    const pattern: PatternPart[] = [];
    let run = '';
    let at = start;
    let end = start;
    while (at < text.length && !this.#keywordBegins(at)) {
      const char = text[at] as string;
      if (char === '\\') {
        run += this.#commonEscape(at) ?? this.#unquotedEscape(at);
        at += this.#escapeLength(at);
      } else if (char === '*') {
        pattern.push(run, ANYTHING);
        run = '';
        at += 1;
      } else if (SPECIAL.includes(char)) {
        break;
      } else {
        run += char;
        at += 1;
        if (this.#isSpace(at - 1)) continue;
      }
      end = at;
    }
    this.#at = at;
    const span = { start, end };
    return { kind: 'literal', literal: literalOf([...pattern, run], span), span };
  }

  #keywordBegins(at: number): boolean {
    return (
      this.#isKeyword(at, 'not') ||
      (this.#isSpace(at) && (this.#isKeyword(at + 1, 'and') || this.#isKeyword(at + 1, 'or')))
    );
  }

  /** `\t`, `\r`, `\n` or `\uXXXX`, if one is here. */
  #commonEscape(at: number): string | undefined {
    const { text } = this.#source;
    if (text[at] !== '\\') return undefined;
    const hex = /^u([0-9a-f]{4})$/i.exec(text.slice(at + 1, at + 6))?.[1];
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
    return WHITESPACE_ESCAPES[text[at + 1] ?? ''];
  }

  /** `\\` or `\"`, if one is here. */
  #quotedEscape(at: number): string | undefined {
    const { text } = this.#source;
    const next = text[at + 1];
    return text[at] === '\\' && (next === '\\' || next === '"') ? next : undefined;
  }

  #unquotedEscape(at: number): string {
    const { text } = this.#source;
    const next = text[at + 1] ?? '';
    if (next !== '' && SPECIAL.includes(next)) return next;
    const word = /^(?:or|and|not)/i.exec(text.slice(at + 1, at + 4))?.[0];
    if (word !== undefined) return word;
    throw this.#error(
      next === '' ? 'Unfinished escape at the end of the query.' : `Unknown escape "\\${next}".`,
      at,
      at + 2,
      'Write "\\\\" for a backslash, or put the value in quotes.',
    );
  }

  /** How long the escape is that begins here and is known to be right. */
  #escapeLength(at: number): number {
    const { text } = this.#source;
    const after = text.slice(at + 1, at + 6);
    if (/^u[0-9a-f]{4}/i.test(after)) return 6;
    if (/^[trn\\():<>"*{}]/.test(after)) return 2;
    return 1 + (/^(?:or|and|not)/i.exec(after)?.[0].length ?? 0);
  }

  #error(message: string, start: number, end: number, hint?: string): RuleError {
    return new RuleError(message, {
      code: 'KQL_SYNTAX',
      source: this.#source,
      span: { start, end },
      ...(hint === undefined ? {} : { hint }),
    });
  }
}

/**
 * Makes the literal of an unquoted run: white space at its ends does not count, also when it was escaped;
 * `true`, `false` and `null` stand for themselves.
 */
function literalOf(parts: Pattern, span: Span): Literal {
  const trimmed = parts.map((part, i) => {
    if (typeof part !== 'string') return part;
    const left = i === 0 ? part.trimStart() : part;
    return i === parts.length - 1 ? left.trimEnd() : left;
  });
  if (trimmed.length === 1) {
    const value = trimmed[0] as string;
    if (value === 'null') return Object.freeze({ kind: 'keyword', value: null, span });
    if (value === 'true' || value === 'false') {
      return Object.freeze({ kind: 'keyword', value: value === 'true', span });
    }
    return Object.freeze({ kind: 'text', value, quoted: false, span });
  }
  const pattern = Object.freeze(trimmed.filter((part) => part !== ''));
  return Object.freeze({ kind: 'wildcard', pattern, span });
}

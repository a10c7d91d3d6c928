import { RuleError, type Source, type Span } from '../../text/index.ts';
import type { Node } from './ast.ts';
import { Lexer } from './lexer.ts';
import { MAX_DEPTH } from './limits.ts';
import { describe, KEYWORDS, quote, type Token } from './token.ts';

/** A node before it has its place. */
type Unplaced<N> = N extends Node ? Omit<N, 'span'> : never;

/** What people write instead, and what EQL has for it. */
const INSTEAD: Readonly<Record<string, string>> = {
  '=': 'Write "==" or ":".',
  '&': 'Write "and".',
  '!': 'Write "not", or "![" for a missing event.',
  '~': 'Write "in~", "like~", "regex~" or "name~(" in one word.',
};

/** Keywords that are not taken for names: those that belong between or before conditions. */
const OPERATORS: ReadonlySet<string> = new Set(
  'and or not in in~ like like~ regex regex~ where true false null'.split(' '),
);

/**
 * The query as a parser sees it: the token at hand, the place where the last one ended, and the five verbs
 * `node`, `peek`, `expect`, `optional` and `unexpected`, which make the nodes and nearly all error texts.
 */
export class Cursor {
  protected readonly source: Source;
  /** The token that is looked at, not yet taken. */
  protected token: Token;
  /** Where the last taken token ended. */
  protected end = 0;
  private readonly lexer: Lexer;
  private ahead: Token | undefined;
  private depth = 0;

  constructor(source: Source) {
    this.source = source;
    this.lexer = new Lexer(source);
    this.token = this.lexer.next();
  }

  /** Freezes a node that began at `start` and ends with the last taken token. */
  protected node<N extends Node>(start: number, unplaced: Unplaced<N>): N {
    const span = Object.freeze({ start, end: this.end });
    return Object.freeze({ ...unplaced, span }) as unknown as N;
  }

  /** Whether the token at hand is this keyword or sign. */
  protected peek(text: string): boolean {
    return this.token.text === text && (this.token.kind === 'keyword' || this.token.kind === 'sign');
  }

  /** Takes this keyword or sign, or fails. `hint` helps, `expected` words it when there are other ways on. */
  protected expect(text: string, hint?: string, expected = quote(text)): Token {
    return this.peek(text) ? this.advance() : this.fail(this.unexpected(expected, hint));
  }

  /** Takes this keyword or sign if it is there. */
  protected optional(text: string): Token | undefined {
    return this.peek(text) ? this.advance() : undefined;
  }

  /** The error of a token at hand that does not fit: `Expected X, found Y.` */
  protected unexpected(expected: string, hint?: string): RuleError {
    const message = `Expected ${expected}, found ${describe(this.token)}.`;
    return this.error('EQL_SYNTAX', message, this.token, hint ?? this.advice());
  }

  protected advance(): Token {
    const { token } = this;
    this.end = token.end;
    this.token = this.ahead ?? this.lexer.next();
    this.ahead = undefined;
    return token;
  }

  /** The token after the one at hand. */
  protected following(): Token {
    this.ahead ??= this.lexer.next();
    return this.ahead;
  }

  /** The error of what other or older EQL has. */
  protected unsupported(what: string, at: Span, hint?: string): RuleError {
    return this.error('EQL_UNSUPPORTED', `Unsupported: ${what}.`, at, hint);
  }

  protected error(code: string, message: string, at: Span, hint?: string): RuleError {
    const options = { code, source: this.source, span: { start: at.start, end: at.end } };
    return new RuleError(message, hint === undefined ? options : { ...options, hint });
  }

  /** Goes one level deeper, no deeper than the limit. */
  protected nested<T>(parse: () => T): T {
    if (this.depth >= MAX_DEPTH) {
      throw this.error('EQL_LIMIT', `A condition is nested at most ${MAX_DEPTH} deep.`, this.token);
    }
    this.depth += 1;
    const parsed = parse();
    this.depth -= 1;
    return parsed;
  }

  private fail(error: RuleError): never {
    throw error;
  }

  /** Helps who wrote a keyword for a name. */
  protected adviseName(): string | undefined {
    const { kind, text } = this.token;
    const taken = kind === 'keyword' && !OPERATORS.has(text);
    return taken ? 'A name that is a keyword is written in backquotes.' : undefined;
  }

  private advice(): string | undefined {
    const { kind, text } = this.token;
    if (kind === 'name' && KEYWORDS.has(text.toLowerCase()))
      return `Write "${text.toLowerCase()}" in small letters.`;
    if (kind === 'unknown' && /\p{L}/u.test(text))
      return 'A name with such a letter is written in backquotes.';
    return INSTEAD[text];
  }
}

import { ANYTHING } from '../../rule/index.ts';
import { RuleError, type Source, type Span } from '../../text/index.ts';
import type { Literal, Node, RangeOp } from './ast.ts';
import { Lexer, type Punctuation, type Token } from './lexer.ts';

const SPACES_AROUND = 'Put a space on both sides of "and" and "or".';

/** Deeper nesting of parentheses and braces is refused. */
export const DEEPEST = 100;

const SHOWN: Readonly<Partial<Record<Punctuation, string>>> = { lt: '<', le: '<=', gt: '>', ge: '>=' };

type Bare<Of extends Node> = Of extends Node ? Omit<Of, 'span'> : never;

/** A group of values that waits for its field. */
type Spread = (field: Literal) => Node;

/** Recursive descent over the tokens of one query; each method's comment is its production. */
export class Parser {
  readonly #source: Source;
  readonly #lexer: Lexer;
  #token: Token;
  /** The last token taken: it decides some hints, and where a node ends. */
  #last: Token | undefined;
  #depth = 0;

  constructor(source: Source) {
    this.#source = source;
    this.#lexer = new Lexer(source);
    this.#token = this.#lexer.next();
  }

  /** Query : OrQuery? end */
  parseQuery(): Node {
    const { span } = this.#token;
    if (this.#peek('end')) {
      const all: Literal = Object.freeze({ kind: 'wildcard', pattern: Object.freeze([ANYTHING]), span });
      return Object.freeze({ kind: 'is', field: all, value: all, span });
    }
    const query = this.#orQuery();
    if (!this.#peek('end')) throw this.#unexpected('"and", "or" or the end of the query');
    return query;
  }

  /** OrQuery : AndQuery ( `or` AndQuery )* */
  #orQuery(): Node {
    return this.#list('or', () => this.#andQuery());
  }

  /** AndQuery : NotQuery ( `and` NotQuery )* */
  #andQuery(): Node {
    return this.#list('and', () => this.#notQuery());
  }

  /** NotQuery : `not`? SubQuery */
  #notQuery(): Node {
    const { start } = this.#token.span;
    if (!this.#optional('not')) return this.#subQuery('a field, a value, "(" or "not"');
    const arg = this.#subQuery('a field, a value or "("');
    return this.#node(start, { kind: 'not', arg });
  }

  /** SubQuery : `(` OrQuery `)` | Expression */
  #subQuery(expected: string): Node {
    if (!this.#peek('(')) return this.#expression(expected);
    return this.#enclosed(')', () => this.#orQuery());
  }

  /**
   * Expression : Literal ( `:` ( `{` OrQuery `}` | `(` OrValues `)` | Literal ) )?
   *            | Literal ( `<` | `<=` | `>` | `>=` ) Literal
   */
  #expression(expected: string): Node {
    const { start } = this.#token.span;
    const field = this.#literal(expected);
    const op = this.#optional('lt', 'le', 'gt', 'ge');
    if (op !== undefined) {
      const value = this.#literal('a value');
      return this.#node(start, { kind: 'range', field, op: op as RangeOp, value });
    }
    if (!this.#optional(':')) return this.#node(start, { kind: 'is', field: null, value: field });
    if (this.#peek('{')) {
      const arg = this.#enclosed('}', () => this.#orQuery());
      return this.#node(start, { kind: 'nested', path: field, arg });
    }
    if (this.#peek('(')) return this.#enclosed(')', () => this.#orValues())(field);
    const value = this.#literal('a value, "(" or "{"');
    return this.#node(start, { kind: 'is', field, value });
  }

  /** Values : `(` OrValues `)` | Literal */
  #values(expected: string): Spread {
    if (this.#peek('(')) return this.#enclosed(')', () => this.#orValues());
    const value = this.#literal(expected);
    return (field) => Object.freeze({ kind: 'is', field, value, span: value.span });
  }

  /** OrValues : AndValues ( `or` AndValues )* */
  #orValues(): Spread {
    return this.#spreads('or', () => this.#andValues());
  }

  /** AndValues : NotValues ( `and` NotValues )* */
  #andValues(): Spread {
    return this.#spreads('and', () => this.#notValues());
  }

  /** NotValues : `not`? Values */
  #notValues(): Spread {
    const { start } = this.#token.span;
    if (!this.#optional('not')) return this.#values('a value, "(" or "not"');
    const spread = this.#values('a value or "("');
    const span = this.#span(start);
    return (field) => Object.freeze({ kind: 'not', arg: spread(field), span });
  }

  #list(kind: 'and' | 'or', parse: () => Node): Node {
    const { start } = this.#token.span;
    const args = this.#separated(kind, parse);
    return args.length === 1 ? args[0]! : this.#node(start, { kind, args: Object.freeze(args) });
  }

  #spreads(kind: 'and' | 'or', parse: () => Spread): Spread {
    const { start } = this.#token.span;
    const all = this.#separated(kind, parse);
    if (all.length === 1) return all[0]!;
    const span = this.#span(start);
    return (field) => {
      const args = Object.freeze(all.map((spread) => spread(field)));
      return Object.freeze({ kind, args, span });
    };
  }

  #separated<Item>(kind: 'and' | 'or', parse: () => Item): readonly Item[] {
    const items = [parse()];
    while (this.#optional(kind)) items.push(parse());
    return items;
  }

  #enclosed<Inside>(close: ')' | '}', parse: () => Inside): Inside {
    if (this.#depth === DEEPEST) {
      throw this.#error(`The query is nested more than ${DEEPEST} levels deep.`, this.#token.span);
    }
    this.#depth += 1;
    this.#advance();
    const inside = parse();
    this.#depth -= 1;
    if (!this.#optional(close)) throw this.#unexpected(`"and", "or" or "${close}"`);
    return inside;
  }

  #literal(expected: string): Literal {
    if (this.#token.kind !== 'literal') throw this.#unexpected(expected);
    const { literal } = this.#token;
    this.#advance();
    return literal;
  }

  #peek(kind: Token['kind']): boolean {
    return this.#token.kind === kind;
  }

  #optional(...kinds: readonly Punctuation[]): Punctuation | undefined {
    const kind = kinds.find((one) => this.#peek(one));
    if (kind !== undefined) this.#advance();
    return kind;
  }

  #advance(): void {
    this.#last = this.#token;
    this.#token = this.#lexer.next();
  }

  #span(start: number): Span {
    return { start, end: this.#last?.span.end ?? start };
  }

  #node(start: number, node: Bare<Node>): Node {
    return Object.freeze({ ...node, span: this.#span(start) });
  }

  #unexpected(expected: string): RuleError {
    const { span } = this.#token;
    return this.#error(`Expected ${expected}, found ${this.#found()}.`, span, this.#hint());
  }

  #found(): string {
    const { kind, span } = this.#token;
    if (kind === 'end') return 'the end of the query';
    if (kind !== 'literal') return `"${SHOWN[kind] ?? kind}"`;
    const text = this.#source.text.slice(span.start, span.end);
    const shown = text.length > 40 ? `${text.slice(0, 40)}…` : text;
    return shown.startsWith('"') ? shown : `"${shown}"`;
  }

  /** Names the slip where the text before the error shows one. */
  #hint(): string | undefined {
    const last = this.#last?.kind;
    const { start, end } = this.#token.span;
    const before = this.#source.text.slice(0, start).trimEnd();
    const here = this.#source.text.slice(start, end);
    if (this.#peek('literal') && last === 'literal') {
      if (before.endsWith('!=') || before.endsWith('!=='))
        return 'KQL has no "!=": write "not field: value".';
      if (before.endsWith('=')) return 'KQL compares with ":".';
    }
    if (this.#peek('literal') && start === this.#last?.span.end) {
      if (/^(?:and|or)(?:\s|$)/i.test(here)) return SPACES_AROUND;
      return 'Write a quote inside of a phrase as \\".';
    }
    if (this.#peek('(') && /(?:^|\W)not$/i.test(before)) return 'Put a space after "not".';
    if (this.#peek('(') && last === 'literal' && /\W(?:and|or)$/i.test(before)) return SPACES_AROUND;
    if (this.#peek('not') && last === 'not') return 'Write "not (not …)".';
    if (this.#peek('not') && last === ':') return 'Write "not field: value" or "field: (not value)".';
    if (this.#peek('not') && last === 'literal') {
      return 'Put a value that contains "not " in quotes; between two tests write "and not".';
    }
    if (this.#peek(':') && last === 'literal') {
      return 'Write a colon inside of a value as "\\:", or put the value in quotes.';
    }
    return undefined;
  }

  #error(message: string, span: Span, hint?: string): RuleError {
    return new RuleError(message, {
      code: 'KQL_SYNTAX',
      source: this.#source,
      span,
      ...(hint === undefined ? {} : { hint }),
    });
  }
}

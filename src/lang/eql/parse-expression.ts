import type { Scalar } from '../../rule/index.ts';
import { suggest } from '../../text/index.ts';
import type {
  Arithmetic,
  Comparison,
  ComparisonOp,
  Expression,
  FieldName,
  FunctionCall,
  Lookup,
  TextMatch,
  Value,
} from './ast.ts';
import { Cursor } from './cursor.ts';
import { MAX_ARITHMETIC } from './limits.ts';
import { quote } from './token.ts';

const COMPARISONS: readonly string[] = ['==', '!=', '<', '<=', '>', '>='] satisfies readonly ComparisonOp[];
const RELATIVES = ['descendant', 'child', 'event'];
const LEAST_INTEGER = -(2n ** 63n);

/** The part of the grammar that conditions are made of. */
export class ExpressionParser extends Cursor {
  private arithmetic = 0;

  /** Expression : Conjunction ( `or` Conjunction )* */
  protected parseExpression(): Expression {
    return this.nested(() => this.parseChain('or', () => this.parseChain('and', () => this.parseNot())));
  }

  private parseChain(kind: 'and' | 'or', parse: () => Expression): Expression {
    const { start } = this.token;
    const first = parse();
    if (!this.peek(kind)) return first;
    const args = [first];
    while (this.optional(kind) !== undefined) args.push(parse());
    return this.node(start, { kind, args: Object.freeze(args) });
  }

  /** Not : `not` Not | Comparison */
  private parseNot(): Expression {
    const { start } = this.token;
    if (this.optional('not') === undefined) return this.parseComparison();
    const arg = this.nested(() => this.parseNot());
    return this.node(start, { kind: 'not', arg });
  }

  /** Comparison : Sum ( ( `==` | `!=` | `<` | `<=` | `>` | `>=` ) Sum )? */
  private parseComparison(): Expression {
    const { start } = this.token;
    const left = this.parseSum();
    const op = this.token;
    if (this.peek('=')) throw this.unsupported('"=" as a comparison', op, 'Write "==" or ":".');
    if (this.peek('!:')) throw this.unsupported('"!:"', op, 'Write "not x : …".');
    if (!this.peekAny(COMPARISONS)) return left;
    this.advance();
    const right = this.parseSum();
    if (this.peekAny(COMPARISONS)) {
      throw this.unsupported('a chain of comparisons', this.token, 'Join two comparisons with "and".');
    }
    return this.node<Comparison>(start, { kind: 'comparison', op: op.text as ComparisonOp, left, right });
  }

  /** Sum : Product ( ( `+` | `-` ) Product )* */
  private parseSum(): Expression {
    return this.parseArithmetic(['+', '-'], () =>
      this.parseArithmetic(['*', '/', '%'], () => this.parseSign()),
    );
  }

  private parseArithmetic(ops: readonly string[], parse: () => Expression): Expression {
    const { start } = this.token;
    let left = parse();
    while (this.peekAny(ops)) {
      const op = this.advance();
      this.arithmetic += 1;
      if (this.arithmetic > MAX_ARITHMETIC) {
        throw this.error('EQL_LIMIT', `A query has at most ${MAX_ARITHMETIC} arithmetic operators.`, op);
      }
      const right = parse();
      left = this.node<Arithmetic>(start, {
        kind: 'arithmetic',
        op: op.text as Arithmetic['op'],
        left,
        right,
      });
    }
    return left;
  }

  /** Sign : ( `-` | `+` ) Sign | Predicate */
  private parseSign(): Expression {
    const { start } = this.token;
    if (this.optional('+') !== undefined) return this.nested(() => this.parseSign());
    if (this.optional('-') === undefined) return this.parsePredicate();
    const arg = this.nested(() => this.parseSign());
    if (arg.kind === 'value' && (typeof arg.value === 'number' || typeof arg.value === 'bigint')) {
      return this.node<Value>(start, { kind: 'value', ...negative(arg.value, arg.decimal) });
    }
    return this.node(start, { kind: 'negation', arg });
  }

  /**
   * Predicate : Primary ( `not`? ( `in` | `in~` ) `(` Expression ( `,` Expression )* `)`
   *                     | ( `:` | `like` | `like~` | `regex` | `regex~` ) ( Constant | `(` Constant ( `,` Constant )* `)` ) )?
   */
  private parsePredicate(): Expression {
    const { start } = this.token;
    const operand = this.parsePrimary();
    const negated = this.optional('not') !== undefined;
    if (this.peek('in') || this.peek('in~')) {
      const ignoreCase = this.advance().text === 'in~';
      const values = this.parseList(() => this.parseExpression());
      return this.node<Lookup>(start, { kind: 'in', operand, values, negated, ignoreCase });
    }
    if (negated) throw this.unexpected('"in"', 'Write "not x like …", with "not" before the field.');
    if (!this.peekAny([':', 'like', 'like~', 'regex', 'regex~'])) return operand;
    const { text } = this.advance();
    const op = text.replace('~', '') as TextMatch['op'];
    const values = this.peek('(') ? this.parseList(() => this.parseConstant()) : [this.parseConstant()];
    return this.node<TextMatch>(start, {
      kind: 'textMatch',
      op,
      ignoreCase: text === ':' || text.endsWith('~'),
      operand,
      values: Object.freeze(values),
    });
  }

  /** List : `(` Item ( `,` Item )* `)` */
  private parseList<T>(parse: () => T): readonly T[] {
    this.expect('(');
    const items: T[] = [];
    do items.push(parse());
    while (this.optional(',') !== undefined);
    this.expect(')', undefined, '"," or ")"');
    return Object.freeze(items);
  }

  /** Primary : Constant | FunctionCall | FieldName | `(` Expression `)` */
  private parsePrimary(): Expression {
    const { token } = this;
    if (this.optional('(') !== undefined) {
      const inner = this.parseExpression();
      this.expect(')', undefined, '"and", "or" or ")"');
      return inner;
    }
    if (token.kind === 'functionName') return this.parseCall();
    if (token.kind === 'name' || token.kind === 'quotedName' || this.peek('?')) return this.parseName();
    if (this.isConstant()) return this.parseConstant();
    throw this.unexpected('a field, a value or a function', this.adviseName());
  }

  private parseName(): Expression {
    const { start } = this.token;
    const optional = this.optional('?') !== undefined;
    const { token } = this;
    if (token.kind !== 'name' && token.kind !== 'quotedName')
      throw this.unexpected('a field', this.adviseName());
    this.advance();
    if (token.kind === 'name' && !optional) {
      if (this.peek('of') && RELATIVES.includes(token.text)) {
        const what = quote(`${token.text} of`);
        throw this.unsupported(what, token, 'Ask for a field of the parent, or write a sequence.');
      }
      if (this.peek('(')) return this.parseArguments(start, token.text, false);
    }
    const path = this.parsePath(token.text);
    return this.node<FieldName>(start, { kind: 'field', path, optional });
  }

  /** FieldName : `?`? Name ( `.` Name | `[` Integer `]` )*; after a key, `[` begins the next step. */
  private parsePath(first: string): readonly (string | number)[] {
    const path: (string | number)[] = [first];
    for (;;) {
      if (this.optional('.') !== undefined) {
        const { token } = this;
        if (token.kind !== 'name' && token.kind !== 'quotedName')
          throw this.unexpected('a name', this.adviseName());
        path.push(this.advance().text);
      } else if (this.peek('[') && this.following().kind === 'integer') {
        this.advance();
        if (typeof this.token.value !== 'number') throw this.unexpected('an index');
        path.push(this.token.value);
        this.advance();
        this.expect(']');
      } else {
        return Object.freeze(path);
      }
    }
  }

  /** FunctionCall : Name `~`? `(` ( Expression ( `,` Expression )* )? `)` */
  private parseCall(): FunctionCall {
    const { start, text } = this.advance();
    return this.parseArguments(start, text, true);
  }

  private parseArguments(start: number, name: string, ignoreCase: boolean): FunctionCall {
    this.expect('(');
    const args: Expression[] = [];
    if (!this.peek(')')) {
      do args.push(this.parseExpression());
      while (this.optional(',') !== undefined);
    }
    this.expect(')', undefined, '"," or ")"');
    return this.node(start, { kind: 'call', name, ignoreCase, args: Object.freeze(args) });
  }

  private isConstant(): boolean {
    const { kind } = this.token;
    return (
      kind === 'text' || kind === 'integer' || kind === 'decimal' || this.peekAny(['true', 'false', 'null'])
    );
  }

  /** Constant : Text | Integer | Decimal | `true` | `false` | `null` */
  private parseConstant(): Value {
    if (!this.isConstant()) {
      const { kind, text } = this.token;
      const slip = kind === 'name' ? suggest(text, ['true', 'false', 'null']) : undefined;
      const hint = slip ?? (kind === 'name' ? 'A field is compared with constants only.' : undefined);
      throw this.unexpected('a value', hint);
    }
    const { kind, text, value, start } = this.advance();
    const named = kind === 'keyword' && text !== 'null' ? text === 'true' : value;
    return this.node(start, { kind: 'value', value: named, decimal: kind === 'decimal' });
  }

  private peekAny(texts: readonly string[]): boolean {
    return texts.some((text) => this.peek(text));
  }
}

/** Minus zero is a decimal; a whole number below 64 bits becomes one, too. */
function negative(value: Scalar & (number | bigint), decimal: boolean): Pick<Value, 'value' | 'decimal'> {
  if (typeof value === 'number') return { value: value === 0 && !decimal ? 0 : -value, decimal };
  const exact = -value;
  if (exact < LEAST_INTEGER) return { value: Number(exact), decimal: true };
  const safe = exact >= BigInt(Number.MIN_SAFE_INTEGER) && exact <= BigInt(Number.MAX_SAFE_INTEGER);
  return { value: safe ? Number(exact) : exact, decimal };
}

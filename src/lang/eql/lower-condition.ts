import {
  and,
  type CompareOp,
  type Condition,
  compileRegex,
  definite,
  FALSE,
  type FieldRef,
  type FunctionName,
  field,
  literal,
  not,
  type Operand,
  or,
  type Scalar,
  TRUE,
  UNKNOWN,
} from '../../rule/index.ts';
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
import { call, compare, conditionValue, exists, isRange, like, oneOf, patternOf } from './build.ts';
import { type Checker, hasField } from './checker.ts';
import { quote } from './token.ts';

/**
 * A condition and who would decide it in Elasticsearch. Lucene knows no unknown: what it cannot find is not
 * so. A script does: a test of nothing is unknown, and so is its negation.
 */
interface Test {
  readonly condition: Condition;
  readonly scripted: boolean;
}

/** A test as a leaf of the boolean tree, `negated` when it was written as `!=`, `not in` or `== false`. */
interface Leaf extends Test {
  readonly negated: boolean;
}

const OPS: Readonly<Record<Exclude<ComparisonOp, '!='>, CompareOp>> = {
  '==': 'eq',
  '<': 'lt',
  '<=': 'le',
  '>': 'gt',
  '>=': 'ge',
};
const MIRRORED: Readonly<Record<CompareOp, CompareOp>> = { eq: 'eq', lt: 'gt', le: 'ge', gt: 'lt', ge: 'le' };
const ARITHMETIC: Readonly<Record<Arithmetic['op'], FunctionName>> = {
  '+': 'add',
  '-': 'subtract',
  '*': 'multiply',
  '/': 'divide',
  '%': 'modulo',
};

/**
 * Gives the meaning of EQL's expressions. Where null decides, it is as Elasticsearch plans a query
 * (`ExpressionTranslators`, `QueryTranslator`, `Optimizer` of its EQL plugin), which
 * `docs/decisions/2026-11-24-null-and-not.md` tells on one page:
 *
 * - A test of a plain field against constants becomes a Lucene query, `not` over it `must_not`: true of an
 *   event that lacks the field. `!=` and `not in` are `not`.
 * - A test of a function's result runs as a script: on null it is unknown, and `not` over it too.
 * - `and` and `or` always join queries: what is unknown in them is not so.
 * - `== null` and `!= null` ask whether there is a value.
 *
 * Where only truth matters, unknown and false are the same, so that `definite` is put under `not` alone.
 */
export class ConditionLowering {
  private readonly checker: Checker;

  constructor(checker: Checker) {
    this.checker = checker;
  }

  /** The condition, right where only true counts. */
  lower(expression: Expression): Condition {
    return this.test(expression).condition;
  }

  field(name: FieldName): FieldRef {
    this.checker.typeOf(name);
    return field(this.checker.nameOf(name), name.optional);
  }

  private test(expression: Expression): Test {
    switch (expression.kind) {
      case 'and':
        return { condition: and(...expression.args.map((arg) => this.lower(arg))), scripted: false };
      case 'or':
        return { condition: or(...expression.args.map((arg) => this.lower(arg))), scripted: false };
      case 'not':
        return negate(this.test(expression.arg));
      default: {
        const inner = this.withoutTruth(expression);
        if (inner !== undefined) return inner.negated ? negate(this.test(inner.arg)) : this.test(inner.arg);
        const leaf = this.leaf(expression);
        return leaf.negated ? negate(leaf) : leaf;
      }
    }
  }

  /** The condition inside of an operand, where a script sees unknown as it is. */
  private inScript(expression: Expression): Condition {
    switch (expression.kind) {
      case 'and':
        return and(...expression.args.map((arg) => this.inScript(arg)));
      case 'or':
        return or(...expression.args.map((arg) => this.inScript(arg)));
      case 'not':
        return not(this.inScript(expression.arg));
      default: {
        const inner = this.withoutTruth(expression);
        if (inner !== undefined) {
          const condition = this.inScript(inner.arg);
          return inner.negated ? not(condition) : condition;
        }
        const leaf = this.leaf(expression);
        return leaf.negated ? not(leaf.condition) : leaf.condition;
      }
    }
  }

  /** `C == true` is C and `C == false` is `not C`, for a condition that is no field. */
  private withoutTruth(expression: Expression): { arg: Expression; negated: boolean } | undefined {
    if (expression.kind !== 'comparison' || (expression.op !== '==' && expression.op !== '!='))
      return undefined;
    const { left, right } = expression;
    for (const [arg, truth] of [
      [left, right],
      [right, left],
    ] as const) {
      if (truth.kind !== 'value' || typeof truth.value !== 'boolean') continue;
      if (arg.kind === 'field' || arg.kind === 'value' || this.checker.typeOf(arg) !== 'boolean') continue;
      return { arg, negated: truth.value !== (expression.op === '==') };
    }
    return undefined;
  }

  private leaf(expression: Expression): Leaf {
    switch (expression.kind) {
      case 'comparison':
        return this.comparison(expression);
      case 'in':
        return this.lookup(expression);
      case 'textMatch':
        return this.textMatch(expression);
      case 'call':
        return { ...this.booleanCall(expression), negated: false };
      case 'field':
        if (!['boolean', 'unknown'].includes(this.checker.typeOf(expression)))
          throw this.noCondition(expression);
        return {
          condition: Object.freeze({ kind: 'truthy', operand: this.field(expression) }),
          scripted: false,
          negated: false,
        };
      case 'value':
        if (expression.value === null) return { condition: UNKNOWN, scripted: true, negated: false };
        if (typeof expression.value !== 'boolean') throw this.noCondition(expression);
        return { condition: expression.value ? TRUE : FALSE, scripted: false, negated: false };
      default:
        throw this.noCondition(expression);
    }
  }

  private noCondition(expression: Expression): Error {
    const found = this.checker.name(expression);
    return this.checker.error('EQL_TYPE', `Expected a condition, found ${found}.`, expression.span);
  }

  private comparison(comparison: Comparison): Leaf {
    const { op } = comparison;
    const negated = op === '!=';
    const asked = this.nullCheck(comparison);
    if (asked !== undefined) return { condition: asked, scripted: false, negated: !negated };
    const mirrored = hasField(comparison.right);
    if (mirrored && hasField(comparison.left)) throw this.fieldAgainstField(comparison.right);
    const { left, right } = mirrored ? { left: comparison.right, right: comparison.left } : comparison;
    const constant = this.checker.comparable(left, right);
    const plainOp = negated ? 'eq' : OPS[op];
    const compareOp = mirrored ? MIRRORED[plainOp] : plainOp;
    const condition = compare(compareOp, this.operand(left), this.operand(constant), false);
    return { condition, scripted: left.kind !== 'field', negated };
  }

  /** `x == null` and `x != null`; an optional field that is nowhere is null beside another field. */
  private nullCheck({ op, left, right }: Comparison): Condition | undefined {
    const isNull = (side: Expression, other: Expression): boolean =>
      (side.kind === 'value' && side.value === null) || (this.checker.isUnmapped(side) && hasField(other));
    const [nothing, side] = isNull(right, left) ? [right, left] : isNull(left, right) ? [left, right] : [];
    if (nothing === undefined || side === undefined) return undefined;
    if (op === '==' || op === '!=') return exists(this.operand(side));
    throw this.checker.error(
      'EQL_TYPE',
      `Expected a value to compare by ${quote(op)}, found ${this.checker.name(nothing)}.`,
      nothing.span,
      { hint: 'Only "==" and "!=" compare with null.' },
    );
  }

  private fieldAgainstField(right: Expression): Error {
    return this.checker.error('EQL_UNSUPPORTED', 'Unsupported: comparing a field with a field.', right.span, {
      hint: 'Elasticsearch compares a field with constants only.',
    });
  }

  /** Nulls in the list find nothing. */
  private lookup({ operand, values, ignoreCase, negated }: Lookup): Leaf {
    const scripted = operand.kind !== 'field';
    if (ignoreCase) this.checker.expect('text', operand, 'before "in~"', 'Write "in".');
    const scalars: Scalar[] = [];
    const others: Condition[] = [];
    const left = this.operand(operand);
    for (const written of values) {
      if (hasField(written)) throw this.fieldAgainstField(written);
      if (ignoreCase) this.checker.expect('text', written, 'after "in~"', 'Write "in".');
      const value = this.checker.comparable(operand, written);
      if (value.kind !== 'value') others.push(compare('eq', left, this.operand(value), ignoreCase));
      else if (value.value !== null) scalars.push(value.value);
      else if (scripted) others.push(UNKNOWN);
    }
    const condition = or(...oneOf(left, scalars, ignoreCase), ...others);
    return { condition, scripted, negated };
  }

  private textMatch(match: TextMatch): Leaf {
    const { operand, values, op, ignoreCase } = match;
    const sign = quote(op === ':' || !ignoreCase ? op : `${op}~`);
    const hint = op === ':' ? 'Write "==" for what is no text.' : undefined;
    this.checker.expect('text', operand, `before ${sign}`, hint);
    for (const value of values) {
      if (typeof value.value === 'string') continue;
      const found = this.checker.name(value);
      throw this.checker.error('EQL_TYPE', `Expected a text after ${sign}, found ${found}.`, value.span, {
        hint,
      });
    }
    const left = this.operand(operand);
    const condition = op === 'regex' ? this.regex(left, match) : like(left, values.map(textOf), ignoreCase);
    return { condition, scripted: operand.kind !== 'field', negated: false };
  }

  private regex(operand: Operand, { values, ignoreCase }: TextMatch): Condition {
    for (const value of values) {
      const test = compileRegex(textOf(value), { dialect: 'lucene', ignoreCase });
      if (typeof test === 'function') continue;
      const code = test.kind === 'unsupported' ? 'EQL_UNSUPPORTED' : 'EQL_REGEX';
      throw this.checker.error(code, test.message, value.span);
    }
    const patterns = Object.freeze(values.map(textOf));
    return Object.freeze({ kind: 'regex', operand, patterns, dialect: 'lucene', ignoreCase });
  }

  /** A function in the place of a condition. Tests of a text against a constant become patterns. */
  private booleanCall(call: FunctionCall): Test {
    const { name, returns } = this.checker.signatureOf(call);
    this.checker.checkArguments(call);
    if (returns !== 'boolean') throw this.noCondition(call);
    const [subject, part] = call.args;
    const scripted = subject?.kind !== 'field';
    if (subject === undefined || part === undefined) throw this.noCondition(call);
    if (name === 'cidrMatch') return { condition: this.cidr(subject, call.args.slice(1)), scripted };
    if (part.kind === 'value' && typeof part.value === 'string' && part.value !== '') {
      const patterns = Object.freeze([patternOf(name, part.value)]);
      const operand = this.operand(subject);
      const { ignoreCase } = call;
      return { condition: Object.freeze({ kind: 'like', operand, patterns, ignoreCase }), scripted };
    }
    return { condition: Object.freeze({ kind: 'truthy', operand: this.call(call, name) }), scripted: true };
  }

  private cidr(subject: Expression, ranges: readonly Expression[]): Condition {
    const texts = ranges.map((range) => {
      const text = range.kind === 'value' ? String(range.value) : '';
      if (isRange(text)) return text;
      throw this.checker.error(
        'EQL_TYPE',
        `Expected a range such as "10.0.0.0/8", found ${quote(text)}.`,
        range.span,
      );
    });
    return Object.freeze({ kind: 'cidr', operand: this.operand(subject), ranges: Object.freeze(texts) });
  }

  private operand(expression: Expression): Operand {
    switch (expression.kind) {
      case 'value': {
        const { value, decimal } = expression;
        return decimal ? Object.freeze({ kind: 'literal', value, decimal: true }) : literal(value);
      }
      case 'field':
        return this.field(expression);
      case 'arithmetic': {
        const { op, left, right } = expression;
        for (const side of [left, right]) this.checker.expect('number', side, `beside ${quote(op)}`);
        return call(ARITHMETIC[op], [this.operand(left), this.operand(right)]);
      }
      case 'negation':
        this.checker.expect('number', expression.arg, 'after "-"');
        return call('negate', [this.operand(expression.arg)]);
      case 'call': {
        const { name, returns } = this.checker.signatureOf(expression);
        if (returns === 'boolean') return conditionValue(this.booleanCall(expression).condition);
        this.checker.checkArguments(expression);
        return this.call(expression, name);
      }
      default:
        return conditionValue(this.inScript(expression));
    }
  }

  private call({ args, ignoreCase }: FunctionCall, name: FunctionName): Operand {
    return call(
      name,
      args.map((arg) => this.operand(arg)),
      ignoreCase,
    );
  }
}

/** What a Lucene query cannot find is not so; a script that knows nothing still does not know. */
function negate({ condition, scripted }: Test): Test {
  if (condition === TRUE || condition === FALSE)
    return { condition: condition === TRUE ? FALSE : TRUE, scripted };
  if (condition.kind === 'not') {
    const { arg } = condition;
    return { condition: arg.kind === 'definite' ? arg.arg : arg, scripted };
  }
  const certain = scripted || condition.kind === 'exists' ? condition : definite(condition);
  return { condition: not(certain), scripted };
}

function textOf({ value }: Value): string {
  return String(value);
}

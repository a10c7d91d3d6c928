import type { Fields, FieldType } from '../../rule/index.ts';
import { RuleError, type Source, type Span, suggest } from '../../text/index.ts';
import type { Expression, FieldName, FunctionCall, Value } from './ast.ts';
import { type ArgumentType, type EqlType, FUNCTIONS, OLD_FUNCTIONS, type Signature } from './functions.ts';
import { describe, quote } from './token.ts';

const FIELD_TYPES: Readonly<Record<FieldType, EqlType>> = {
  keyword: 'text',
  number: 'number',
  boolean: 'boolean',
  date: 'date',
  ip: 'ip',
  version: 'version',
};

const TYPE_NAMES: Readonly<Record<EqlType, string>> = {
  text: 'a text',
  number: 'a number',
  boolean: 'a boolean',
  ip: 'an address',
  version: 'a version',
  date: 'a date',
  null: 'null',
  unknown: 'a value',
};

/** What fits where a type is asked for. Addresses, versions and dates are written as texts. */
const FITS: Readonly<Record<Exclude<ArgumentType, 'any'>, readonly EqlType[]>> = {
  text: ['text', 'ip', 'version', 'date', 'null', 'unknown'],
  constantText: ['text'],
  address: ['text', 'ip', 'null', 'unknown'],
  number: ['number', 'null', 'unknown'],
  constantNumber: ['number', 'null'],
  boolean: ['boolean', 'null', 'unknown'],
};

const ASKED_FOR: Readonly<Record<Exclude<ArgumentType, 'any'>, string>> = {
  text: 'a text',
  constantText: 'a text in quotes',
  address: 'an address',
  number: 'a number',
  constantNumber: 'a number',
  boolean: 'true or false',
};

/**
 * Knows what each expression yields, and says what does not fit. Without `fields` a field is `unknown` and fits
 * everywhere.
 */
export class Checker {
  private readonly source: Source;
  private readonly fields: Fields | undefined;

  constructor(source: Source, fields: Fields | undefined) {
    this.source = source;
    this.fields = fields;
  }

  typeOf(expression: Expression): EqlType {
    switch (expression.kind) {
      case 'value':
        if (expression.value === null) return 'null';
        if (typeof expression.value === 'string') return 'text';
        return typeof expression.value === 'boolean' ? 'boolean' : 'number';
      case 'field':
        return this.fieldType(expression);
      case 'arithmetic':
      case 'negation':
        return 'number';
      case 'call':
        return this.signatureOf(expression).returns;
      default:
        return 'boolean';
    }
  }

  /** Whether no table is known to carry the field. Only an optional one gets that far. */
  isUnmapped(expression: Expression): boolean {
    return (
      expression.kind === 'field' &&
      expression.optional &&
      this.fields !== undefined &&
      this.fields.find(this.nameOf(expression)) === undefined
    );
  }

  /** The name of a field; Elasticsearch has no way to ask for one value of several. */
  nameOf(field: FieldName): string {
    if (field.path.some((part) => typeof part === 'number')) {
      throw this.error('EQL_UNSUPPORTED', 'Unsupported: an array index.', field.span, {
        hint: "A test holds when it holds for any of a field's values.",
      });
    }
    return field.path.join('.');
  }

  private fieldType(field: FieldName): EqlType {
    const name = this.nameOf(field);
    if (this.fields === undefined) return 'unknown';
    const found = this.fields.find(name);
    if (found !== undefined) return FIELD_TYPES[found.type];
    if (field.optional) return 'unknown';
    throw this.error('EQL_FIELD', `Unknown field ${quote(name)}.`, field.span, {
      hint: suggest(name, this.fields.names()) ?? `Write ?${name} if events may lack it.`,
    });
  }

  /** Fails unless the expression is what `wanted` asks for. `where` says where that is. */
  expect(wanted: ArgumentType, expression: Expression, where: string, hint?: string): void {
    if (wanted === 'any') return;
    if (wanted.startsWith('constant') && hasField(expression)) {
      throw this.error('EQL_UNSUPPORTED', `Unsupported: a field ${where}.`, expression.span, { hint });
    }
    if (FITS[wanted].includes(this.typeOf(expression))) return;
    throw this.error(
      'EQL_TYPE',
      `Expected ${ASKED_FOR[wanted]} ${where}, found ${this.name(expression)}.`,
      expression.span,
      { hint },
    );
  }

  /**
   * Gives back what is to be compared with `left`, and fails where that makes no sense.
   *
   * Elasticsearch reads a constant as the field's mapping would: 123 as the keyword "123". Here that is taken
   * for a slip, except beside an optional field: its author does not count on how it is mapped.
   */
  comparable(left: Expression, right: Expression): Expression {
    const [a, b] = [this.typeOf(left), this.typeOf(right)];
    if (isComparable(a, b) || isComparable(b, a)) return right;
    if (left.kind === 'field' && left.optional && right.kind === 'value') {
      const read = readAs(a, right);
      if (read !== undefined) return read;
    }
    throw this.error(
      'EQL_TYPE',
      `Expected ${TYPE_NAMES[a]} to compare with ${this.name(left)}, found ${this.name(right)}.`,
      right.span,
      { hint: this.spell(a, right) },
    );
  }

  /** How the author may have meant it: `Write "5".` for the number 5 beside a text. */
  private spell(wanted: EqlType, found: Expression): string | undefined {
    if (found.kind !== 'value') return undefined;
    if (wanted === 'text' && typeof found.value === 'number') return `Write "${found.value}".`;
    if (wanted === 'boolean' && (found.value === 'true' || found.value === 'false'))
      return `Write ${found.value}.`;
    return wanted === 'number' && readAs(wanted, found) !== undefined ? `Write ${found.value}.` : undefined;
  }

  /** Names an expression in an error text: `the number "process.pid"`, `the text "x"`, `a condition`. */
  name(expression: Expression): string {
    const type = this.typeOf(expression);
    switch (expression.kind) {
      case 'field':
        return `${type === 'unknown' ? 'the field' : TYPE_NAMES[type].replace(/^an? /, 'the ')} ${quote(this.nameOf(expression))}`;
      case 'call':
        return `${TYPE_NAMES[type]} from ${quote(expression.name)}`;
      case 'value': {
        if (type === 'null' || type === 'boolean') return String(expression.value);
        const { start, end } = expression.span;
        const text = String(expression.value);
        return describe({ kind: type === 'text' ? 'text' : 'integer', text, value: null, start, end });
      }
      default:
        return TYPE_NAMES[type];
    }
  }

  /** The function of this name, checked against what the call gives it. */
  signatureOf(call: FunctionCall): Signature {
    const found = FUNCTIONS.get(call.name.toLowerCase());
    if (found === undefined) throw this.unknownFunction(call);
    if (call.ignoreCase && !found.ignoresCase) {
      throw this.error('EQL_FUNCTION', `${quote(found.name)} has no form that ignores case.`, call.span, {
        hint: `Write ${found.name}(…).`,
      });
    }
    return found;
  }

  checkArguments(call: FunctionCall): void {
    const { name, takes, atLeast, repeats } = this.signatureOf(call);
    const given = call.args.length;
    const atMost = repeats ? Number.POSITIVE_INFINITY : takes.length;
    if (given < atLeast || given > atMost) {
      const counts = repeats
        ? `at least ${atLeast}`
        : atLeast === atMost
          ? `${atLeast}`
          : `${atLeast} to ${atMost}`;
      const word = counts === '1' || counts === 'at least 1' ? 'argument' : 'arguments';
      throw this.error(
        'EQL_FUNCTION',
        `Expected ${counts} ${word} of ${quote(name)}, found ${given}.`,
        call.span,
      );
    }
    call.args.forEach((arg, index) => {
      const wanted = takes[Math.min(index, takes.length - 1)] ?? 'any';
      this.expect(wanted, arg, `as argument ${index + 1} of ${quote(name)}`);
    });
  }

  private unknownFunction(call: FunctionCall): RuleError {
    const old = OLD_FUNCTIONS.get(call.name.toLowerCase());
    if (old !== undefined) {
      const what = `Unsupported: the function ${quote(call.name)}.`;
      return this.error('EQL_UNSUPPORTED', what, call.span, { hint: old });
    }
    const names = [...FUNCTIONS.values()].map(({ name }) => name);
    return this.error('EQL_FUNCTION', `Unknown function ${quote(call.name)}.`, call.span, {
      hint: suggest(call.name, names),
    });
  }

  error(code: string, message: string, span: Span, more: { hint?: string | undefined } = {}): RuleError {
    const options = { code, source: this.source, span };
    return new RuleError(message, more.hint === undefined ? options : { ...options, hint: more.hint });
  }
}

/** A number as the text of its digits, and the other way round. */
function readAs(wanted: EqlType, constant: Value): Value | undefined {
  const { value, decimal } = constant;
  if (wanted === 'text' && (typeof value === 'number' || typeof value === 'bigint')) {
    const digits = decimal && Number.isInteger(value) ? `${value}.0` : String(value);
    return Object.freeze({ ...constant, value: digits, decimal: false });
  }
  if (wanted !== 'number' || typeof value !== 'string' || !/^-?\d+(\.\d+)?$/.test(value)) return undefined;
  return Object.freeze({ ...constant, value: Number(value), decimal: value.includes('.') });
}

/** Texts stand for addresses, versions and dates; numbers for dates. */
function isComparable(a: EqlType, b: EqlType): boolean {
  if (a === b || a === 'unknown' || a === 'null') return true;
  if (a === 'text') return b === 'ip' || b === 'version' || b === 'date';
  return a === 'number' && b === 'date';
}

/** Whether an expression reads a field of the event, and so is no constant. */
export function hasField(expression: Expression): boolean {
  switch (expression.kind) {
    case 'field':
      return true;
    case 'value':
      return false;
    case 'and':
    case 'or':
    case 'call':
      return expression.args.some(hasField);
    case 'not':
    case 'negation':
      return hasField(expression.arg);
    case 'comparison':
    case 'arithmetic':
      return hasField(expression.left) || hasField(expression.right);
    case 'in':
      return hasField(expression.operand) || expression.values.some(hasField);
    case 'textMatch':
      return hasField(expression.operand);
  }
}

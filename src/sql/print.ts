import { assertNever } from '../rule/index.ts';
import type { Expression, In, Test } from './expression.ts';
import { guarded } from './guards.ts';
import { LONGEST_LIST } from './limits.ts';
import { identifier, quote } from './text.ts';

/** How tightly operators of SQLite bind; only what is printed here. */
const OR = 1;
const AND = 2;
const EQUALITY = 3;
const ORDER = 4;
const ATOM = 9;

/** Prints an expression as SQL. It needs no more parentheses where OR may stand. */
export function printExpression(expression: Expression): string {
  return printAt(guarded(expression), OR);
}

/** Prints with parentheses where it binds less tightly than its place asks. */
function printAt(expression: Expression, place: number): string {
  const text = printBare(expression);
  return bindingOf(expression) < place ? `(${text})` : text;
}

function printBare(expression: Expression): string {
  switch (expression.kind) {
    case 'constant':
      return expression.value ? '1' : '0';
    case 'and':
      return printJoined(expression.args, ' AND ', AND);
    case 'or':
      return printJoined(expression.args, ' OR ', OR);
    case 'not':
      return `${printAt(expression.arg, ORDER)} IS NOT TRUE`;
    default:
      return printTest(expression);
  }
}

/**
 * SQLite reads `a OR b OR c` as a tree as deep as there are terms, and refuses one deeper than 1,000; long ones are
 * halved by parentheses.
 */
function printJoined(args: readonly Expression[], sign: string, binding: number): string {
  if (args.length <= MOST_JOINED) return args.map((arg) => printAt(arg, binding + 1)).join(sign);
  const half = Math.ceil(args.length / 2);
  const [left, right] = [args.slice(0, half), args.slice(half)];
  return `(${printJoined(left, sign, binding)})${sign}(${printJoined(right, sign, binding)})`;
}

const MOST_JOINED = 8;

function printTest(test: Test): string {
  const column = identifier(test.column);
  switch (test.kind) {
    case 'in':
      return printIn(test, column);
    case 'glob':
      return `${column} GLOB ${quote(test.pattern)}`;
    case 'contains':
      return `instr(${column}, ${quote(test.text)}) > 0`;
    case 'order':
      return `${column} ${test.op} ${printNumber(test.value)}`;
    case 'present':
      return `${column} <> ''`;
    case 'flag':
      return column;
    case 'bit':
      return `${column} & ${2n ** BigInt(test.bit)}`;
    case 'between4':
      return `inet_aton(${column}) BETWEEN ${test.from} AND ${test.to}`;
    default:
      return assertNever(test);
  }
}

function printIn({ values }: In, column: string): string {
  const texts = values.map((value) => (typeof value === 'string' ? quote(value) : printNumber(value)));
  if (texts.length === 1) return `${column} = ${texts[0]!}`;
  const lists: string[] = [];
  for (let from = 0; from < texts.length; from += LONGEST_LIST) {
    lists.push(`${column} IN (${texts.slice(from, from + LONGEST_LIST).join(', ')})`);
  }
  return lists.join(' OR ');
}

function bindingOf(expression: Expression): number {
  switch (expression.kind) {
    case 'constant':
    case 'flag':
      return ATOM;
    case 'or':
      return OR;
    case 'and':
      return AND;
    case 'in':
      return expression.values.length > LONGEST_LIST ? OR : EQUALITY;
    case 'contains':
    case 'order':
    case 'bit':
      return ORDER;
    default:
      return EQUALITY;
  }
}

function printNumber(value: number): string {
  if (!Number.isSafeInteger(value)) throw new RangeError(`not a whole number: ${value}`);
  return String(value);
}

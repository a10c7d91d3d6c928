/**
 * A truth in SQL. Tests may be NULL where a column is, which counts as not true; that is enough under `and` and
 * `or`, and `not` is printed as `IS NOT TRUE`, which is never NULL. So every tree stands for a plain yes or no.
 */
export type Expression = Constant | Joined | Not | Test;

export interface Constant {
  readonly kind: 'constant';
  readonly value: boolean;
}

export interface Joined {
  readonly kind: 'and' | 'or';
  readonly args: readonly Expression[];
}

export interface Not {
  readonly kind: 'not';
  readonly arg: Expression;
}

/** Tests of one column, which may be a derived one (`columns.ts`). */
export type Test = In | Glob | Contains | Order | Present | Flag | Bit | Between4;

/** Whether it is one of the values. */
export interface In {
  readonly kind: 'in';
  readonly column: string;
  readonly values: readonly (string | number)[];
}

/** `pattern` is GLOB's own: `*`, `?`, `[…]`. */
export interface Glob {
  readonly kind: 'glob';
  readonly column: string;
  readonly pattern: string;
}

export interface Contains {
  readonly kind: 'contains';
  readonly column: string;
  readonly text: string;
}

export interface Order {
  readonly kind: 'order';
  readonly column: string;
  readonly op: '<' | '<=' | '>' | '>=';
  readonly value: number;
}

/** Neither NULL nor the empty text. */
export interface Present {
  readonly kind: 'present';
  readonly column: string;
}

/** A derived column that is 1 or 0. */
export interface Flag {
  readonly kind: 'flag';
  readonly column: string;
}

/** A bit of an integer. */
export interface Bit {
  readonly kind: 'bit';
  readonly column: string;
  readonly bit: number;
}

/** Whether it is an IPv4 address from `from` to `to`. */
export interface Between4 {
  readonly kind: 'between4';
  readonly column: string;
  readonly from: number;
  readonly to: number;
}

export const YES: Constant = Object.freeze({ kind: 'constant', value: true });
export const NO: Constant = Object.freeze({ kind: 'constant', value: false });

/** Conjunction, made small: nested ones flat, doubles dropped, constants folded. */
export function all(args: readonly Expression[]): Expression {
  return join('and', args, false);
}

/** Disjunction, made small; lists of values of one column become one list. */
export function any(args: readonly Expression[]): Expression {
  return join('or', args, true);
}

export function negate(arg: Expression): Expression {
  if (arg.kind === 'constant') return arg.value ? NO : YES;
  return Object.freeze({ kind: 'not', arg });
}

function join(kind: 'and' | 'or', args: readonly Expression[], strong: boolean): Expression {
  const kept = new Map<string, Expression>();
  for (const arg of args) {
    for (const one of arg.kind === kind ? arg.args : [arg]) {
      if (one.kind !== 'constant') kept.set(keyOf(one), one);
      else if (one.value === strong) return strong ? YES : NO;
    }
  }
  const merged = mergeLists(kind, [...kept.values()]);
  if (merged === null) return NO;
  const left = merged.toSorted((a, b) => costOf(a) - costOf(b));
  if (left.length === 1) return left[0]!;
  return left.length === 0 ? (strong ? NO : YES) : Object.freeze({ kind, args: Object.freeze(left) });
}

/**
 * Lists of values of one column become one list, in which SQLite looks a value up by index: all their values under
 * `or`, those that they share under `and`; null when they share none.
 */
function mergeLists(kind: 'and' | 'or', args: readonly Expression[]): readonly Expression[] | null {
  const merged: Expression[] = [];
  const places = new Map<string, number>();
  for (const arg of args) {
    const key = arg.kind === 'in' ? `${arg.column} ${typeof arg.values[0]}` : null;
    const place = key === null ? undefined : places.get(key);
    if (arg.kind === 'in' && place !== undefined) {
      const before = merged[place] as In;
      const values =
        kind === 'or'
          ? [...new Set([...before.values, ...arg.values])]
          : before.values.filter((value) => arg.values.includes(value));
      if (values.length === 0) return null;
      merged[place] = { ...before, values };
      continue;
    }
    if (key !== null && place === undefined) places.set(key, merged.length);
    merged.push(arg);
  }
  return merged;
}

const MOSTLY_TRUE = 1_000;

/** About how long a test takes for what it decides, so that the best can be asked first. */
export function costOf(expression: Expression): number {
  switch (expression.kind) {
    case 'constant':
      return 0;
    case 'and':
    case 'or':
      return expression.args.reduce((sum, arg) => sum + costOf(arg), 0);
    case 'not':
      // Mostly true, and so worth asking last.
      return MOSTLY_TRUE + costOf(expression.arg);
    case 'in':
      return typeof expression.values[0] === 'number' ? 1 : 2;
    case 'contains':
      return 10;
    case 'glob':
      return 11;
    case 'between4':
      return 20;
    default:
      return 1;
  }
}

const keys = new WeakMap<Expression, string>();

/** The same for expressions that are the same. Made of the keys inside, which are known by then. */
export function keyOf(expression: Expression): string {
  let key = keys.get(expression);
  if (key === undefined) {
    key = makeKey(expression);
    keys.set(expression, key);
  }
  return key;
}

function makeKey(expression: Expression): string {
  switch (expression.kind) {
    case 'and':
    case 'or':
      return `${expression.kind}(${expression.args.map(keyOf).join()})`;
    case 'not':
      return `not(${keyOf(expression.arg)})`;
    default:
      return JSON.stringify(expression);
  }
}

/** Calls back for every test in the tree. */
export function eachTest(expression: Expression, visit: (test: Test) => void): void {
  switch (expression.kind) {
    case 'constant':
      return;
    case 'and':
    case 'or':
      for (const arg of expression.args) eachTest(arg, visit);
      return;
    case 'not':
      eachTest(expression.arg, visit);
      return;
    default:
      visit(expression);
  }
}

/** The columns that expressions test. */
export function columnsIn(expressions: readonly Expression[]): Set<string> {
  const columns = new Set<string>();
  for (const expression of expressions) eachTest(expression, ({ column }) => columns.add(column));
  return columns;
}

/** The expression with a flag's value known. */
export function substitute(expression: Expression, flag: string, value: boolean): Expression {
  switch (expression.kind) {
    case 'and':
      return all(expression.args.map((arg) => substitute(arg, flag, value)));
    case 'or':
      return any(expression.args.map((arg) => substitute(arg, flag, value)));
    case 'not':
      return negate(substitute(expression.arg, flag, value));
    case 'flag':
      return expression.column === flag ? (value ? YES : NO) : expression;
    default:
      return expression;
  }
}

import type { Scalar } from './event.ts';

/**
 * The neutral boolean tree. Every rule language is lowered to it, and SQL, predicates and the rule index are
 * made from it.
 *
 * A condition is true, false or unknown (`null`) of an event, as in Elasticsearch's EQL: a test of a field
 * that the event lacks is unknown, `not` of unknown is unknown, and only true matches. Where a language says
 * otherwise (KQL and Sigma know no unknown; Elasticsearch's `not` over a query it pushes down to Lucene), its
 * lowering says so with `definite`.
 *
 * A test of a field with several values holds when it holds for any of them, and is unknown only when there
 * is none. `!=` is not a kind of its own: it is `not` of `compare eq`.
 */
export type Condition =
  | Constant
  | And
  | Or
  | Not
  | Definite
  | Exists
  | Compare
  | OneOf
  | Like
  | Regex
  | Cidr
  | Truthy;

export interface Constant {
  readonly kind: 'constant';
  readonly value: boolean | null;
}

/** True when all are, false when any is. */
export interface And {
  readonly kind: 'and';
  readonly args: readonly Condition[];
}

/** True when any is, false when all are. */
export interface Or {
  readonly kind: 'or';
  readonly args: readonly Condition[];
}

export interface Not {
  readonly kind: 'not';
  readonly arg: Condition;
}

/** Unknown becomes false: the condition as a query that an event either matches or not. */
export interface Definite {
  readonly kind: 'definite';
  readonly arg: Condition;
}

/** Whether the operand has a value; never unknown. */
export interface Exists {
  readonly kind: 'exists';
  readonly operand: Operand;
}

/**
 * `eq` of two texts is case-sensitive unless `ignoreCase`, which compares what `foldCase` makes of both.
 * Operands of different types: unknown.
 */
export interface Compare {
  readonly kind: 'compare';
  readonly op: CompareOp;
  readonly left: Operand;
  readonly right: Operand;
  readonly ignoreCase: boolean;
}

export type CompareOp = 'eq' | 'lt' | 'le' | 'gt' | 'ge';

/** Whether the operand equals any of the values. */
export interface OneOf {
  readonly kind: 'oneOf';
  readonly operand: Operand;
  readonly values: readonly Scalar[];
  readonly ignoreCase: boolean;
}

/** Whether the whole text fits any of the patterns. */
export interface Like {
  readonly kind: 'like';
  readonly operand: Operand;
  readonly patterns: readonly Pattern[];
  readonly ignoreCase: boolean;
}

/** A wildcard pattern, parsed: texts, `anything` (any run of characters, also none) and `anyOne` (one character). */
export type Pattern = readonly PatternPart[];
export type PatternPart = string | { readonly wild: 'anything' | 'anyOne' };

export const ANYTHING: PatternPart = Object.freeze({ wild: 'anything' });
export const ANY_ONE: PatternPart = Object.freeze({ wild: 'anyOne' });

/** Whether the whole text fits any of the regular expressions. */
export interface Regex {
  readonly kind: 'regex';
  readonly operand: Operand;
  readonly patterns: readonly string[];
  /** `lucene`: Elasticsearch's, anchored. `re2`: Sigma's, unanchored, RE2's syntax. */
  readonly dialect: 'lucene' | 're2';
  readonly ignoreCase: boolean;
}

/** Whether the address lies in any of the ranges, each in CIDR notation or a single address. */
export interface Cidr {
  readonly kind: 'cidr';
  readonly operand: Operand;
  readonly ranges: readonly string[];
}

/** An operand of boolean type used as a condition. */
export interface Truthy {
  readonly kind: 'truthy';
  readonly operand: Operand;
}

/** What a test is about: a field of the event, a literal, a function's result, or a condition's own truth. */
export type Operand = FieldRef | Literal | Call | ConditionValue;

export interface FieldRef {
  readonly kind: 'field';
  readonly name: string;
  /** Written `?name`: null where no table carries it, instead of making the rule unsupported. */
  readonly optional: boolean;
}

export interface Literal {
  readonly kind: 'literal';
  readonly value: Scalar | null;
  /** Written with a decimal point: arithmetic with it is done in doubles, even where it is whole (`4.0`). */
  readonly decimal?: true;
}

/** A function of EQL on operands; arithmetic operators are calls of `add`, `subtract` and so on. */
export interface Call {
  readonly kind: 'call';
  readonly name: FunctionName;
  readonly args: readonly Operand[];
  readonly ignoreCase: boolean;
}

export type FunctionName =
  | 'add'
  | 'subtract'
  | 'multiply'
  | 'divide'
  | 'modulo'
  | 'negate'
  | 'length'
  | 'string'
  | 'number'
  | 'concat'
  | 'between'
  | 'substring'
  | 'indexOf'
  | 'startsWith'
  | 'endsWith'
  | 'stringContains'
  | 'cidrMatch';

export interface ConditionValue {
  readonly kind: 'condition';
  readonly condition: Condition;
}

export const TRUE: Constant = Object.freeze({ kind: 'constant', value: true });
export const FALSE: Constant = Object.freeze({ kind: 'constant', value: false });
export const UNKNOWN: Constant = Object.freeze({ kind: 'constant', value: null });

/** Conjunction; none is TRUE, one is itself. */
export function and(...args: readonly Condition[]): Condition {
  if (args.length === 1) return args[0]!;
  return args.length === 0 ? TRUE : Object.freeze({ kind: 'and', args: Object.freeze([...args]) });
}

/** Disjunction; none is FALSE, one is itself. */
export function or(...args: readonly Condition[]): Condition {
  if (args.length === 1) return args[0]!;
  return args.length === 0 ? FALSE : Object.freeze({ kind: 'or', args: Object.freeze([...args]) });
}

export function not(arg: Condition): Condition {
  return Object.freeze({ kind: 'not', arg });
}

export function definite(arg: Condition): Condition {
  return Object.freeze({ kind: 'definite', arg });
}

export function field(name: string, optional = false): FieldRef {
  return Object.freeze({ kind: 'field', name, optional });
}

export function literal(value: Scalar | null, decimal = false): Literal {
  return Object.freeze(decimal ? { kind: 'literal', value, decimal } : { kind: 'literal', value });
}

import { isIP } from 'node:net';
import {
  ANYTHING,
  type CompareOp,
  type Condition,
  type FunctionName,
  literal,
  type Operand,
  or,
  type Pattern,
  type Scalar,
} from '../../rule/index.ts';
import { fitsAll, hasWildcards, parseWildcards } from './wildcard.ts';

export function compare(op: CompareOp, left: Operand, right: Operand, ignoreCase: boolean): Condition {
  return Object.freeze({ kind: 'compare', op, left, right, ignoreCase });
}

export function exists(operand: Operand): Condition {
  return Object.freeze({ kind: 'exists', operand });
}

export function call(name: FunctionName, args: readonly Operand[], ignoreCase = false): Operand {
  return Object.freeze({ kind: 'call', name, args: Object.freeze(args), ignoreCase });
}

export function conditionValue(condition: Condition): Operand {
  return Object.freeze({ kind: 'condition', condition });
}

/** None for no value, a comparison for one, a list for more. */
export function oneOf(
  operand: Operand,
  values: readonly Scalar[],
  ignoreCase: boolean,
): readonly Condition[] {
  const [first] = values;
  if (first === undefined) return [];
  if (values.length === 1) return [compare('eq', operand, literal(first), ignoreCase)];
  return [Object.freeze({ kind: 'oneOf', operand, values: Object.freeze([...values]), ignoreCase })];
}

/** Patterns without wildcards are plain values; one that fits everything asks for a value only. */
export function like(operand: Operand, texts: readonly string[], ignoreCase: boolean): Condition {
  if (!texts.some(hasWildcards)) return or(...oneOf(operand, texts, ignoreCase));
  const patterns = Object.freeze(texts.map(parseWildcards));
  if (patterns.some(fitsAll)) return exists(operand);
  return Object.freeze({ kind: 'like', operand, patterns, ignoreCase });
}

export function patternOf(name: FunctionName, part: string): Pattern {
  if (name === 'startsWith') return Object.freeze([part, ANYTHING]);
  if (name === 'endsWith') return Object.freeze([ANYTHING, part]);
  return Object.freeze([ANYTHING, part, ANYTHING]);
}

/** A single address, or one with the length of its prefix. */
export function isRange(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  const family = address.includes('%') ? 0 : isIP(address);
  if (family === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}

import { ANYTHING, type Condition, type Operand, type Pattern, type Scalar } from '../rule/index.ts';
import { patternsOfRegex } from './regex-patterns.ts';

/** What a test asks of one value, in the terms of SQL. Any of the patterns; any of the numbers. */
export interface Wanted {
  readonly patterns: readonly Pattern[];
  readonly ignoreCase: boolean;
  readonly numbers: readonly number[];
  /** Whether the test says more, or less, than this. */
  readonly exact: boolean;
}

/** Null where SQL cannot ask for it. */
export function wantedBy(condition: Condition): Wanted | null {
  switch (condition.kind) {
    case 'compare': {
      const literal = condition.right.kind === 'literal' ? condition.right : condition.left;
      if (literal.kind !== 'literal' || literal.value === null) return null;
      return wantedValues([literal.value], condition.ignoreCase);
    }
    case 'oneOf':
      return wantedValues(condition.values, condition.ignoreCase);
    case 'like':
      return texts(condition.patterns, condition.ignoreCase, true);
    case 'regex': {
      const found = condition.patterns.map((pattern) => patternsOfRegex(pattern, condition.dialect));
      if (found.includes(null)) return null;
      const known = found.filter((one) => one !== null);
      return texts(
        known.flatMap(({ patterns }) => patterns),
        condition.ignoreCase,
        known.every(({ exact }) => exact),
      );
    }
    case 'truthy':
      return wantedByCall(condition.operand);
    default:
      return null;
  }
}

function texts(patterns: readonly Pattern[], ignoreCase: boolean, exact: boolean): Wanted {
  return { patterns, ignoreCase, numbers: [], exact };
}

function wantedValues(values: readonly Scalar[], ignoreCase: boolean): Wanted | null {
  if (values.some((value) => typeof value === 'bigint')) return null;
  const numbers = values.filter((value) => typeof value === 'number' && Number.isInteger(value));
  if (numbers.some((value) => !Number.isSafeInteger(value))) return null;
  const patterns = values.filter((value) => typeof value === 'string').map((text) => [text]);
  return { patterns, ignoreCase, numbers: numbers as number[], exact: true };
}

function wantedByCall(operand: Operand): Wanted | null {
  if (operand.kind !== 'call' || operand.args.length !== 2) return null;
  const [, literal] = operand.args;
  if (literal?.kind !== 'literal' || typeof literal.value !== 'string' || literal.value === '') return null;
  switch (operand.name) {
    case 'startsWith':
      return texts([[literal.value, ANYTHING]], operand.ignoreCase, true);
    case 'endsWith':
      return texts([[ANYTHING, literal.value]], operand.ignoreCase, true);
    case 'stringContains':
      return texts([[ANYTHING, literal.value, ANYTHING]], operand.ignoreCase, true);
    default:
      return null;
  }
}

/** The constants that a test compares with. */
export function literalsOf(condition: Condition): readonly Scalar[] {
  if (condition.kind === 'oneOf') return condition.values;
  if (condition.kind !== 'compare') return [''];
  const literal = condition.right.kind === 'literal' ? condition.right : condition.left;
  return literal.kind === 'literal' && literal.value !== null ? [literal.value] : [];
}

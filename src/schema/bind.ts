import {
  type Condition,
  compileRegex,
  FALSE,
  foldCase,
  literal,
  type Operand,
  type Pattern,
  type PatternPart,
  type Scalar,
  simplify,
  TRUE,
  transform,
  UNKNOWN,
  type Value,
} from '../rule/index.ts';
import type { FieldSource, TableSpec } from './table.ts';

/**
 * What a condition still asks of a table: the same truth on every event of it, with the fields that the table
 * lacks read as null, those that are the same in every row as their value, and tests decided where every text
 * that a column can have decides them alike.
 */
export function bindCondition(condition: Condition, table: TableSpec): Condition {
  return simplify(
    transform(
      condition,
      (inner) => decided(inner, table),
      (operand) => bound(operand, table),
    ),
  );
}

function bound(operand: Operand, table: TableSpec): Operand {
  if (operand.kind !== 'field') return operand;
  const source = table.fields.get(operand.name);
  if (source === undefined) return literal(null);
  const { derivation } = source;
  if (derivation.kind !== 'constant' || !comparesPlainly(source)) return operand;
  return derivation.value === null || isScalar(derivation.value) ? literal(derivation.value) : operand;
}

function decided(condition: Condition, table: TableSpec): Condition {
  const operand = soleOperand(condition);
  const values = operand === null ? null : possibleValues(operand, table);
  if (values === null || values.length === 0) return condition;
  const truths = new Set(values.map((value) => decideTest(condition, value)));
  const [truth] = truths;
  return truths.size !== 1 || truth === undefined
    ? condition
    : truth === null
      ? UNKNOWN
      : truth
        ? TRUE
        : FALSE;
}

/** The operand that a test asks about, when all else in it is literal. */
export function soleOperand(condition: Condition): Operand | null {
  switch (condition.kind) {
    case 'exists':
    case 'oneOf':
    case 'like':
    case 'regex':
    case 'truthy':
      return condition.operand;
    case 'compare':
      return condition.right.kind === 'literal' ? condition.left : null;
    default:
      return null;
  }
}

/** All that an operand can be in events of the table; null when that is not known. */
function possibleValues(operand: Operand, table: TableSpec): readonly Value[] | null {
  if (operand.kind === 'literal') return [operand.value];
  const source = operand.kind === 'field' ? table.fields.get(operand.name) : undefined;
  if (source === undefined || !comparesPlainly(source)) return null;
  return valuesOf(source);
}

/** All that a field can be in events of its table; null when that is not known. */
export function valuesOf({ derivation, among }: FieldSource): readonly Value[] | null {
  if (derivation.kind === 'constant') return [derivation.value];
  if (derivation.kind === 'cases') return [...Object.values(derivation.cases), derivation.otherwise];
  return among === null ? null : [...among, null];
}

export function comparesPlainly({ type }: FieldSource): boolean {
  return type === 'keyword' || type === 'number' || type === 'boolean';
}

function isScalar(value: Value): value is Scalar {
  return value !== null && typeof value !== 'object';
}

/**
 * What a test of one operand says when the operand is `value`: true, false, null for unknown, undefined when it
 * cannot be said here (arithmetic, addresses, dates, mixed types). What the test compares with must be literal.
 */
export function decideTest(test: Condition, value: Value): boolean | null | undefined {
  if (test.kind === 'exists') return value !== null;
  if (value === null) return null;
  const truths = (isScalar(value) ? [value] : value).map((one) => decideScalar(test, one));
  if (truths.includes(true)) return true;
  return truths.every((truth) => truth === false) ? false : undefined;
}

function decideScalar(test: Condition, value: Scalar): boolean | undefined {
  switch (test.kind) {
    case 'compare':
      if (test.op !== 'eq' || test.right.kind !== 'literal' || test.right.value === null) return undefined;
      return equals(value, test.right.value, test.ignoreCase);
    case 'oneOf':
      return any(test.values.map((one) => equals(value, one, test.ignoreCase)));
    case 'like':
      if (typeof value !== 'string') return undefined;
      return test.patterns.some((pattern) => fits(value, pattern, test.ignoreCase));
    case 'regex':
      if (typeof value !== 'string') return undefined;
      return any(
        test.patterns.map((pattern) => {
          const fitsRegex = compileRegex(pattern, test);
          return typeof fitsRegex === 'function' ? fitsRegex(value) : undefined;
        }),
      );
    case 'truthy':
      return typeof value === 'boolean' ? value : undefined;
    default:
      return undefined;
  }
}

function any(truths: readonly (boolean | undefined)[]): boolean | undefined {
  if (truths.includes(true)) return true;
  return truths.includes(undefined) ? undefined : false;
}

function equals(a: Scalar, b: Scalar, ignoreCase: boolean): boolean | undefined {
  if (typeof a !== typeof b) return undefined;
  return ignoreCase && typeof a === 'string' ? foldCase(a) === foldCase(b as string) : a === b;
}

/** Whether the whole text fits the pattern; the texts it is asked of are short and our own. */
function fits(text: string, pattern: Pattern, ignoreCase: boolean): boolean {
  const characters = [...(ignoreCase ? foldCase(text) : text)];
  const wanted: readonly PatternPart[] = pattern.flatMap((part): readonly PatternPart[] =>
    typeof part === 'string' ? [...(ignoreCase ? foldCase(part) : part)] : [part],
  );
  let places = new Set([0]);
  for (const part of wanted) {
    const next = new Set<number>();
    for (const place of places) {
      if (typeof part === 'object' && part.wild === 'anything') {
        for (let end = place; end <= characters.length; end++) next.add(end);
      } else if (place < characters.length && (typeof part === 'object' || part === characters[place])) {
        next.add(place + 1);
      }
    }
    places = next;
  }
  return places.has(characters.length);
}

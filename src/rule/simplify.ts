import { and, type Condition, definite, FALSE, not, or, TRUE, UNKNOWN } from './condition.ts';
import { transform } from './walk.ts';

/**
 * Gives back a condition with the same truth on every event, made smaller: constants folded, nested `and`
 * and `or` made flat, double negation removed, doubled arguments dropped.
 */
export function simplify(condition: Condition): Condition {
  return transform(condition, step);
}

function step(condition: Condition): Condition {
  switch (condition.kind) {
    case 'and':
      return joined(condition, 'and', FALSE, TRUE);
    case 'or':
      return joined(condition, 'or', TRUE, FALSE);
    case 'not':
      return negated(condition.arg);
    case 'definite':
      return definitely(condition.arg);
    case 'exists':
      return condition.operand.kind === 'literal' ? constant(condition.operand.value !== null) : condition;
    case 'truthy':
      if (condition.operand.kind === 'condition') return condition.operand.condition;
      if (condition.operand.kind !== 'literal') return condition;
      return typeof condition.operand.value === 'boolean' ? constant(condition.operand.value) : UNKNOWN;
    case 'compare':
      return isNull(condition.left) || isNull(condition.right) ? UNKNOWN : condition;
    case 'oneOf':
    case 'like':
    case 'regex':
    case 'cidr':
      return isNull(condition.operand) ? UNKNOWN : condition;
    case 'constant':
      return condition;
  }
}

function isNull(operand: { readonly kind: string; readonly value?: unknown }): boolean {
  return operand.kind === 'literal' && operand.value === null;
}

function constant(value: boolean): Condition {
  return value ? TRUE : FALSE;
}

/** `strong` decides alone (FALSE in a conjunction), `weak` changes nothing; UNKNOWN stays, once. */
function joined(
  condition: Condition & { readonly args: readonly Condition[] },
  kind: 'and' | 'or',
  strong: Condition,
  weak: Condition,
): Condition {
  const kept = new Map<string, Condition>();
  for (const arg of condition.args) {
    for (const one of arg.kind === kind ? arg.args : [arg]) {
      if (isConstant(one, strong)) return strong;
      if (!isConstant(one, weak)) kept.set(keyOf(one), one);
    }
  }
  return kind === 'and' ? and(...kept.values()) : or(...kept.values());
}

function isConstant(condition: Condition, other: Condition): boolean {
  return condition.kind === 'constant' && other.kind === 'constant' && condition.value === other.value;
}

function keyOf(condition: Condition): string {
  return JSON.stringify(condition, (_, value: unknown) =>
    typeof value === 'bigint' ? `${value}n` : Object.is(value, -0) ? '-0' : value,
  );
}

function negated(arg: Condition): Condition {
  if (arg.kind === 'not') return arg.arg;
  if (arg.kind === 'constant') return arg.value === null ? UNKNOWN : constant(!arg.value);
  return not(arg);
}

function definitely(arg: Condition): Condition {
  if (arg.kind === 'constant') return constant(arg.value === true);
  return arg.kind === 'definite' || arg.kind === 'exists' ? arg : definite(arg);
}

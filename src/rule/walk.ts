import type { Condition, Operand } from './condition.ts';
import { assertNever } from './never.ts';

/** Calls back for every condition in the tree, outer before inner, also those inside of operands. */
export function walk(condition: Condition, visit: (condition: Condition) => void): void {
  visit(condition);
  switch (condition.kind) {
    case 'and':
    case 'or':
      for (const arg of condition.args) walk(arg, visit);
      return;
    case 'not':
    case 'definite':
      walk(condition.arg, visit);
      return;
    case 'constant':
      return;
    default:
      for (const operand of operandsOf(condition)) walkOperand(operand, visit);
  }
}

function walkOperand(operand: Operand, visit: (condition: Condition) => void): void {
  if (operand.kind === 'condition') walk(operand.condition, visit);
  if (operand.kind === 'call') for (const arg of operand.args) walkOperand(arg, visit);
}

/** The operands that a condition tests itself, without those of conditions inside it. */
export function operandsOf(condition: Condition): readonly Operand[] {
  switch (condition.kind) {
    case 'compare':
      return [condition.left, condition.right];
    case 'exists':
    case 'oneOf':
    case 'like':
    case 'regex':
    case 'cidr':
    case 'truthy':
      return [condition.operand];
    case 'and':
    case 'or':
    case 'not':
    case 'definite':
    case 'constant':
      return [];
    default:
      return assertNever(condition);
  }
}

/** Every field that a condition reads, with whether all its uses are optional (`?name`). */
export function fieldsOf(condition: Condition): Map<string, { optional: boolean }> {
  const found = new Map<string, { optional: boolean }>();
  const add = (operand: Operand): void => {
    if (operand.kind === 'field') {
      const before = found.get(operand.name);
      found.set(operand.name, { optional: operand.optional && (before?.optional ?? true) });
    }
    if (operand.kind === 'call') operand.args.forEach(add);
  };
  walk(condition, (inner) => {
    operandsOf(inner).forEach(add);
  });
  return found;
}

/** Builds a condition anew, inner before outer: `change` gets each one with its insides already changed. */
export function transform(
  condition: Condition,
  change: (condition: Condition) => Condition,
  changeOperand: (operand: Operand) => Operand = (operand) => operand,
): Condition {
  const inside = (operand: Operand): Operand => {
    switch (operand.kind) {
      case 'field':
      case 'literal':
        return changeOperand(operand);
      case 'call':
        return changeOperand(Object.freeze({ ...operand, args: operand.args.map(inside) }));
      case 'condition':
        return changeOperand(
          Object.freeze({ ...operand, condition: transform(operand.condition, change, changeOperand) }),
        );
      default:
        return assertNever(operand);
    }
  };
  const rebuild = (): Condition => {
    switch (condition.kind) {
      case 'and':
      case 'or':
        return { ...condition, args: condition.args.map((arg) => transform(arg, change, changeOperand)) };
      case 'not':
      case 'definite':
        return { ...condition, arg: transform(condition.arg, change, changeOperand) };
      case 'compare':
        return { ...condition, left: inside(condition.left), right: inside(condition.right) };
      case 'exists':
      case 'oneOf':
      case 'like':
      case 'regex':
      case 'cidr':
      case 'truthy':
        return { ...condition, operand: inside(condition.operand) };
      case 'constant':
        return condition;
      default:
        return assertNever(condition);
    }
  };
  return change(Object.freeze(rebuild()));
}

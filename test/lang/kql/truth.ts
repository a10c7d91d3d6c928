import type { Literal, Node } from '../../../src/lang/kql/index.ts';
import type { Condition, Operand, Scalar, Value } from '../../../src/rule/index.ts';

export type Row = Readonly<Record<string, Value>>;

/** Kleene's truth of a lowered condition, for the kinds that KQL without text and IP fields makes. */
export function truthOf(condition: Condition, row: Row): boolean | null {
  switch (condition.kind) {
    case 'constant':
      return condition.value;
    case 'and': {
      const truths = condition.args.map((arg) => truthOf(arg, row));
      return truths.includes(false) ? false : truths.includes(null) ? null : true;
    }
    case 'or': {
      const truths = condition.args.map((arg) => truthOf(arg, row));
      return truths.includes(true) ? true : truths.includes(null) ? null : false;
    }
    case 'not': {
      const truth = truthOf(condition.arg, row);
      return truth === null ? null : !truth;
    }
    case 'definite':
      return truthOf(condition.arg, row) === true;
    case 'exists':
      return valuesOf(condition.operand, row).length > 0;
    case 'oneOf':
      return any(condition.operand, row, (value) => condition.values.includes(value));
    case 'like':
      return any(condition.operand, row, (value) =>
        condition.patterns.some((pattern) =>
          fits(
            pattern.map((part) => (typeof part === 'string' ? part : null)),
            String(value),
          ),
        ),
      );
    case 'compare': {
      const { op, left, right } = condition;
      const bound = right.kind === 'literal' ? right.value : null;
      const same = valuesOf(left, row).filter((value) => typeof value === typeof bound);
      if (same.length === 0) return null;
      return same.some((value) => inRange(op, value, bound as Scalar));
    }
    default:
      throw new Error(`no truth of ${condition.kind}`);
  }
}

function any(operand: Operand, row: Row, holds: (value: Scalar) => boolean): boolean | null {
  const values = valuesOf(operand, row);
  return values.length === 0 ? null : values.some(holds);
}

function valuesOf(operand: Operand, row: Row): readonly Scalar[] {
  const value = operand.kind === 'field' ? (row[operand.name] ?? null) : null;
  return value === null ? [] : Array.isArray(value) ? value : [value as Scalar];
}

/** What KQL says of a document, read from the tree: every test is true or false of any of the field's values. */
export function matches(node: Node, row: Row, path = ''): boolean {
  switch (node.kind) {
    case 'and':
      return node.args.every((arg) => matches(arg, row, path));
    case 'or':
      return node.args.some((arg) => matches(arg, row, path));
    case 'not':
      return !matches(node.arg, row, path);
    case 'nested': {
      const child = `${path}${textOf(node.path)}.`;
      return (
        Object.entries(row).some(([name, value]) => name.startsWith(child) && value !== null) &&
        matches(node.arg, row, child)
      );
    }
    case 'is':
      return documentValues(path, node.field, row).some((value) => isValue(node.value, value));
    case 'range':
      return documentValues(path, node.field, row).some((value) => {
        const bound = typeof value === 'number' ? Number(textOf(node.value)) : textOf(node.value);
        return inRange(node.op, value, bound);
      });
  }
}

function documentValues(path: string, name: Literal | null, row: Row): readonly Scalar[] {
  return valuesOf({ kind: 'field', name: `${path}${textOf(name!)}`, optional: false }, row);
}

/** Reads the literal as the value's own type. */
function isValue(literal: Literal, value: Scalar): boolean {
  if (literal.kind === 'wildcard') {
    return fits(
      literal.pattern.map((part) => (typeof part === 'string' ? part : null)),
      String(value),
    );
  }
  const text = textOf(literal);
  if (typeof value === 'number') return text !== '' && Number(text) === value;
  return typeof value === 'boolean' ? text === String(value) : text === value;
}

function textOf(literal: Literal): string {
  if (literal.kind === 'wildcard') throw new Error('a wildcard is no text');
  return String(literal.value);
}

function inRange(op: string, value: Scalar, bound: Scalar): boolean {
  return (
    { lt: value < bound, le: value <= bound, gt: value > bound, ge: value >= bound, eq: value === bound }[
      op
    ] ?? false
  );
}

/** Whether the texts follow each other in the value, with anything where a part is null. */
function fits(parts: readonly (string | null)[], value: string): boolean {
  const [first, ...rest] = parts;
  if (first === undefined) return value === '';
  if (first !== null) return value.startsWith(first) && fits(rest, value.slice(first.length));
  return Array.from({ length: value.length + 1 }, (_, i) => i).some((i) => fits(rest, value.slice(i)));
}

import type { Condition, Operand, Pattern } from './condition.ts';
import type { Scalar } from './event.ts';
import { assertNever } from './never.ts';

const SIGNS = { eq: '==', lt: '<', le: '<=', gt: '>', ge: '>=' } as const;

/** Prints a condition on one line, for people and goldens; no rule language reads it back. */
export function printCondition(condition: Condition): string {
  switch (condition.kind) {
    case 'constant':
      return condition.value === null ? 'unknown' : String(condition.value);
    case 'and':
    case 'or':
      return condition.args.map(grouped).join(` ${condition.kind} `);
    case 'not':
      return `not ${grouped(condition.arg)}`;
    case 'definite':
      return `definite(${printCondition(condition.arg)})`;
    case 'exists':
      return `exists(${printOperand(condition.operand)})`;
    case 'compare':
      return `${printOperand(condition.left)} ${SIGNS[condition.op]}${tilde(condition)} ${printOperand(condition.right)}`;
    case 'oneOf':
      return `${printOperand(condition.operand)} in${tilde(condition)} (${condition.values.map(printScalar).join(', ')})`;
    case 'like':
      return `${printOperand(condition.operand)} like${tilde(condition)} (${condition.patterns.map(printPattern).join(', ')})`;
    case 'regex':
      return `${printOperand(condition.operand)} ${condition.dialect}${tilde(condition)} (${condition.patterns.map(printScalar).join(', ')})`;
    case 'cidr':
      return `${printOperand(condition.operand)} cidr (${condition.ranges.map(printScalar).join(', ')})`;
    case 'truthy':
      return printOperand(condition.operand);
    default:
      return assertNever(condition);
  }
}

function grouped(condition: Condition): string {
  const text = printCondition(condition);
  return condition.kind === 'and' || condition.kind === 'or' ? `(${text})` : text;
}

function tilde(condition: { readonly ignoreCase: boolean }): string {
  return condition.ignoreCase ? '~' : '';
}

function printOperand(operand: Operand): string {
  switch (operand.kind) {
    case 'field':
      return operand.optional ? `?${operand.name}` : operand.name;
    case 'literal':
      if (operand.decimal && Number.isInteger(operand.value)) return `${operand.value}.0`;
      return operand.value === null ? 'null' : printScalar(operand.value);
    case 'call':
      return `${operand.name}${tilde(operand)}(${operand.args.map(printOperand).join(', ')})`;
    case 'condition':
      return `(${printCondition(operand.condition)})`;
    default:
      return assertNever(operand);
  }
}

function printScalar(value: Scalar): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}

/** Wildcards as `*` and `?`; the same characters in a text are escaped with a backslash. */
function printPattern(pattern: Pattern): string {
  const parts = pattern.map((part) => {
    if (typeof part === 'string') return part.replace(/[\\*?]/g, '\\$&');
    return part.wild === 'anything' ? '*' : '?';
  });
  return JSON.stringify(parts.join(''));
}

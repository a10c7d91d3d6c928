import { type Condition, type Operand, operandsOf, type Scalar } from '../../rule/index.ts';

/**
 * Numbers conditions: those that are the same have the same number, from 0 on. What is asked once is known by the
 * object from then on, so that conditions must not be changed.
 */
export class AlikeConditions {
  private readonly numbers = new WeakMap<Condition, number>();
  private readonly byText = new Map<string, number>();

  numberOf(condition: Condition): number {
    const known = this.numbers.get(condition);
    if (known !== undefined) return known;
    const text = this.textOf(condition);
    const number = this.byText.get(text) ?? this.byText.size;
    this.byText.set(text, number);
    this.numbers.set(condition, number);
    return number;
  }

  private textOf(condition: Condition): string {
    switch (condition.kind) {
      case 'and':
      case 'or':
        return `${condition.kind} ${condition.args.map((arg) => this.numberOf(arg)).join(' ')}`;
      case 'not':
      case 'definite':
        return `${condition.kind} ${this.numberOf(condition.arg)}`;
      default:
        if (operandsOf(condition).some(({ kind }) => kind === 'condition')) return `own ${this.byText.size}`;
        // Without a function to call for each part, JSON is made several times as fast.
        return isInJson(condition) ? JSON.stringify(condition) : JSON.stringify(condition, typed);
    }
  }
}

/** Whether JSON keeps apart all that a condition compares with. */
function isInJson(condition: Condition): boolean {
  return (
    operandsOf(condition).every(isOperandInJson) &&
    (condition.kind !== 'oneOf' || condition.values.every(isNoNumber))
  );
}

function isOperandInJson(operand: Operand): boolean {
  if (operand.kind === 'call') return operand.args.every(isOperandInJson);
  return operand.kind === 'field' || (operand.kind === 'literal' && isNoNumber(operand.value));
}

function isNoNumber(value: Scalar | null): boolean {
  return typeof value !== 'number' && typeof value !== 'bigint';
}

/** Keeps apart what JSON does not: 1 and 1n, 0 and -0. */
function typed(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') return { bigint: `${value}` };
  if (typeof value !== 'number' || (Number.isFinite(value) && !Object.is(value, -0))) return value;
  return { number: Object.is(value, -0) ? '-0' : `${value}` };
}

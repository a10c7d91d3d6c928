import type { Scalar, Value } from '../../rule/index.ts';
import { constantTest, isList, type Tested } from './closure.ts';
import type { Reader } from './operand.ts';
import type { TextTest } from './wildcard.ts';

/** Tests one value: null when it is not of a type that the test is about. */
export type ScalarTest = (value: Scalar) => boolean | null;

/**
 * A test of an operand's texts. True when any passes; false when there are texts and none passes; values of
 * other types do not count.
 */
export function textLeaf(reader: Reader, passes: TextTest, price: number): Tested {
  const { constant, slot, read } = reader;
  if (constant !== undefined) return constantTest(typeof constant === 'string' ? passes(constant) : null);
  const cost = reader.cost + price;
  if (slot === null) {
    return {
      yes: (event) => textPasses(read(event), passes),
      no: (event) => textFails(read(event), passes),
      cost,
    };
  }
  return {
    yes: (event) => {
      const value = event.get(slot);
      return typeof value === 'string' ? passes(value) : textPasses(value, passes);
    },
    no: (event) => {
      const value = event.get(slot);
      return typeof value === 'string' ? !passes(value) : textFails(value, passes);
    },
    cost,
  };
}

function textPasses(value: Value, passes: TextTest): boolean {
  if (typeof value === 'string') return passes(value);
  if (!isList(value)) return false;
  for (let i = 0; i < value.length; i += 1) {
    const one = value[i];
    if (typeof one === 'string' && passes(one)) return true;
  }
  return false;
}

function textFails(value: Value, passes: TextTest): boolean {
  if (typeof value === 'string') return !passes(value);
  return isList(value) && value.some((one) => typeof one === 'string') && !textPasses(value, passes);
}

/** A test of an operand's values of any type, otherwise as `textLeaf`. */
export function scalarLeaf(reader: Reader, test: ScalarTest, price: number): Tested {
  const { constant, read } = reader;
  if (constant !== undefined) return constantTest(constant === null ? null : test(constant));
  return {
    yes: (event) => outcome(read(event), test) === true,
    no: (event) => outcome(read(event), test) === false,
    cost: reader.cost + price,
  };
}

/** A test of two operands' values, every one of the left with every one of the right. */
export function pairLeaf(
  left: Reader,
  right: Reader,
  test: (left: Scalar, right: Scalar) => boolean | null,
): Tested {
  const decide = (a: Value, b: Value): boolean | null =>
    outcome(a, (one) => outcome(b, (other) => test(one, other)));
  return {
    yes: (event) => decide(left.read(event), right.read(event)) === true,
    no: (event) => decide(left.read(event), right.read(event)) === false,
    cost: left.cost + right.cost + 1,
  };
}

function outcome(value: Value, test: ScalarTest): boolean | null {
  if (value === null) return null;
  if (!isList(value)) return test(value);
  let decided: boolean | null = null;
  for (let i = 0; i < value.length; i += 1) {
    const one = test(value[i]!);
    if (one === true) return true;
    if (one === false) decided = false;
  }
  return decided;
}

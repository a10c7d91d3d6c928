import { assertNever, type Condition, type Fields, type Operand } from '../rule/index.ts';
import { allOf, anyOf, type Costed, constantTest, negated, type Predicate, type Tested } from './closure.ts';
import { testCidr, testCompare, testExists, testLike, testOneOf, testRegex, testTruthy } from './leaves.ts';
import { compileOperand, type Reader } from './operand.ts';

/**
 * Compiles a condition to closures. Fields that `fields` does not know read as null. Throws when a regular
 * expression or a range of addresses in it cannot be run; what is compiled never throws.
 *
 * Three-valued logic is compiled away: each condition has a closure for "is true" and one for "is false", `not`
 * takes the other one, and `definite` makes false of what is not true. So at run time everything is boolean.
 */
export function compileCondition(condition: Condition, fields: Fields): Predicate {
  return whenTrue(condition, fields).test;
}

/** As `compileCondition`, with the rough cost of asking. */
export function compileTest(condition: Condition, fields: Fields): Costed {
  return whenTrue(condition, fields);
}

/** Compiles an operand that stands alone, such as a join key. */
export function compileReader(operand: Operand, fields: Fields): Reader {
  return compileOperand(operand, fields, (inner) => testBoth(inner.condition, fields));
}

function whenTrue(condition: Condition, fields: Fields): Costed {
  switch (condition.kind) {
    case 'and':
      return allOf(condition.args.map((arg) => whenTrue(arg, fields)));
    case 'or':
      return anyOf(condition.args.map((arg) => whenTrue(arg, fields)));
    case 'not':
      return whenFalse(condition.arg, fields);
    case 'definite':
      return whenTrue(condition.arg, fields);
    default: {
      const { yes, cost } = testLeaf(condition, fields);
      return { test: yes, cost };
    }
  }
}

function whenFalse(condition: Condition, fields: Fields): Costed {
  switch (condition.kind) {
    case 'and':
      return anyOf(condition.args.map((arg) => whenFalse(arg, fields)));
    case 'or':
      return allOf(condition.args.map((arg) => whenFalse(arg, fields)));
    case 'not':
      return whenTrue(condition.arg, fields);
    case 'definite':
      return negated(whenTrue(condition.arg, fields));
    default: {
      const { no, cost } = testLeaf(condition, fields);
      return { test: no, cost };
    }
  }
}

type Leaf = Exclude<Condition, { kind: 'and' | 'or' | 'not' | 'definite' }>;

function testLeaf(condition: Leaf, fields: Fields): Tested {
  const reader = (operand: Operand): Reader => compileReader(operand, fields);
  switch (condition.kind) {
    case 'constant':
      return constantTest(condition.value);
    case 'exists':
      return testExists(reader(condition.operand));
    case 'truthy':
      return condition.operand.kind === 'condition'
        ? testBoth(condition.operand.condition, fields)
        : testTruthy(reader(condition.operand));
    case 'compare':
      return testCompare(condition, reader(condition.left), reader(condition.right));
    case 'oneOf':
      return testOneOf(condition, reader(condition.operand));
    case 'like':
      return testLike(condition, reader(condition.operand));
    case 'regex':
      return testRegex(condition, reader(condition.operand));
    case 'cidr':
      return testCidr(condition, reader(condition.operand));
    default:
      return assertNever(condition);
  }
}

function testBoth(condition: Condition, fields: Fields): Tested {
  const [yes, no] = [whenTrue(condition, fields), whenFalse(condition, fields)];
  return { yes: yes.test, no: no.test, cost: yes.cost + no.cost };
}

import { assertNever, type Condition, type Fields, type Operand } from '../../rule/index.ts';
import { allOf, anyOf, type Costed, constantTest, negated, type Predicate, type Tested } from './closure.ts';
import { testCidr, testCompare, testExists, testLike, testOneOf, testRegex, testTruthy } from './leaves.ts';
import { compileOperand, type Reader } from './operand.ts';
import type { SharedTests } from './shared-tests.ts';

/**
 * Compiles a condition to closures. Fields that `fields` does not know read as null. Throws when a regular
 * expression or a range of addresses in it cannot be run; what is compiled never throws.
 *
 * Three-valued logic is compiled away: each condition has a closure for "is true" and one for "is false", `not`
 * takes the other one, and `definite` makes false of what is not true. So at run time everything is boolean.
 */
export function compileCondition(condition: Condition, fields: Fields): Predicate {
  return whenTrue(condition, { fields, shared: null }).test;
}

/** As `compileCondition`, with the rough cost of asking; `shared` keeps tests that other conditions have too. */
export function compileTest(condition: Condition, fields: Fields, shared?: SharedTests): Costed {
  return whenTrue(condition, { fields, shared: shared ?? null });
}

/** Compiles an operand that stands alone, such as a join key. */
export function compileReader(operand: Operand, fields: Fields): Reader {
  return readerOf(operand, { fields, shared: null });
}

/** What conditions are compiled with. */
interface Context {
  readonly fields: Fields;
  readonly shared: SharedTests | null;
}

function readerOf(operand: Operand, context: Context): Reader {
  return compileOperand(operand, context.fields, (inner) => testBoth(inner.condition, context));
}

function whenTrue(condition: Condition, context: Context): Costed {
  const make = (): Costed => makeTrue(condition, context);
  return context.shared === null ? make() : context.shared.side(condition, true, make);
}

function whenFalse(condition: Condition, context: Context): Costed {
  const make = (): Costed => makeFalse(condition, context);
  return context.shared === null ? make() : context.shared.side(condition, false, make);
}

function makeTrue(condition: Condition, context: Context): Costed {
  switch (condition.kind) {
    case 'and':
      return allOf(condition.args.map((arg) => whenTrue(arg, context)));
    case 'or':
      return anyOf(condition.args.map((arg) => whenTrue(arg, context)));
    case 'not':
      return whenFalse(condition.arg, context);
    case 'definite':
      return whenTrue(condition.arg, context);
    default: {
      const { yes, cost } = testLeaf(condition, context);
      return { test: yes, cost };
    }
  }
}

function makeFalse(condition: Condition, context: Context): Costed {
  switch (condition.kind) {
    case 'and':
      return anyOf(condition.args.map((arg) => whenFalse(arg, context)));
    case 'or':
      return allOf(condition.args.map((arg) => whenFalse(arg, context)));
    case 'not':
      return whenTrue(condition.arg, context);
    case 'definite':
      return unlessTrue(condition.arg, context);
    default: {
      const { no, cost } = testLeaf(condition, context);
      return { test: no, cost };
    }
  }
}

/** Whether a condition is false or unknown. */
function unlessTrue(condition: Condition, context: Context): Costed {
  switch (condition.kind) {
    case 'and':
      return anyOf(condition.args.map((arg) => unlessTrue(arg, context)));
    case 'or':
      return allOf(condition.args.map((arg) => unlessTrue(arg, context)));
    case 'definite':
      return unlessTrue(condition.arg, context);
    default:
      return negated(whenTrue(condition, context));
  }
}

type Leaf = Exclude<Condition, { kind: 'and' | 'or' | 'not' | 'definite' }>;

function testLeaf(condition: Leaf, context: Context): Tested {
  const reader = (operand: Operand): Reader => readerOf(operand, context);
  switch (condition.kind) {
    case 'constant':
      return constantTest(condition.value);
    case 'exists':
      return testExists(reader(condition.operand));
    case 'truthy':
      return condition.operand.kind === 'condition'
        ? testBoth(condition.operand.condition, context)
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

function testBoth(condition: Condition, context: Context): Tested {
  const [yes, no] = [whenTrue(condition, context), whenFalse(condition, context)];
  return { yes: yes.test, no: no.test, cost: yes.cost + no.cost };
}

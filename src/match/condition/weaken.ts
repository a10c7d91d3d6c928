import type { Condition } from '../../rule/index.ts';

type Leaf = Exclude<Condition, { kind: 'and' | 'or' | 'not' | 'definite' }>;

/**
 * The condition as far as some of its tests tell: true of every event that it is true of, whatever the other tests
 * say. Those are taken for what helps: for true, or under `not` for false.
 */
export function weaken(condition: Condition, isKept: (test: Leaf) => boolean): Condition {
  return towards(true, condition, isKept);
}

function towards(value: boolean, condition: Condition, isKept: (test: Leaf) => boolean): Condition {
  switch (condition.kind) {
    case 'and':
    case 'or':
      return { ...condition, args: condition.args.map((arg) => towards(value, arg, isKept)) };
    case 'not':
      return { ...condition, arg: towards(!value, condition.arg, isKept) };
    case 'definite':
      return { ...condition, arg: towards(value, condition.arg, isKept) };
    default:
      return isKept(condition) ? condition : { kind: 'constant', value };
  }
}

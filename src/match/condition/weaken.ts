import { type Condition, type Field, type Fields, fieldsOf } from '../../rule/index.ts';

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

/** Whether a condition asks for no other fields than these; one that no event has says the same of all. */
export function asksOnly(condition: Condition, fields: Fields, isOne: (field: Field) => boolean): boolean {
  return [...fieldsOf(condition).keys()].every((name) => {
    const field = fields.find(name);
    return field === undefined || isOne(field);
  });
}

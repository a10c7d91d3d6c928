import test from 'ava';
import fc from 'fast-check';
import { compileCondition } from '../../../src/match/index.ts';
import {
  ANY_ONE,
  ANYTHING,
  type Call,
  type Compare,
  type Condition,
  definite,
  type Event,
  field,
  foldCase,
  literal,
  not,
  type Operand,
  type Pattern,
  type Scalar,
  simplify,
  type Value,
} from '../../../src/rule/index.ts';
import { flatFields } from '../flat-event.ts';

const fields = flatFields({
  a: 'keyword',
  b: 'keyword',
  n: 'number',
  m: 'number',
  flag: 'boolean',
});

/** The meaning of a condition, said as plainly as possible: the oracle of the compiler. */
function truth(condition: Condition, event: Event): boolean | null {
  switch (condition.kind) {
    case 'constant':
      return condition.value;
    case 'and': {
      const all = condition.args.map((arg) => truth(arg, event));
      return all.includes(false) ? false : all.includes(null) ? null : true;
    }
    case 'or': {
      const all = condition.args.map((arg) => truth(arg, event));
      return all.includes(true) ? true : all.includes(null) ? null : false;
    }
    case 'not': {
      const inner = truth(condition.arg, event);
      return inner === null ? null : !inner;
    }
    case 'definite':
      return truth(condition.arg, event) === true;
    case 'exists':
      return valuesOf(condition.operand, event).length > 0;
    case 'truthy':
      return any(valuesOf(condition.operand, event), (value) => (typeof value === 'boolean' ? value : null));
    case 'compare':
      return any(valuesOf(condition.left, event), (left) =>
        any(valuesOf(condition.right, event), (right) => compared(condition, left, right)),
      );
    case 'oneOf':
      return any(valuesOf(condition.operand, event), (value) => {
        const same = condition.values.filter((other) => typeof other === typeof value);
        if (same.length === 0 && condition.values.length > 0) return null;
        return same.some(
          (other) => cased(other, condition.ignoreCase) === cased(value, condition.ignoreCase),
        );
      });
    case 'like':
      return any(valuesOf(condition.operand, event), (value) => {
        if (typeof value !== 'string') return null;
        return condition.patterns.some((pattern) => fits(pattern, value, condition.ignoreCase));
      });
    default:
      throw new Error(`not generated: ${condition.kind}`);
  }
}

function any<T>(values: readonly T[], test: (value: T) => boolean | null): boolean | null {
  const all = values.map(test);
  return all.includes(true) ? true : all.includes(false) ? false : null;
}

function compared({ op, ignoreCase }: Compare, a: Scalar, b: Scalar): boolean | null {
  if (typeof a !== typeof b) return null;
  const [left, right] = [cased(a, ignoreCase), cased(b, ignoreCase)];
  switch (op) {
    case 'eq':
      return left === right;
    case 'lt':
      return left < right;
    case 'le':
      return left <= right;
    case 'gt':
      return left > right;
    case 'ge':
      return left >= right;
  }
}

function cased(value: Scalar, ignoreCase: boolean): Scalar {
  return ignoreCase && typeof value === 'string' ? foldCase(value) : value;
}

/** Wildcards by trying every split. */
function fits(pattern: Pattern, text: string, ignoreCase: boolean): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return text === '';
  if (typeof first === 'string') {
    const head = text.slice(0, first.length);
    return (
      cased(head, ignoreCase) === cased(first, ignoreCase) && fits(rest, text.slice(first.length), ignoreCase)
    );
  }
  const points = [...text];
  if (first.wild === 'anyOne') return points.length > 0 && fits(rest, points.slice(1).join(''), ignoreCase);
  return points.concat('').some((_, i) => fits(rest, points.slice(i).join(''), ignoreCase));
}

function valuesOf(operand: Operand, event: Event): Scalar[] {
  switch (operand.kind) {
    case 'literal':
      return operand.value === null ? [] : [operand.value];
    case 'field': {
      const known = fields.find(operand.name);
      return known === undefined ? [] : listOf(event.get(known.slot));
    }
    case 'condition': {
      const value = truth(operand.condition, event);
      return value === null ? [] : [value];
    }
    case 'call':
      return callValues(operand, event);
  }
}

function listOf(value: Value): Scalar[] {
  return value === null ? [] : typeof value === 'object' ? [...value] : [value];
}

/** `length` and `concat` stand for all functions here; each has its own table of cases elsewhere. */
function callValues({ name, args }: Call, event: Event): Scalar[] {
  const lists = args.map((arg) => valuesOf(arg, event));
  if (name === 'length')
    return lists[0]!.filter((value) => typeof value === 'string').map(({ length }) => length);
  const product = lists.reduce<Scalar[][]>(
    (sofar, list) => sofar.flatMap((some) => list.map((one) => [...some, one])),
    [[]],
  );
  return product.map((values) => values.join(''));
}

const texts = fc.constantFrom(
  '',
  'a',
  'A',
  'ab',
  'aB',
  'abc',
  'ba',
  'ß',
  'ẞ',
  'K',
  'k',
  '😀',
  'a😀b',
  'x*y',
  '*',
);
const numbers = fc.constantFrom(-1, 0, 1, 2, 2.5, 3);
const scalars: fc.Arbitrary<Scalar> = fc.oneof(texts, numbers, fc.boolean());

function optionalList<T>(one: fc.Arbitrary<T>): fc.Arbitrary<unknown> {
  return fc.oneof(
    { weight: 3, arbitrary: one },
    fc.constant(null),
    fc.array(fc.option(one), { maxLength: 3 }),
  );
}

const events = fc
  .record({
    a: optionalList(texts),
    b: optionalList(texts),
    n: optionalList(numbers),
    m: optionalList(numbers),
    flag: optionalList(fc.boolean()),
  })
  .map((row) => fields.event(row));

const patterns: fc.Arbitrary<Pattern> = fc.array(
  fc.oneof(fc.constantFrom('a', 'b', 'A', '', 'ab', '😀', 'k'), fc.constantFrom(ANYTHING, ANY_ONE)),
  { maxLength: 6 },
);

const { condition } = fc.letrec<{ condition: Condition; operand: Operand }>((tie) => ({
  operand: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom('a', 'b', 'n', 'm', 'flag', 'none').map((name) => field(name)),
    fc.option(scalars, { freq: 6 }).map((value) => literal(value)),
    tie('operand').map((arg): Operand => ({ kind: 'call', name: 'length', args: [arg], ignoreCase: false })),
    fc
      .array(tie('operand'), { minLength: 1, maxLength: 2 })
      .map((args): Operand => ({ kind: 'call', name: 'concat', args, ignoreCase: false })),
    tie('condition').map((inner): Operand => ({ kind: 'condition', condition: inner })),
  ),
  condition: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(true, false, null).map((value): Condition => ({ kind: 'constant', value })),
    tie('operand').map((operand): Condition => ({ kind: 'exists', operand })),
    tie('operand').map((operand): Condition => ({ kind: 'truthy', operand })),
    fc
      .record({
        op: fc.constantFrom('eq', 'eq', 'lt', 'le', 'gt', 'ge'),
        left: tie('operand'),
        right: tie('operand'),
        ignoreCase: fc.boolean(),
      })
      .map((parts): Condition => ({ kind: 'compare', ...parts })),
    fc
      .record({
        operand: tie('operand'),
        values: fc.array(scalars, { maxLength: 4 }),
        ignoreCase: fc.boolean(),
      })
      .map((parts): Condition => ({ kind: 'oneOf', ...parts })),
    fc
      .record({
        operand: tie('operand'),
        patterns: fc.array(patterns, { minLength: 1, maxLength: 3 }),
        ignoreCase: fc.boolean(),
      })
      .map((parts): Condition => ({ kind: 'like', ...parts })),
    fc
      .tuple(fc.constantFrom('and', 'or'), fc.array(tie('condition'), { maxLength: 4 }))
      .map(([kind, args]): Condition => ({ kind, args })),
    tie('condition').map(not),
    tie('condition').map(definite),
  ),
}));

test('a compiled condition agrees with three-valued logic on every event', (t) => {
  fc.assert(
    fc.property(condition, events, (any, event) => {
      const wanted = truth(any, event);
      return (
        compileCondition(any, fields)(event) === (wanted === true) &&
        compileCondition(not(any), fields)(event) === (wanted === false)
      );
    }),
    { numRuns: 5000 },
  );
  t.pass();
});

test('simplifying a condition keeps its truth on every event', (t) => {
  fc.assert(
    fc.property(condition, events, (any, event) => truth(simplify(any), event) === truth(any, event)),
    { numRuns: 5000 },
  );
  t.pass();
});

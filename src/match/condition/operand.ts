import {
  assertNever,
  type Call,
  type Event,
  type Fields,
  type FieldType,
  type Operand,
  type Scalar,
  type Value,
} from '../../rule/index.ts';
import { isList, type Tested } from './closure.ts';
import { type CallSite, compileFunction, isDecimal, type ScalarFunction } from './functions.ts';

/** An operand, ready to be read from events. */
export interface Reader {
  read(event: Event): Value;
  /** Where a plain field is, so that tests can ask the event themselves; else null. */
  readonly slot: number | null;
  /** How a plain field's values compare; else null. */
  readonly type: FieldType | null;
  /** The value, where every event gives the same; else undefined. */
  readonly constant: Scalar | null | undefined;
  /** Whether numbers are doubles even where they are whole. */
  readonly decimal: boolean;
  readonly cost: number;
}

/** A call on fields with several values tries this many combinations; the rest is left out. */
const MOST_COMBINATIONS = 1000;
const CALL_COST = 8;

/** Compiles an operand; `test` compiles the conditions inside it. A field that `fields` lacks is null. */
export function compileOperand(
  operand: Operand,
  fields: Fields,
  test: (operand: Operand & { kind: 'condition' }) => Tested,
): Reader {
  switch (operand.kind) {
    case 'literal':
      return constantReader(operand.value, operand.decimal === true);
    case 'field': {
      const field = fields.find(operand.name);
      if (field === undefined) return constantReader(null, false);
      const { slot, type } = field;
      return { read: (event) => event.get(slot), slot, type, constant: undefined, decimal: false, cost: 1 };
    }
    case 'call':
      return compileCall(
        operand,
        operand.args.map((arg) => compileOperand(arg, fields, test)),
      );
    case 'condition': {
      const { yes, no, cost } = test(operand);
      const read = (event: Event): Value => (yes(event) ? true : no(event) ? false : null);
      return { read, slot: null, type: 'boolean', constant: undefined, decimal: false, cost };
    }
    default:
      return assertNever(operand);
  }
}

function constantReader(value: Scalar | null, decimal: boolean): Reader {
  return { read: () => value, slot: null, type: null, constant: value, decimal, cost: 0 };
}

function compileCall(call: Call, args: readonly Reader[]): Reader {
  const site: CallSite = {
    ignoreCase: call.ignoreCase,
    decimals: args.map(({ decimal }) => decimal),
    constants: args.map(({ constant }) => constant),
  };
  const apply = compileFunction(call.name, site);
  if (args.every(({ constant }) => constant !== undefined)) {
    return constantReader(apply(args.map(({ constant }) => constant ?? null)), givesDecimal(call, site));
  }
  return {
    read: (event) =>
      applyToAll(
        apply,
        args.map((arg) => arg.read(event)),
      ),
    slot: null,
    type: null,
    constant: undefined,
    decimal: givesDecimal(call, site),
    cost: args.reduce((sum, { cost }) => sum + cost, CALL_COST),
  };
}

function givesDecimal({ name }: Call, site: CallSite): boolean {
  switch (name) {
    case 'add':
    case 'subtract':
    case 'multiply':
    case 'divide':
    case 'modulo':
    case 'negate':
      return isDecimal(site);
    case 'number':
      return (
        typeof site.constants[0] === 'string' &&
        /[.eE]/.test(site.constants[0]) &&
        site.constants.length === 1
      );
    default:
      return false;
  }
}

/** Applies a function to every combination of its arguments' values; nulls among the results are left out. */
function applyToAll(apply: ScalarFunction, values: readonly Value[]): Value {
  if (!values.some(isList)) return apply(values as readonly (Scalar | null)[]);
  const results: Scalar[] = [];
  const chosen: (Scalar | null)[] = new Array(values.length).fill(null);
  let tried = 0;
  const choose = (at: number): void => {
    if (tried >= MOST_COMBINATIONS) return;
    if (at === values.length) {
      tried += 1;
      const result = apply(chosen);
      if (result !== null) results.push(result);
      return;
    }
    const value = values[at] ?? null;
    for (const one of isList(value) ? value : [value]) {
      chosen[at] = one;
      choose(at + 1);
    }
  };
  choose(0);
  return results.length === 0 ? null : results;
}

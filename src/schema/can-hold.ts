import {
  type Condition,
  type EventQuery,
  fieldsOf,
  type Operand,
  operandsOf,
  type Scalar,
  type Value,
} from '../rule/index.ts';
import { comparesPlainly, decideTest, soleOperand, valuesOf } from './bind.ts';
import type { Schema } from './schema.ts';
import type { FieldSource, Switch, TableSpec } from './table.ts';

/** What a condition can be, as bits. */
const TRUE = 1;
const FALSE = 2;
const UNKNOWN = 4;
const ANY = TRUE | FALSE | UNKNOWN;

/** The values that fields have where one column's text is assumed; null is any text that decides nothing. */
interface Assumption {
  readonly column: string;
  readonly text: string | null;
  readonly values: ReadonlyMap<string, Value>;
}

/**
 * Whether a condition can be true of an event of the table, as far as its fields tell: those that the table
 * lacks are null, and those that a column decides have the values of one text at a time, so that
 * `event.type == "start" and event.action == "deletion"` holds of no row. False is certain, true is not.
 */
export function canHold(condition: Condition, table: TableSpec): boolean {
  if (!isPossible(condition, table, NOTHING_ASSUMED)) return false;
  return distinct(assumptionsOf(table), condition).some((assumed) => isPossible(condition, table, assumed));
}

/** The event tables that may have events of a query, as far as `canHold` tells. */
export function tablesThatHold({ category, condition }: EventQuery, { tablesOf }: Schema): readonly string[] {
  return tablesOf(category).flatMap((table) => (canHold(condition, table) ? table.name : []));
}

/** Of assumptions that say the same of all fields that a condition asks for, one. */
function distinct(assumptions: readonly Assumption[], condition: Condition): readonly Assumption[] {
  const asked = [...(assumptions[0]?.values.keys() ?? [])].filter((name) => fieldsIn(condition).has(name));
  if (asked.length === 0) return assumptions.slice(0, 1);
  if (assumptions.length < FEW) return assumptions;
  const kept = new Map<string, Assumption>();
  for (const assumed of assumptions) {
    kept.set(JSON.stringify(asked.map((name) => assumed.values.get(name))), assumed);
  }
  return [...kept.values()];
}

/** Fewer are asked one by one. */
const FEW = 16;

function fieldsIn(condition: Condition): ReadonlyMap<string, unknown> {
  let fields = FIELDS_IN.get(condition);
  if (fields === undefined) {
    fields = fieldsOf(condition);
    FIELDS_IN.set(condition, fields);
  }
  return fields;
}

const FIELDS_IN = new WeakMap<Condition, ReadonlyMap<string, unknown>>();

/**
 * The switches of the table whose rows a condition asks for: rows pass that only one of these texts makes, and a row
 * of any other text would not. `only` where no other row can pass.
 */
export function switchesFor(
  condition: Condition,
  table: TableSpec,
): readonly { readonly flag: string; readonly only: boolean }[] {
  if (table.switches.length === 0) return [];
  const possible = assumptionsOf(table).filter((assumed) => isPossible(condition, table, assumed));
  if (possible.some(({ text }) => text === null)) return [];
  return table.switches.flatMap((one) => {
    const switched = possible.filter((assumed) => isSwitched(assumed, one));
    return switched.length === 0 ? [] : [{ flag: one.flag, only: switched.length === possible.length }];
  });
}

function isSwitched({ column, text }: Assumption, { column: switching, texts }: Switch): boolean {
  return column === switching && text !== null && texts.includes(text);
}

function isPossible(condition: Condition, table: TableSpec, assumed: Assumption): boolean {
  return (truthsOf(condition, table, assumed.values) & TRUE) !== 0;
}

const NOTHING_ASSUMED: Assumption = { column: '', text: null, values: new Map() };

/** One assumption for each text of the column that decides the most fields, and one for all other texts. */
function assumptionsOf(table: TableSpec): readonly Assumption[] {
  let made = ASSUMPTIONS.get(table);
  if (made === undefined) {
    made = makeAssumptions(table);
    ASSUMPTIONS.set(table, made);
  }
  return made;
}

const ASSUMPTIONS = new WeakMap<TableSpec, readonly Assumption[]>();

function makeAssumptions(table: TableSpec): readonly Assumption[] {
  return table.kinds === null ? byColumn(table) : byKind(table, table.kinds);
}

/** One assumption for each kind of event, and one for an event of none. */
function byKind(table: TableSpec, kinds: readonly Readonly<Record<string, Value>>[]): readonly Assumption[] {
  const fields = Object.keys(kinds[0] ?? {}).filter(
    (name) => (table.fields.get(name)?.among ?? null) !== null,
  );
  return [...kinds, {}].map((kind: Readonly<Record<string, Value>>) => ({
    ...NOTHING_ASSUMED,
    values: new Map(fields.map((name) => [name, kind[name] ?? null])),
  }));
}

function byColumn(table: TableSpec): readonly Assumption[] {
  const decided = [...table.fields.values()].flatMap(({ field, derivation }) =>
    derivation.kind === 'cases' ? [{ field, ...derivation }] : [],
  );
  const columns = [...Map.groupBy(decided, ({ column }) => column)].sort(
    ([, a], [, b]) => b.length - a.length,
  );
  const [column, fields] = columns[0] ?? ['', []];
  const texts = new Set<string | null>(fields.flatMap(({ cases }) => Object.keys(cases)));
  return [...texts.add(null)].map((text) => {
    const values = new Map(
      fields.map(({ field, cases, otherwise }): [string, Value] => [
        field,
        text !== null && Object.hasOwn(cases, text) ? cases[text]! : otherwise,
      ]),
    );
    return { column, text, values };
  });
}

type Assumed = Assumption['values'];

function truthsOf(condition: Condition, table: TableSpec, assumed: Assumed): number {
  switch (condition.kind) {
    case 'constant':
      return bitOf(condition.value);
    case 'and': {
      const truths = condition.args.map((arg) => truthsOf(arg, table, assumed));
      return joined(truths, TRUE, FALSE);
    }
    case 'or': {
      const truths = condition.args.map((arg) => truthsOf(arg, table, assumed));
      return joined(truths, FALSE, TRUE);
    }
    case 'not': {
      const inner = truthsOf(condition.arg, table, assumed);
      return (inner & TRUE ? FALSE : 0) | (inner & FALSE ? TRUE : 0) | (inner & UNKNOWN);
    }
    case 'definite': {
      const inner = truthsOf(condition.arg, table, assumed);
      return (inner & TRUE) | (inner & (FALSE | UNKNOWN) ? FALSE : 0);
    }
    default:
      return leafTruths(condition, table, assumed);
  }
}

/** `strong` decides alone, `weak` needs all; unknown is what one is when none decides. */
function joined(truths: readonly number[], weak: number, strong: number): number {
  const any = truths.reduce((sum, truth) => sum | truth, 0);
  const all = truths.every((truth) => (truth & weak) !== 0);
  const undecided = truths.every((truth) => (truth & (weak | UNKNOWN)) !== 0);
  return (all ? weak : 0) | (any & strong) | (undecided ? any & UNKNOWN : 0);
}

function leafTruths(test: Condition, table: TableSpec, assumed: Assumed): number {
  const operand = soleOperand(test);
  if (operand === null) return operandsOf(test).some((one) => isNull(one, table)) ? UNKNOWN : ANY;
  if (operand.kind === 'condition') {
    return test.kind === 'truthy' ? truthsOf(operand.condition, table, assumed) : ANY;
  }
  if (isNull(operand, table)) return bitOf(decideTest(test, null) ?? null);
  const source = operand.kind === 'field' ? table.fields.get(operand.name) : undefined;
  if (source === undefined || !comparesPlainly(source)) return ANY;
  const value = assumed.get(source.field);
  return value === undefined ? knownTruths(test, source) : assumedTruths(test, value);
}

/** Assumed values are the same objects each time, and asked of the same tests again and again. */
function assumedTruths(test: Condition, value: Value): number {
  const byValue = ASSUMED.get(test) ?? new Map<Value, number>();
  ASSUMED.set(test, byValue);
  let truths = byValue.get(value);
  if (truths === undefined) {
    truths = truthsAmong(test, [value]);
    byValue.set(value, truths);
  }
  return truths;
}

const ASSUMED = new WeakMap<Condition, Map<Value, number>>();

/** What a test can be of a field's values. Asked again and again of the same tests, so remembered. */
function knownTruths(test: Condition, source: FieldSource): number {
  const bySource = KNOWN.get(test) ?? new Map<FieldSource, number>();
  KNOWN.set(test, bySource);
  let truths = bySource.get(source);
  if (truths === undefined) {
    const values = valuesOf(source);
    const any = comparesWith(test, source.type) ? ANY : FALSE | UNKNOWN;
    truths = values === null ? any : truthsAmong(test, values);
    bySource.set(source, truths);
  }
  return truths;
}

const KNOWN = new WeakMap<Condition, Map<FieldSource, number>>();

function truthsAmong(test: Condition, values: readonly Value[]): number {
  return values.reduce<number>((sum, one) => {
    const truth = decideTest(test, one);
    return sum | (truth === undefined ? ANY : bitOf(truth));
  }, 0);
}

/** Every function of nothing is nothing; what follows its first argument may have a default. */
function isNull(operand: Operand, table: TableSpec): boolean {
  switch (operand.kind) {
    case 'field':
      return !table.fields.has(operand.name);
    case 'literal':
      return operand.value === null;
    case 'call':
      return operand.args[0] !== undefined && isNull(operand.args[0], table);
    case 'condition':
      return false;
  }
}

/** Whether what a test compares with has a value of the field's type; a text is never equal to a number. */
function comparesWith(test: Condition, type: string): boolean {
  const scalars: readonly (Scalar | null)[] | null =
    test.kind === 'oneOf'
      ? test.values
      : test.kind === 'compare' && test.right.kind === 'literal'
        ? [test.right.value]
        : null;
  return scalars === null || scalars.some((scalar) => typeOf(scalar) === type);
}

function typeOf(scalar: Scalar | null): string {
  if (typeof scalar === 'string') return 'keyword';
  return typeof scalar === 'bigint' ? 'number' : typeof scalar;
}

function bitOf(truth: boolean | null): number {
  return truth === null ? UNKNOWN : truth ? TRUE : FALSE;
}

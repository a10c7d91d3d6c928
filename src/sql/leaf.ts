import type { Condition, Operand, Value } from '../rule/index.ts';
import { decideTest, type TableSpec } from '../schema/index.ts';
import { ANYTHING_GOES, type Approximation, anyOf, same, widened } from './approximation.ts';
import { matchRanges } from './cidr.ts';
import { all, any, type Expression, NO, negate, YES } from './expression.ts';
import { matchWanted } from './match-wanted.ts';
import { type Reading, readingOf, typeOf } from './reading.ts';
import { literalsOf, wantedBy } from './wanted.ts';

/** A test that is true, false or unknown of an event: approximations of its being true and of its being false. */
export interface Truth {
  readonly yes: Approximation;
  readonly no: Approximation;
}

export const OPEN: Truth = Object.freeze({ yes: ANYTHING_GOES, no: ANYTHING_GOES });

/** How SQL sees a test on a row of the table. `open` where it sees nothing. */
export function leafTruth(condition: Condition, table: TableSpec): Truth {
  const operand = operandOf(condition);
  if (operand === null || operand.kind !== 'field') return OPEN;
  const reading = readingOf(operand.name, table);
  if (reading.kind === 'hidden') return OPEN;
  if (reading.kind === 'cases') return casesTruth(condition, reading, table);
  const present = presenceOf(reading);
  if (condition.kind === 'exists') return { yes: present, no: opposite(present) };
  const isAddress = table.fields.get(operand.name)?.type === 'ip';
  const yes = isAddress ? addressTruth(condition, reading) : plainTruth(condition, reading);
  return yes === null
    ? OPEN
    : { yes, no: isAddress ? within(present, yes, NO) : typed(condition, reading, present, yes) };
}

/** The field that a test is about, where the rest of it is literal. */
function operandOf(condition: Condition): Operand | null {
  switch (condition.kind) {
    case 'exists':
    case 'oneOf':
    case 'like':
    case 'regex':
    case 'cidr':
      return condition.operand;
    case 'compare':
      if (condition.right.kind === 'literal') return condition.left;
      return condition.left.kind === 'literal' ? condition.right : null;
    case 'truthy': {
      const { operand } = condition;
      return operand.kind === 'call' ? (operand.args[0] ?? null) : operand;
    }
    default:
      return null;
  }
}

function opposite({ over, under }: Approximation): Approximation {
  return { over: negate(under), under: negate(over) };
}

/** False, not unknown, is a test whose operand has a value and that is not true. */
function within(present: Approximation, yes: Approximation, under?: Expression): Approximation {
  return {
    over: all([present.over, negate(yes.under)]),
    under: under ?? all([present.under, negate(yes.over)]),
  };
}

const NUMERIC: ReadonlySet<Reading['kind']> = new Set(['number', 'numbers', 'count']);

/** A test of texts is unknown of a number and the other way round. */
function typed(
  condition: Condition,
  reading: Reading,
  present: Approximation,
  yes: Approximation,
): Approximation {
  const wanted = literalsOf(condition);
  const isNumber = NUMERIC.has(reading.kind);
  const fitting = wanted.filter((value) =>
    isNumber ? typeof value === 'number' || typeof value === 'bigint' : typeof value === 'string',
  );
  if (wanted.length > 0 && fitting.length === 0) return { over: NO, under: NO };
  return within(present, yes);
}

function presenceOf(reading: Reading): Approximation {
  switch (reading.kind) {
    case 'texts':
      return same(any(reading.columns.map((column) => ({ kind: 'present', column }))));
    case 'number':
    case 'digits':
      return same({ kind: 'present', column: reading.column });
    case 'words':
      return { over: YES, under: NO };
    case 'line':
      return same({ kind: 'present', column: 'command_line' });
    case 'quoted':
      return { over: { kind: 'present', column: reading.column }, under: NO };
    default:
      return ANYTHING_GOES;
  }
}

function plainTruth(condition: Condition, reading: Reading): Approximation | null {
  if (condition.kind === 'compare' && condition.op !== 'eq') return orderTruth(condition, reading);
  const wanted = wantedBy(condition);
  if (wanted === null) return null;
  const { over, under } = matchWanted(wanted, reading);
  return wanted.exact ? { over, under } : { over, under: NO };
}

const ORDERS = { lt: '<', le: '<=', gt: '>', ge: '>=' } as const;
const MIRRORED = { lt: 'gt', le: 'ge', gt: 'lt', ge: 'le' } as const;

function orderTruth(
  condition: Extract<Condition, { kind: 'compare' }>,
  reading: Reading,
): Approximation | null {
  const literal = condition.right.kind === 'literal' ? condition.right : condition.left;
  if (condition.op === 'eq' || !NUMERIC.has(reading.kind) || literal.kind !== 'literal') return null;
  if (typeof literal.value !== 'number') return typeof literal.value === 'string' ? same(NO) : null;
  if (!Number.isSafeInteger(literal.value)) return null;
  const op = ORDERS[literal === condition.right ? condition.op : MIRRORED[condition.op]];
  const { value } = literal;
  switch (reading.kind) {
    case 'number':
      return same({ kind: 'order', column: reading.column, op, value });
    case 'numbers':
      return widened(same(any(reading.columns.map((column) => ({ kind: 'order', column, op, value })))));
    default:
      // As many words as there are spaces between them, and one; fewer where several spaces follow each other.
      return widened(
        same(op.startsWith('>') ? { kind: 'order', column: 'spaces', op, value: value - 1 } : YES),
      );
  }
}

/** Addresses are equal when they are the same address, however written, and equal a range that they lie in. */
function addressTruth(condition: Condition, reading: Reading): Approximation | null {
  if (reading.kind !== 'texts' && reading.kind !== 'part') return null;
  const ranges =
    condition.kind === 'cidr'
      ? condition.ranges
      : condition.kind === 'oneOf' || (condition.kind === 'compare' && condition.op === 'eq')
        ? literalsOf(condition)
        : null;
  if (ranges === null || !ranges.every((range) => typeof range === 'string')) return null;
  const found = anyOf(reading.columns.map((column) => matchRanges(column, ranges)));
  return reading.kind === 'part' ? widened(found) : found;
}

/** One column's text decides: those texts for which the test is true, and those for which it is false. */
function casesTruth(
  condition: Condition,
  reading: Extract<Reading, { kind: 'cases' }>,
  table: TableSpec,
): Truth {
  const { column, cases, otherwise } = reading;
  const isText = typeOf(column, table) === 'TEXT';
  const truthOf = (value: Value): boolean | null | undefined => decideTest(oriented(condition), value);
  const texts = Object.entries(cases).map(([text, value]) => ({ text, truth: truthOf(value) }));
  const rest = truthOf(otherwise);
  const set = (passes: (truth: boolean | null | undefined) => boolean): Expression => {
    const among = texts.filter(({ truth }) => passes(truth) !== passes(rest)).map(({ text }) => text);
    const values = isText ? among : among.map(Number);
    const listed: Expression = values.length === 0 ? NO : { kind: 'in', column, values };
    return passes(rest) ? negate(listed) : listed;
  };
  return {
    yes: {
      over: set((truth) => truth === true || truth === undefined),
      under: set((truth) => truth === true),
    },
    no: {
      over: set((truth) => truth === false || truth === undefined),
      under: set((truth) => truth === false),
    },
  };
}

/** A comparison with its literal on the right. */
function oriented(condition: Condition): Condition {
  if (condition.kind !== 'compare' || condition.op !== 'eq' || condition.right.kind === 'literal')
    return condition;
  return { ...condition, left: condition.right, right: condition.left };
}

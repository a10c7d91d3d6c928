import {
  ANYTHING,
  type Condition,
  type Operand,
  type Pattern,
  type Scalar,
  type Value,
} from '../rule/index.ts';
import { decideTest, type TableSpec } from '../schema/index.ts';
import { matchRanges } from './cidr.ts';
import { all, any, type Expression, NO, negate, YES } from './expression.ts';
import { ANYTHING_GOES, type Approximation, joinTexts, matchColumn } from './pattern.ts';
import { type Reading, readingOf, typeOf } from './reading.ts';
import { patternsOfRegex } from './regex-patterns.ts';
import { matchLine, matchPieces, matchWord } from './words.ts';

/** A test that is true, false or unknown of an event: approximations of its being true and of its being false. */
export interface Truth {
  readonly yes: Approximation;
  readonly no: Approximation;
}

export const OPEN: Truth = Object.freeze({ yes: ANYTHING_GOES, no: ANYTHING_GOES });

/** What a test asks of one value, in the terms of SQL. Any of the patterns; any of the numbers. */
interface Wanted {
  readonly patterns: readonly Pattern[];
  readonly ignoreCase: boolean;
  readonly numbers: readonly number[];
  /** Whether the test says more, or less, than this. */
  readonly exact: boolean;
}

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

function literalsOf(condition: Condition): readonly Scalar[] {
  if (condition.kind === 'oneOf') return condition.values;
  if (condition.kind !== 'compare') return [''];
  const literal = condition.right.kind === 'literal' ? condition.right : condition.left;
  return literal.kind === 'literal' && literal.value !== null ? [literal.value] : [];
}

function presenceOf(reading: Reading): Approximation {
  switch (reading.kind) {
    case 'texts':
      return both(any(reading.columns.map((column) => ({ kind: 'present', column }))));
    case 'number':
    case 'digits':
      return both({ kind: 'present', column: reading.column });
    case 'words':
      return { over: YES, under: NO };
    case 'line':
      return both({ kind: 'present', column: 'command_line' });
    case 'quoted':
      return { over: { kind: 'present', column: reading.column }, under: NO };
    default:
      return ANYTHING_GOES;
  }
}

function both(test: Expression): Approximation {
  return { over: test, under: test };
}

function plainTruth(condition: Condition, reading: Reading): Approximation | null {
  if (condition.kind === 'compare' && condition.op !== 'eq') return orderTruth(condition, reading);
  const wanted = wantedBy(condition);
  if (wanted === null) return null;
  const { over, under } = matchWanted(wanted, reading);
  return wanted.exact ? { over, under } : { over, under: NO };
}

function matchWanted({ patterns, ignoreCase, numbers }: Wanted, reading: Reading): Approximation {
  switch (reading.kind) {
    case 'texts':
      return anyOf(patterns.map((pattern) => matchTexts(reading, pattern, ignoreCase)));
    case 'words':
      return anyOf(patterns.map((pattern) => matchWord(pattern, ignoreCase)));
    case 'line':
      return anyOf(patterns.map((pattern) => matchLine(pattern, ignoreCase)));
    case 'digits':
      return anyOf(patterns.map((pattern) => matchDigits(reading.column, pattern)));
    case 'quoted':
      return anyOf(patterns.map((pattern) => matchQuoted(reading.column, pattern, ignoreCase)));
    case 'part':
      return anyOf(
        reading.columns.flatMap((column) =>
          patterns.map((pattern) =>
            widened(matchColumn(column, [...reading.before, ...pattern, ...reading.after], ignoreCase)),
          ),
        ),
      );
    case 'pieces':
      return anyOf(
        reading.columns.flatMap((column) =>
          patterns.map((pattern) => matchPieces(column, pattern, ignoreCase)),
        ),
      );
    case 'numbers':
      return widened(anyOf(reading.columns.map((column) => matchNumbers(column, numbers))));
    case 'count': {
      const least = Math.min(...numbers);
      return {
        over: numbers.length === 0 ? NO : { kind: 'order', column: 'spaces', op: '>=', value: least - 1 },
        under: NO,
      };
    }
    case 'number':
      return matchNumbers(reading.column, numbers);
    default:
      return ANYTHING_GOES;
  }
}

/** Beginnings, ends and insides of several columns' texts are looked for in all at once. */
function matchTexts(
  { columns, joined }: Extract<Reading, { kind: 'texts' }>,
  pattern: Pattern,
  ignoreCase: boolean,
): Approximation {
  const parts = joinTexts(pattern);
  const wild = parts.filter((part) => typeof part === 'object');
  const [text, ...more] = parts.filter((part) => typeof part === 'string');
  const isPlain =
    text !== undefined && more.length === 0 && wild.length > 0 && wild.every((part) => part === ANYTHING);
  if (joined === undefined || !isPlain || text.includes(joined.separator)) {
    return anyOf(columns.map((column) => matchColumn(column, pattern, ignoreCase)));
  }
  const before = parts[0] === ANYTHING ? '' : joined.separator;
  const after = parts.at(-1) === ANYTHING ? '' : joined.separator;
  return matchColumn(joined.column, [ANYTHING, `${before}${text}${after}`, ANYTHING], ignoreCase);
}

function matchNumbers(column: string, numbers: readonly number[]): Approximation {
  return both(numbers.length === 0 ? NO : { kind: 'in', column, values: numbers });
}

function widened({ over }: Approximation): Approximation {
  return { over, under: NO };
}

function matchQuoted(column: string, pattern: Pattern, ignoreCase: boolean): Approximation {
  return widened(
    anyOf([
      matchColumn(column, pattern, ignoreCase),
      matchColumn(column, ['"', ...pattern, '"'], ignoreCase),
    ]),
  );
}

function anyOf(approximations: readonly Approximation[]): Approximation {
  return {
    over: any(approximations.map(({ over }) => over)),
    under: any(approximations.map(({ under }) => under)),
  };
}

/** A whole number that is seen as text: the text of no number has another spelling. */
function matchDigits(column: string, pattern: Pattern): Approximation {
  const [text] = pattern;
  if (pattern.length !== 1 || typeof text !== 'string') return { over: YES, under: NO };
  if (!/^(?:0|-?[1-9]\d{0,14})$/.test(text)) return { over: /^-?\d+$/.test(text) ? YES : NO, under: NO };
  return both({ kind: 'in', column, values: [Number(text)] });
}

const ORDERS = { lt: '<', le: '<=', gt: '>', ge: '>=' } as const;
const MIRRORED = { lt: 'gt', le: 'ge', gt: 'lt', ge: 'le' } as const;

function orderTruth(
  condition: Extract<Condition, { kind: 'compare' }>,
  reading: Reading,
): Approximation | null {
  const literal = condition.right.kind === 'literal' ? condition.right : condition.left;
  if (condition.op === 'eq' || !NUMERIC.has(reading.kind) || literal.kind !== 'literal') return null;
  if (typeof literal.value !== 'number') return typeof literal.value === 'string' ? both(NO) : null;
  if (!Number.isSafeInteger(literal.value)) return null;
  const op = ORDERS[literal === condition.right ? condition.op : MIRRORED[condition.op]];
  const { value } = literal;
  switch (reading.kind) {
    case 'number':
      return both({ kind: 'order', column: reading.column, op, value });
    case 'numbers':
      return widened(both(any(reading.columns.map((column) => ({ kind: 'order', column, op, value })))));
    default:
      // As many words as there are spaces between them, and one; fewer where several spaces follow each other.
      return widened(
        both(op.startsWith('>') ? { kind: 'order', column: 'spaces', op, value: value - 1 } : YES),
      );
  }
}

function wantedBy(condition: Condition): Wanted | null {
  switch (condition.kind) {
    case 'compare': {
      const literal = condition.right.kind === 'literal' ? condition.right : condition.left;
      if (literal.kind !== 'literal' || literal.value === null) return null;
      return wantedValues([literal.value], condition.ignoreCase);
    }
    case 'oneOf':
      return wantedValues(condition.values, condition.ignoreCase);
    case 'like':
      return texts(condition.patterns, condition.ignoreCase, true);
    case 'regex': {
      const found = condition.patterns.map((pattern) => patternsOfRegex(pattern, condition.dialect));
      if (found.includes(null)) return null;
      const known = found.filter((one) => one !== null);
      return texts(
        known.flatMap(({ patterns }) => patterns),
        condition.ignoreCase,
        known.every(({ exact }) => exact),
      );
    }
    case 'truthy':
      return wantedByCall(condition.operand);
    default:
      return null;
  }
}

function texts(patterns: readonly Pattern[], ignoreCase: boolean, exact: boolean): Wanted {
  return { patterns, ignoreCase, numbers: [], exact };
}

function wantedValues(values: readonly Scalar[], ignoreCase: boolean): Wanted | null {
  if (values.some((value) => typeof value === 'bigint')) return null;
  const numbers = values.filter((value) => typeof value === 'number' && Number.isInteger(value));
  if (numbers.some((value) => !Number.isSafeInteger(value))) return null;
  const patterns = values.filter((value) => typeof value === 'string').map((text) => [text]);
  return { patterns, ignoreCase, numbers: numbers as number[], exact: true };
}

function wantedByCall(operand: Operand): Wanted | null {
  if (operand.kind !== 'call' || operand.args.length !== 2) return null;
  const [, literal] = operand.args;
  if (literal?.kind !== 'literal' || typeof literal.value !== 'string' || literal.value === '') return null;
  switch (operand.name) {
    case 'startsWith':
      return texts([[literal.value, ANYTHING]], operand.ignoreCase, true);
    case 'endsWith':
      return texts([[ANYTHING, literal.value]], operand.ignoreCase, true);
    case 'stringContains':
      return texts([[ANYTHING, literal.value, ANYTHING]], operand.ignoreCase, true);
    default:
      return null;
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

import { type Condition, printCondition } from '../rule/index.ts';
import { bindCondition, type TableSpec } from '../schema/index.ts';
import { approximate, odditiesOf } from './approximate.ts';
import { all, any, columnsIn, type Expression, keyOf, NO, negate } from './expression.ts';
import { printExpression } from './print.ts';
import { isOwn } from './rows/columns.ts';
import { rowsOf } from './rows/rows.ts';
import { isSelective } from './selective.ts';

/**
 * How much of a condition SQL decides. `exact`: all of it, on every row that is not odd. `narrows`: the rule must
 * look again. `all`: nothing that picks rows out, nearly every row passes. `none`: no row of the table can match.
 */
export type PrefilterFidelity = 'exact' | 'narrows' | 'all' | 'none';

/**
 * The part of a condition that SQL can decide on a table's rows. It is sound: `where` is true of every row whose
 * event the condition is true of.
 */
export interface Prefilter {
  readonly fidelity: PrefilterFidelity;
  /** A subquery of the table's rows with the columns that `where` asks besides the table's own. */
  readonly from: string;
  readonly where: string;
  /** True only of rows whose event the condition is true of, seen alone; never true unless the fidelity is `exact`. */
  readonly sure: string;
  /** What of the condition is in `where`, and what is left to the rule, as people read it. */
  readonly kept: readonly string[];
  readonly dropped: readonly string[];
}

/**
 * Makes the prefilter of a condition for one table. It reads the row alone: where exact arguments from `/proc` may
 * replace the row's words before the rule sees them, `refined` must be said.
 */
export function prefilter(condition: Condition, table: TableSpec, options: PrefilterOptions = {}): Prefilter {
  const bound = bindCondition(condition, table);
  const sieve = sieveOf(bound, table, options);
  const { fidelity } = sieve;
  const [over, sure] = [passing(sieve), sureOf(sieve)];
  const parts = (bound.kind === 'and' ? bound.args : [bound]).filter(({ kind }) => kind !== 'constant');
  const isKept = (part: Condition): boolean => approximate(part, table, options).yes.over.kind !== 'constant';
  const keep = table.columns.map(({ name }) => name);
  const rows = rowsOf(table, { keep, wanted: columnsIn([over, sure]) });
  return {
    fidelity,
    from: `(${rows.query(`SELECT * FROM ${rows.last}`)})`,
    where: printExpression(over),
    sure: printExpression(sure),
    kept: parts.filter(isKept).map(printCondition),
    dropped: parts.filter((part) => !isKept(part)).map(printCondition),
  };
}

export interface PrefilterOptions {
  /** Whether rules may see exact arguments where the row has words. */
  readonly refined?: boolean;
}

/** A prefilter as expressions. */
export interface Sieve {
  readonly fidelity: PrefilterFidelity;
  /** Passes every row that may match and is not odd. */
  readonly plain: Expression;
  /** Passes every row that may match, by what can be said of odd rows as well. */
  readonly coarse: Expression;
  /** Flags of which any makes a row odd. */
  readonly oddities: readonly string[];
  /** Whether a command line of more than ten words leaves an exact prefilter in doubt. */
  readonly ordered: boolean;
}

/** The prefilter of a condition that is bound to the table, as expressions. */
export function sieveOf(
  bound: Condition,
  table: TableSpec,
  { refined = false }: PrefilterOptions = {},
): Sieve {
  const { over, under } = approximate(bound, table, { refined }).yes;
  const coarse = approximate(bound, table, { refined, coarse: true }).yes.over;
  const unscrambled = approximate(bound, table, { refined, unscrambled: true }).yes;
  const exact = keyOf(unscrambled.over) === keyOf(unscrambled.under);
  const isAll = !isSelective(over);
  return {
    fidelity: coarse === NO || (over === NO && exact) ? 'none' : exact ? 'exact' : isAll ? 'all' : 'narrows',
    plain: over,
    coarse,
    oddities: odditiesOf([over, under]),
    ordered: columnsIn([over, under]).has('scrambled'),
  };
}

/** Whether a row passes: on odd rows by what can be said of them. Parts that both have stand once, in front. */
export function passing({ plain, coarse, oddities }: Sieve): Expression {
  const odd = any(oddities.map(flag));
  const shared = new Set(partsOf(coarse).map(keyOf));
  const parts = partsOf(plain);
  const common = parts.filter((part) => shared.has(keyOf(part)));
  if (common.length < shared.size) return any([plain, all([odd, coarse])]);
  return all([...common, any([all(parts.filter((part) => !shared.has(keyOf(part)))), odd])]);
}

/** Whether SQL alone is sure that a row matches. */
function sureOf(sieve: Sieve): Expression {
  return sieve.fidelity === 'exact' ? all([sieve.plain, negate(doubtOf(sieve))]) : NO;
}

/** Whether a row that passes an exact sieve may be no match all the same. */
export function doubtOf({ oddities, ordered }: Sieve): Expression {
  return any([...oddities, ...(ordered ? ['scrambled'] : [])].map(flag));
}

/** What every row that passes, odd or not, has in the table's own columns. */
export function gateOf({ plain, coarse }: Sieve): Expression {
  const shared = new Set(partsOf(coarse).map(keyOf));
  const isGate = (part: Expression): boolean =>
    shared.has(keyOf(part)) && [...columnsIn([part])].every(isOwn);
  return all(partsOf(plain).filter(isGate));
}

export function flag(column: string): Expression {
  return { kind: 'flag', column };
}

export function partsOf(expression: Expression): readonly Expression[] {
  return expression.kind === 'and' ? expression.args : [expression];
}

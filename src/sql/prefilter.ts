import { type Condition, printCondition } from '../rule/index.ts';
import { bindCondition, type TableSpec } from '../schema/index.ts';
import { approximate, odditiesOf } from './approximate.ts';
import { rowsOf } from './columns.ts';
import { all, any, columnsIn, type Expression, keyOf, NO, negate } from './expression.ts';
import { printExpression } from './print.ts';

/**
 * How much of a condition SQL decides. `exact`: all of it, on every row that is not odd. `narrows`: the rule must
 * look again. `all`: nothing, every row passes. `none`: no row of the table can match.
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

/** The same before it is printed. */
export interface Sieve {
  readonly fidelity: PrefilterFidelity;
  /** Passes every row that may match. */
  readonly over: Expression;
  /** Passes rows that do match, and only them; NO unless `exact`. */
  readonly sure: Expression;
}

/**
 * Makes the prefilter of a condition for one table. It reads the row alone: where exact arguments from `/proc` may
 * replace the row's words before the rule sees them, `refined` must be said.
 */
export function prefilter(condition: Condition, table: TableSpec, options: PrefilterOptions = {}): Prefilter {
  const bound = bindCondition(condition, table);
  const { over, sure, fidelity } = sieveOf(bound, table, options);
  const parts = (bound.kind === 'and' ? bound.args : [bound]).filter(({ kind }) => kind !== 'constant');
  const isKept = (part: Condition): boolean => approximate(part, table, options).yes.over.kind !== 'constant';
  return {
    fidelity,
    from: rowsOf(table, { keep: table.columns.map(({ name }) => name), wanted: columnsIn([over, sure]) }),
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

/** The prefilter of a condition that is bound to the table, as expressions. */
export function sieveOf(
  bound: Condition,
  table: TableSpec,
  { refined = false }: PrefilterOptions = {},
): Sieve {
  const { over, under } = approximate(bound, table, { refined }).yes;
  const odd = any(odditiesOf([over, under]).map(flag));
  const coarse = approximate(bound, table, { refined, coarse: true }).yes.over;
  const ordered = approximate(bound, table, { refined, unscrambled: true }).yes;
  const exact = keyOf(ordered.over) === keyOf(ordered.under);
  const scrambled = columnsIn([over, under]).has('scrambled') ? flag('scrambled') : NO;
  const passing = passOdd(over, odd, coarse);
  return {
    fidelity: passing === NO ? 'none' : exact ? 'exact' : passing.kind === 'constant' ? 'all' : 'narrows',
    over: passing,
    sure: exact ? all([ordered.over, negate(odd), negate(scrambled)]) : NO,
  };
}

function flag(column: string): Expression {
  return { kind: 'flag', column };
}

/** Lets odd rows pass unless what can be said of them forbids it. Parts that both have stand once, in front. */
function passOdd(over: Expression, odd: Expression, coarse: Expression): Expression {
  const shared = new Set((coarse.kind === 'and' ? coarse.args : [coarse]).map(keyOf));
  const parts = over.kind === 'and' ? over.args : [over];
  const common = parts.filter((part) => shared.has(keyOf(part)));
  if (common.length < shared.size) return any([over, all([odd, coarse])]);
  return all([...common, any([all(parts.filter((part) => !shared.has(keyOf(part)))), odd])]);
}

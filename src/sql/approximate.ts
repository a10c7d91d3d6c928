import type { Condition } from '../rule/index.ts';
import type { TableSpec } from '../schema/index.ts';
import type { Approximation } from './approximation.ts';
import { all, any, type Expression, eachTest, NO, negate, substitute, type Test, YES } from './expression.ts';
import { leafTruth, OPEN, type Truth } from './leaf.ts';
import { baseColumns, isOfFile, isOfProgram } from './rows/columns.ts';

export interface ApproximateOptions {
  /** Whether rules may see exact arguments where the row has words. */
  readonly refined?: boolean;
  /** Without what an odd row may hide: only numbers, and texts that decide a field. */
  readonly coarse?: boolean;
  /** As if no command line had more than ten words. */
  readonly unscrambled?: boolean;
}

/** Approximations of a bound condition's being true and of its being false, on rows that are not odd. */
export function approximate(condition: Condition, table: TableSpec, options: ApproximateOptions): Truth {
  switch (condition.kind) {
    case 'constant':
      return { yes: constant(condition.value === true), no: constant(condition.value === false) };
    case 'and':
    case 'or': {
      const args = condition.args.map((arg) => approximate(arg, table, options));
      const [yes, no] = [args.map((arg) => arg.yes), args.map((arg) => arg.no)];
      return condition.kind === 'and' ? { yes: every(yes), no: some(no) } : { yes: some(yes), no: every(no) };
    }
    case 'not': {
      const { yes, no } = approximate(condition.arg, table, options);
      return { yes: no, no: yes };
    }
    case 'definite': {
      const { yes } = approximate(condition.arg, table, options);
      return { yes, no: { over: negate(yes.under), under: negate(yes.over) } };
    }
    case 'truthy':
      if (condition.operand.kind === 'condition')
        return approximate(condition.operand.condition, table, options);
      return adapted(leafTruth(condition, table), options);
    default:
      return adapted(leafTruth(condition, table), options);
  }
}

function constant(value: boolean): Approximation {
  return value ? { over: YES, under: YES } : { over: NO, under: NO };
}

function every(args: readonly Approximation[]): Approximation {
  return { over: all(args.map(({ over }) => over)), under: all(args.map(({ under }) => under)) };
}

function some(args: readonly Approximation[]): Approximation {
  return { over: any(args.map(({ over }) => over)), under: any(args.map(({ under }) => under)) };
}

function adapted(truth: Truth, { coarse, refined, unscrambled }: ApproximateOptions): Truth {
  const { yes, no } = truth;
  const expressions = [yes.over, yes.under, no.over, no.under];
  if (coarse && odditiesOf(expressions).length > 0) return OPEN;
  if (refined && expressions.some(readsWords))
    return { yes: { ...yes, under: NO }, no: { ...no, over: YES } };
  return unscrambled ? { yes: ordered(yes), no: ordered(no) } : truth;
}

function ordered({ over, under }: Approximation): Approximation {
  return { over: substitute(over, 'scrambled', false), under: substitute(under, 'scrambled', false) };
}

function readsWords(expression: Expression): boolean {
  let found = false;
  eachTest(expression, ({ column }) => {
    if (isOfProgram(column.replace(/^lower_of_/, '')) && baseColumns(column).includes('cmdline'))
      found = true;
  });
  return found;
}

/**
 * The derived columns that mark the rows which tests may read otherwise than rules do: what `rows/` says of programs
 * and files; a NUL, where GLOB takes a text to end; a letter outside ASCII that folds to one inside.
 */
export function odditiesOf(expressions: readonly Expression[]): readonly string[] {
  const found = new Set<string>();
  for (const expression of expressions) {
    eachTest(expression, (test) => {
      const own = test.column.replace(/^lower_of_/, '');
      const path = /^name_of_(\w+)$/.exec(own)?.[1];
      if (isOfProgram(own)) found.add('program_odd');
      else if (isOfFile(path ?? own)) found.add('file_odd');
      else if (path !== undefined) found.add(`unplain_${path}`);
      else if (test.kind === 'glob')
        for (const column of baseColumns(test.column)) found.add(`nul_in_${column}`);
      if (folds(test)) for (const column of baseColumns(test.column)) found.add(`folds_in_${column}`);
    });
  }
  return [...found].sort();
}

/** The letters that others outside ASCII fold to: the Kelvin sign and the long s. */
function folds(test: Test): boolean {
  if (!test.column.startsWith('lower_of_')) return false;
  if (test.kind === 'glob') return /[ks]/.test(test.pattern);
  if (test.kind === 'contains') return /[ks]/.test(test.text);
  return test.kind === 'in' && test.values.some((value) => /[ks]/.test(String(value)));
}

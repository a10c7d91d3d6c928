import { type FunctionName, foldCase, type Scalar } from '../../rule/index.ts';
import { compileRanges } from './address.ts';
import { arithmetic, negate, parseNumber } from './arithmetic.ts';

/** A function of EQL on single values. Gives null where Elasticsearch gives null or fails. */
export type ScalarFunction = (args: readonly (Scalar | null)[]) => Scalar | null;

/** What is known of a call when it is compiled. */
export interface CallSite {
  readonly ignoreCase: boolean;
  /** Which arguments are doubles even where they are whole. */
  readonly decimals: readonly boolean[];
  /** The values of arguments that are the same for every event; undefined for the others. */
  readonly constants: readonly (Scalar | null | undefined)[];
}

/**
 * Compiles a function of EQL, after Elasticsearch's `xpack.eql.expression.function.scalar` (the processors of each).
 * Offsets count UTF-16 units, as there.
 */
export function compileFunction(name: FunctionName, site: CallSite): ScalarFunction {
  return FUNCTIONS[name](site);
}

const FUNCTIONS: Readonly<Record<FunctionName, (site: CallSite) => ScalarFunction>> = {
  add: (site) => binary(arithmetic('add', isDecimal(site))),
  subtract: (site) => binary(arithmetic('subtract', isDecimal(site))),
  multiply: (site) => binary(arithmetic('multiply', isDecimal(site))),
  divide: (site) => binary(arithmetic('divide', isDecimal(site))),
  modulo: (site) => binary(arithmetic('modulo', isDecimal(site))),
  negate: () => binary((a) => negate(a), 1),
  length: () => binary((text) => (typeof text === 'string' ? text.length : null), 1),
  string: (site) => binary((value) => print(value, site.decimals[0] === true), 1),
  number: () => toNumber,
  concat: (site) => (args) => concat(args, site.decimals),
  between: ({ ignoreCase }) => between(ignoreCase),
  substring: () => substring,
  indexOf: ({ ignoreCase }) => indexOf(ignoreCase),
  startsWith: ({ ignoreCase }) => textual(ignoreCase, (text, part) => text.startsWith(part)),
  endsWith: ({ ignoreCase }) => textual(ignoreCase, (text, part) => text.endsWith(part)),
  stringContains: ({ ignoreCase }) =>
    textual(ignoreCase, (text, part) => text !== '' && part !== '' && text.includes(part)),
  cidrMatch: ({ constants }) => cidrMatch(constants.slice(1)),
};

/** Whether a call gives doubles even where they are whole. */
export function isDecimal({ decimals }: CallSite): boolean {
  return decimals.includes(true);
}

/** Null when any of the first arguments is null or missing. */
function binary(apply: (a: Scalar, b: Scalar) => Scalar | null, count = 2): ScalarFunction {
  return ([a, b]) => (isNull(a) || (count > 1 && isNull(b)) ? null : apply(a, b ?? a));
}

function isNull(value: Scalar | null | undefined): value is null | undefined {
  return value === null || value === undefined;
}

function textual(ignoreCase: boolean, apply: (text: string, part: string) => Scalar | null): ScalarFunction {
  return ([text, part]) => {
    if (typeof text !== 'string' || typeof part !== 'string') return null;
    return ignoreCase ? apply(foldCase(text), foldCase(part)) : apply(text, part);
  };
}

/** A value as text; a whole double as Java prints it, with `.0`. */
function print(value: Scalar, decimal: boolean): string {
  return decimal && Number.isInteger(value) ? `${value}.0` : String(value);
}

function concat(args: readonly (Scalar | null)[], decimals: readonly boolean[]): string | null {
  let text = '';
  for (const [i, arg] of args.entries()) {
    if (arg === null) return null;
    text += print(arg, decimals[i] === true);
  }
  return text;
}

function toNumber([text, base]: readonly (Scalar | null)[]): Scalar | null {
  if (typeof text !== 'string') return null;
  return isNull(base) || typeof base === 'number' ? parseNumber(text, base ?? null) : null;
}

/** The text between two others; empty when they are not there, the whole text when either is empty. */
function between(ignoreCase: boolean): ScalarFunction {
  return ([text, left, right, greedy]) => {
    if (typeof text !== 'string' || typeof left !== 'string' || typeof right !== 'string') return null;
    if (text === '' || left === '' || right === '') return text;
    const fold = ignoreCase ? foldCase : (same: string) => same;
    const searched = fold(text);
    const found = searched.indexOf(fold(left));
    if (found < 0) return '';
    const start = found + left.length;
    const end = greedy === true ? searched.lastIndexOf(fold(right)) : searched.indexOf(fold(right), start);
    return end < start ? '' : text.slice(start, end);
  };
}

/** A slice with Python's meaning of negative offsets. */
function substring([text, start, end]: readonly (Scalar | null)[]): Scalar | null {
  if (typeof text !== 'string') return null;
  if (isNull(start)) return text;
  const from = offsetOf(start);
  const to = isNull(end) ? text.length : offsetOf(end);
  return from === null || to === null ? null : text.slice(from, to);
}

function offsetOf(value: Scalar): number | null {
  return typeof value === 'number' || typeof value === 'bigint' ? Math.trunc(Number(value)) : null;
}

/** The first place at or after `start`; null, not -1, when there is none. */
function indexOf(ignoreCase: boolean): ScalarFunction {
  return ([text, part, start]) => {
    if (typeof text !== 'string' || typeof part !== 'string') return null;
    const from = isNull(start) ? 0 : offsetOf(start);
    if (from === null) return null;
    const found = ignoreCase ? foldCase(text).indexOf(foldCase(part), from) : text.indexOf(part, from);
    return found < 0 ? null : found;
  };
}

function cidrMatch(ranges: readonly (Scalar | null | undefined)[]): ScalarFunction {
  const texts = ranges.filter((range) => typeof range === 'string');
  if (texts.length === ranges.length) {
    const test = compileRanges(texts);
    return ([address]) => (typeof address === 'string' ? test(address) : null);
  }
  return ([address, ...dynamic]) => {
    if (typeof address !== 'string') return null;
    try {
      return compileRanges(dynamic.filter((range) => typeof range === 'string'))(address);
    } catch {
      return null;
    }
  };
}

import {
  type Cidr,
  type Compare,
  type CompareOp,
  compileRegex,
  type FieldType,
  foldCase,
  type Like,
  type OneOf,
  type Regex,
  type Scalar,
} from '../../rule/index.ts';
import { compileRanges, isRange } from './address.ts';
import { constantTest, type Tested } from './closure.ts';
import { compareScalars, foldScalar, HOLDS, MIRRORED, orderKeyOf } from './compare.ts';
import { pairLeaf, type ScalarTest, scalarLeaf, textLeaf } from './leaf.ts';
import type { Reader } from './operand.ts';
import { plainText } from './plain-text.ts';
import { textsIn } from './regex-texts.ts';
import { compilePatterns, type TextTest } from './wildcard.ts';

const COSTS = { compare: 1, list: 2, wildcard: 5, cidr: 5, regex: 60 } as const;

export function testExists({ constant, read, cost }: Reader): Tested {
  if (constant !== undefined) return constantTest(constant !== null);
  return { yes: (event) => read(event) !== null, no: (event) => read(event) === null, cost };
}

export function testTruthy(reader: Reader): Tested {
  return scalarLeaf(reader, (value) => (typeof value === 'boolean' ? value : null), COSTS.compare);
}

export function testCompare({ op, ignoreCase }: Compare, left: Reader, right: Reader): Tested {
  if (left.constant === null || right.constant === null) return constantTest(null);
  if (right.constant !== undefined) return compareWith(left, { op, ignoreCase, value: right.constant });
  if (left.constant !== undefined)
    return compareWith(right, { op: MIRRORED[op], ignoreCase, value: left.constant });
  const key = orderKeyOf(left.type) ?? orderKeyOf(right.type) ?? (ignoreCase ? foldScalar : undefined);
  const holds = HOLDS[op];
  return pairLeaf(left, right, (a, b) => {
    const [first, second] = key === undefined ? [a, b] : [key(a), key(b)];
    const order = first === null || second === null ? null : compareScalars(first, second);
    return order === null ? null : holds(order);
  });
}

interface Comparison {
  readonly op: CompareOp;
  readonly ignoreCase: boolean;
  readonly value: Scalar;
}

function compareWith(reader: Reader, { op, ignoreCase, value }: Comparison): Tested {
  const typed = compareByType(reader.type, op, value);
  if (typed !== null) return scalarLeaf(reader, typed, COSTS.compare + 2);
  if (typeof value === 'string') return textLeaf(reader, compareText(op, value, ignoreCase), COSTS.compare);
  const holds = HOLDS[op];
  return scalarLeaf(
    reader,
    (one) => {
      const order = compareScalars(one, value);
      return order === null ? null : holds(order);
    },
    COSTS.compare,
  );
}

/**
 * Addresses, versions and dates by their own order. An address equals every range that it lies in, and nothing is
 * equal to a literal that is not of the type.
 */
function compareByType(type: FieldType | null, op: CompareOp, value: Scalar): ScalarTest | null {
  const key = orderKeyOf(type);
  if (key === undefined) return null;
  if (type === 'ip' && op === 'eq' && typeof value === 'string' && isRange(value)) return rangeTest([value]);
  const wanted = key(value);
  if (wanted === null) return op === 'eq' ? (one) => (key(one) === null ? null : false) : () => null;
  const holds = HOLDS[op];
  return (one) => {
    const own = key(one);
    const order = own === null ? null : compareScalars(own, wanted);
    return order === null ? null : holds(order);
  };
}

function rangeTest(ranges: readonly string[]): ScalarTest {
  const test = compileRanges(ranges);
  return (value) => (typeof value === 'string' ? test(value) : null);
}

function compareText(op: CompareOp, value: string, ignoreCase: boolean): TextTest {
  const wanted = plainText(ignoreCase ? foldCase(value) : value);
  const { length } = wanted;
  switch (op) {
    case 'eq':
      return ignoreCase
        ? (text) => text.length === length && foldCase(text) === wanted
        : (text) => text === wanted;
    default: {
      const holds = HOLDS[op];
      const order = (text: string): number => (text < wanted ? -1 : text > wanted ? 1 : 0);
      return ignoreCase ? (text) => holds(order(foldCase(text))) : (text) => holds(order(text));
    }
  }
}

export function testOneOf({ values, ignoreCase }: OneOf, reader: Reader): Tested {
  const typed = oneOfByType(reader.type, values);
  if (typed !== null) return scalarLeaf(reader, typed, COSTS.list + 2);
  const texts = new Set<string>();
  const others: Scalar[] = [];
  for (const value of values) {
    if (typeof value !== 'string') others.push(value);
    else texts.add(plainText(ignoreCase ? foldCase(value) : value));
  }
  if (others.length === 0) {
    if (texts.size === 0) return scalarLeaf(reader, () => false, COSTS.list);
    return textLeaf(
      reader,
      ignoreCase ? (text) => texts.has(foldCase(text)) : (text) => texts.has(text),
      COSTS.list,
    );
  }
  return scalarLeaf(reader, mixedTest(texts, others, ignoreCase), COSTS.list);
}

/** A value is unknown to a list that has none of its type. */
function mixedTest(texts: ReadonlySet<string>, others: readonly Scalar[], ignoreCase: boolean): ScalarTest {
  const set = new Set(others);
  const hasNumbers = others.some((other) => typeof other !== 'boolean');
  const hasBooleans = others.some((other) => typeof other === 'boolean');
  return (value) => {
    if (typeof value === 'string')
      return texts.size === 0 ? null : texts.has(ignoreCase ? foldCase(value) : value);
    if (!(typeof value === 'boolean' ? hasBooleans : hasNumbers)) return null;
    return set.has(value);
  };
}

function oneOfByType(type: FieldType | null, values: readonly Scalar[]): ScalarTest | null {
  const key = orderKeyOf(type);
  if (key === undefined) return null;
  const ranges = type === 'ip' ? values.filter((value) => typeof value === 'string' && isRange(value)) : [];
  const set = new Set(values.filter((value) => !ranges.includes(value)).map(key));
  const inRange = ranges.length === 0 ? () => false : rangeTest(ranges as string[]);
  return (value) => {
    const own = key(value);
    return own === null ? null : set.has(own) || inRange(value) === true;
  };
}

export function testLike({ patterns, ignoreCase }: Like, reader: Reader): Tested {
  return textLeaf(reader, compilePatterns(patterns, ignoreCase), COSTS.wildcard);
}

export function testRegex(condition: Regex, reader: Reader): Tested {
  const tests = condition.patterns.map((pattern) => {
    const compiled = compileRegex(pattern, condition);
    if (typeof compiled === 'object') throw new Error(`regular expression "${pattern}": ${compiled.message}`);
    return guarded(remembering(compiled), textsIn(pattern, condition.dialect).parts, condition.ignoreCase);
  });
  return textLeaf(reader, (text) => tests.some((test) => test(text)), COSTS.regex * tests.length);
}

/** Longer texts seldom come twice, and cost to keep. */
const LONGEST_REMEMBERED = 128;
const MOST_REMEMBERED = 512;

/** Remembers the answers for short texts: names and paths come again and again, and running costs 50 look-ups. */
function remembering(fits: TextTest): TextTest {
  let answers = new Map<string, boolean>();
  return (text) => {
    if (text.length > LONGEST_REMEMBERED) return fits(text);
    let answer = answers.get(text);
    if (answer === undefined) {
      answer = fits(text);
      if (answers.size >= MOST_REMEMBERED) answers = new Map();
      answers.set(text, answer);
    }
    return answer;
  };
}

/** Runs a regular expression only on texts that have what it cannot do without. */
function guarded(fits: TextTest, parts: readonly string[], ignoreCase: boolean): TextTest {
  if (parts.length === 0) return fits;
  const needed = [...new Set(parts.map((part) => plainText(ignoreCase ? foldCase(part) : part)))];
  return (text) => {
    const cased = ignoreCase ? foldCase(text) : text;
    for (let i = 0; i < needed.length; i += 1) if (!cased.includes(needed[i]!)) return false;
    return fits(text);
  };
}

export function testCidr({ ranges }: Cidr, reader: Reader): Tested {
  return scalarLeaf(reader, rangeTest(ranges), COSTS.cidr);
}

import {
  type Condition,
  type Fields,
  foldCase,
  type Like,
  type Literal,
  type Operand,
  type Pattern,
  type Regex,
} from '../rule/index.ts';
import { textsIn } from './regex-texts.ts';
import { type KeyKind, priceOf, shareOf } from './selectivity.ts';

/** A text that an event can have in a field. */
export interface Key {
  readonly slot: number;
  readonly kind: KeyKind;
  /** Folded where `folded`: it is then looked for in what `foldCase` makes of the event's text. */
  readonly text: string;
  readonly folded: boolean;
}

/** Keys of which an event must have at least one. */
export interface KeySet {
  readonly keys: readonly Key[];
  /** What part of all events is thought to have one. */
  readonly share: number;
  /** What it costs to look up, in look-ups of a short text. */
  readonly price: number;
}

/**
 * What an event must have for a condition to be true of it: every set of at least one of the alternatives. No
 * alternative: it is never true. An alternative without sets: anything may do.
 */
export type Needs = readonly (readonly KeySet[])[];

/** What is known of a test before any event is seen: true, false, null for unknown; undefined when it depends. */
export type Known = (condition: Condition) => boolean | null | undefined;

const NEVER: Needs = [];
const ANYTHING: Needs = [[]];
const MOST_ALTERNATIVES = 8;
/** Sets of one alternative that are looked up; the index keeps a bit for each. */
export const MOST_SETS = 3;
/** A set that so many events pass is not worth looking up. */
const TOO_COMMON = 0.6;
/** When so few events are left, looking further costs more than asking the rule. */
const RARE = 0.02;
/** A part of a text is as necessary as the text, and keeps the tables small. */
const LONGEST_AFFIX = 32;
const LONGEST_PART = 10;

/**
 * Finds what an event must have for a condition to be true. Sound, not complete: an event that lacks it does not
 * match; one that has it may match. Negations and functions ask for nothing.
 */
export function needsOf(condition: Condition, fields: Fields, known: Known): Needs {
  const needs = (inner: Condition): Needs => {
    const truth = known(inner);
    if (truth !== undefined) return truth === true ? ANYTHING : NEVER;
    switch (inner.kind) {
      case 'and':
        return all(inner.args.map(needs));
      case 'or':
        return any(inner.args.map(needs));
      case 'definite':
        return needs(inner.arg);
      case 'not': {
        const truthInside = truthOf(inner.arg, known);
        return truthInside === true || truthInside === null ? NEVER : ANYTHING;
      }
      default:
        return keysOf(inner, fields);
    }
  };
  return needs(condition);
}

/** What is known of a condition from what is known of its tests. */
export function truthOf(condition: Condition, known: Known): boolean | null | undefined {
  const own = known(condition);
  if (own !== undefined) return own;
  switch (condition.kind) {
    case 'constant':
      return condition.value;
    case 'not': {
      const inner = truthOf(condition.arg, known);
      return typeof inner === 'boolean' ? !inner : inner;
    }
    case 'definite': {
      const inner = truthOf(condition.arg, known);
      return inner === undefined ? undefined : inner === true;
    }
    case 'and':
    case 'or': {
      const strong = condition.kind === 'or';
      let weakest: boolean | null | undefined = !strong;
      for (const arg of condition.args) {
        const one = truthOf(arg, known);
        if (one === strong) return strong;
        if (one === undefined) weakest = undefined;
        else if (one === null && weakest !== undefined) weakest = null;
      }
      return weakest;
    }
    default:
      return undefined;
  }
}

function any(parts: readonly Needs[]): Needs {
  const alternatives = parts.flat();
  if (alternatives.some((sets) => sets.length === 0)) return ANYTHING;
  return alternatives.length > MOST_ALTERNATIVES ? [[merged(alternatives)]] : alternatives;
}

function all(parts: readonly Needs[]): Needs {
  let alternatives: Needs = ANYTHING;
  for (const part of parts.toSorted((a, b) => a.length - b.length)) {
    if (part.length === 0) return NEVER;
    const fits = alternatives.length * part.length <= MOST_ALTERNATIVES;
    const few = fits || part.some((sets) => sets.length === 0) ? part : [[merged(part)]];
    if (few.length * alternatives.length > MOST_ALTERNATIVES) continue;
    alternatives = alternatives.flatMap((sets) => few.map((more) => best([...sets, ...more])));
  }
  return alternatives;
}

/** One set for several alternatives, each of which has one: the rarest of each. */
function merged(alternatives: Needs): KeySet {
  const sets = alternatives.map((one) => best(one)[0]!);
  return {
    keys: sets.flatMap(({ keys }) => keys),
    share: sets.reduce((sum, { share }) => sum + share, 0),
    price: Math.max(...sets.map(({ price }) => price)),
  };
}

/**
 * The sets worth looking up: the one that leaves the fewest rules for its price, and more while those before it let
 * too many events pass. A dear one is left to the rule's own test where the others are rare enough.
 */
function best(sets: readonly KeySet[]): readonly KeySet[] {
  const kept: KeySet[] = [];
  let share = 1;
  for (const one of sets.toSorted((a, b) => a.share * a.price - b.share * b.price)) {
    if (kept.length === MOST_SETS || (kept.length > 0 && (share < RARE || one.share > TOO_COMMON))) break;
    kept.push(one);
    share *= one.share;
  }
  return kept;
}

function keysOf(test: Condition, fields: Fields): Needs {
  switch (test.kind) {
    case 'constant':
      return test.value === true ? ANYTHING : NEVER;
    case 'compare': {
      if (test.op !== 'eq') return ANYTHING;
      const [operand, other] =
        test.right.kind === 'literal' ? [test.left, test.right] : [test.right, test.left];
      return other.kind === 'literal' ? equalTo(operand, [other], test.ignoreCase, fields) : ANYTHING;
    }
    case 'oneOf': {
      const values = test.values.map((value): Literal => ({ kind: 'literal', value }));
      return equalTo(test.operand, values, test.ignoreCase, fields);
    }
    case 'like':
      return keyOfEach(test, fields, test.patterns, (pattern) => keyOfPattern(pattern, test.ignoreCase));
    case 'regex':
      return keyOfEach(test, fields, test.patterns, (pattern) => keyOfRegex(pattern, test));
    default:
      return ANYTHING;
  }
}

/** A field that holds texts and is cheap enough to look up. */
function textField(
  operand: Operand,
  fields: Fields,
): { readonly slot: number; readonly name: string } | null {
  if (operand.kind !== 'field') return null;
  const field = fields.find(operand.name);
  return field === undefined || field.type !== 'keyword' || priceOf(field.name) === Infinity ? null : field;
}

function equalTo(operand: Operand, values: readonly Literal[], folded: boolean, fields: Fields): Needs {
  const field = textField(operand, fields);
  if (field === null) return ANYTHING;
  const keys: Key[] = [];
  for (const { value } of values) {
    if (typeof value !== 'string') return ANYTHING;
    keys.push({ slot: field.slot, kind: 'is', text: folded ? foldCase(value) : value, folded });
  }
  return [[setOf(field.name, keys)]];
}

type Found = Pick<Key, 'kind' | 'text'>;

function keyOfEach<P>(
  { operand, ignoreCase }: Like | Regex,
  fields: Fields,
  patterns: readonly P[],
  keyOf: (pattern: P) => Found | null,
): Needs {
  const field = textField(operand, fields);
  if (field === null) return ANYTHING;
  const keys: Key[] = [];
  for (const pattern of patterns) {
    const found = keyOf(pattern);
    if (found === null) return ANYTHING;
    keys.push({ slot: field.slot, ...found, folded: ignoreCase });
  }
  return [[setOf(field.name, keys)]];
}

function keyOfRegex(pattern: string, { dialect, ignoreCase }: Regex): Found | null {
  const { parts, isPrefix } = textsIn(pattern, dialect);
  const longest = longestOf(parts);
  if (longest === '') return null;
  const text = ignoreCase ? foldCase(longest) : longest;
  return isPrefix && longest === parts[0]
    ? { kind: 'starts', text: text.slice(0, LONGEST_AFFIX) }
    : { kind: 'has', text: text.slice(0, LONGEST_PART) };
}

function longestOf(parts: readonly (string | null)[]): string {
  return parts.reduce<string>((long, part) => ((part?.length ?? 0) > long.length ? part! : long), '');
}

/** The longest text of a pattern, and where it stands; null when it has none. */
function keyOfPattern(pattern: Pattern, folded: boolean): Found | null {
  const parts: (string | null)[] = [];
  for (const part of pattern) {
    const last = parts.at(-1);
    if (typeof part !== 'string') parts.push(null);
    else if (typeof last === 'string') parts[parts.length - 1] = last + part;
    else if (part !== '') parts.push(part);
  }
  const text = (part: string): string => (folded ? foldCase(part) : part);
  if (parts.length === 0) return { kind: 'is', text: '' };
  if (parts.length === 1 && parts[0] !== null) return { kind: 'is', text: text(parts[0]!) };
  const longest = parts.reduce<string>(
    (long, part) => ((part?.length ?? 0) > long.length ? part! : long),
    '',
  );
  if (longest === '') return null;
  if (parts[0] === longest) return { kind: 'starts', text: text(longest).slice(0, LONGEST_AFFIX) };
  if (parts.at(-1) === longest) return { kind: 'ends', text: text(longest).slice(-LONGEST_AFFIX) };
  return { kind: 'has', text: text(longest).slice(0, LONGEST_PART) };
}

function setOf(name: string, keys: readonly Key[]): KeySet {
  const share = keys.reduce((sum, { kind, text }) => sum + shareOf(name, kind, text), 0);
  return { keys, share, price: priceOf(name) };
}

import {
  type Condition,
  type Field,
  type Fields,
  foldCase,
  type Like,
  type Operand,
  type Pattern,
  type Regex,
  type Scalar,
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

export const NEVER: Needs = [];
export const ANYTHING: Needs = [[]];
/** A set that so many events pass is not worth looking up. */
export const TOO_COMMON = 0.6;
/** A part of a text is as necessary as the text, and keeps the tables small. */
const LONGEST_AFFIX = 32;
const LONGEST_PART = 10;
const LONGEST_WORD = 16;

/** What an event must have for a test to be true. */
export function keysOf(test: Condition, fields: Fields): Needs {
  switch (test.kind) {
    case 'constant':
      return test.value === true ? ANYTHING : NEVER;
    case 'compare': {
      const sides = equalSides(test);
      return sides === null ? ANYTHING : equalTo(sides.operand, [sides.value], test.ignoreCase, fields);
    }
    case 'oneOf':
      return equalTo(test.operand, test.values, test.ignoreCase, fields);
    case 'like':
      return keyOfEach(test, fields, test.patterns.map(keyOfPattern));
    case 'regex':
      return keyOfEach(
        test,
        fields,
        test.patterns.map((pattern) => keyOfRegex(pattern, test.dialect)),
      );
    default:
      return ANYTHING;
  }
}

/**
 * What an event must have for a test to be false: where it asks for a text that nearly all events have (root's
 * number), another than that.
 */
export function keysOfNot(test: Condition, fields: Fields): Needs {
  switch (test.kind) {
    case 'constant':
      return test.value === false ? ANYTHING : NEVER;
    case 'compare': {
      const sides = equalSides(test);
      return sides === null ? ANYTHING : otherThan(sides.operand, [sides.value], test.ignoreCase, fields);
    }
    case 'oneOf':
      return otherThan(test.operand, test.values, test.ignoreCase, fields);
    default:
      return ANYTHING;
  }
}

/** What is compared with a literal; null when nothing is, or not for being equal. */
function equalSides({
  op,
  left,
  right,
}: Condition & { kind: 'compare' }): { readonly operand: Operand; readonly value: Scalar | null } | null {
  if (op !== 'eq') return null;
  if (right.kind === 'literal') return { operand: left, value: right.value };
  return left.kind === 'literal' ? { operand: right, value: left.value } : null;
}

/** A field that holds texts and is cheap enough to look up. */
function textField(operand: Operand, fields: Fields): Field | null {
  if (operand.kind !== 'field') return null;
  const field = fields.find(operand.name);
  return field === undefined || field.type !== 'keyword' || priceOf(field.name) === Infinity ? null : field;
}

function equalTo(
  operand: Operand,
  values: readonly (Scalar | null)[],
  folded: boolean,
  fields: Fields,
): Needs {
  const field = textField(operand, fields);
  if (field === null || !values.every((value) => typeof value === 'string')) return ANYTHING;
  return oneSet(
    field,
    folded,
    values.map((text) => ({ kind: 'is', text })),
  );
}

function otherThan(
  operand: Operand,
  values: readonly (Scalar | null)[],
  folded: boolean,
  fields: Fields,
): Needs {
  const field = textField(operand, fields);
  if (field === null || field.wordsIn !== undefined) return ANYTHING;
  if (!values.every((value) => typeof value === 'string' && !value.includes('\n'))) return ANYTHING;
  const set = setOf(field, folded, [{ kind: 'isNot', text: values.join('\n') }]);
  return set.share > TOO_COMMON ? ANYTHING : [[set]];
}

type Found = Pick<Key, 'kind' | 'text'>;

/** Any of the keys that patterns have; nothing when one of them has none. */
function keyOfEach(
  { operand, ignoreCase }: Like | Regex,
  fields: Fields,
  keys: readonly (Found | null)[],
): Needs {
  const field = textField(operand, fields);
  return field === null || !keys.every((key) => key !== null) ? ANYTHING : oneSet(field, ignoreCase, keys);
}

function keyOfRegex(pattern: string, dialect: Regex['dialect']): Found | null {
  const { parts, isPrefix } = textsIn(pattern, dialect);
  const longest = longestOf(parts);
  if (longest === '') return null;
  return { kind: isPrefix && longest === parts[0] ? 'starts' : 'has', text: longest };
}

/** The longest text of a pattern, and where it stands; null when it has none. */
function keyOfPattern(pattern: Pattern): Found | null {
  const parts: (string | null)[] = [];
  for (const part of pattern) {
    const last = parts.at(-1);
    if (typeof part !== 'string') parts.push(null);
    else if (typeof last === 'string') parts[parts.length - 1] = last + part;
    else if (part !== '') parts.push(part);
  }
  if (parts.length === 0) return { kind: 'is', text: '' };
  if (parts.length === 1 && parts[0] !== null) return { kind: 'is', text: parts[0]! };
  const longest = longestOf(parts);
  if (longest === '') return null;
  const kind = parts[0] === longest ? 'starts' : parts.at(-1) === longest ? 'ends' : 'has';
  return { kind, text: longest };
}

function longestOf(parts: readonly (string | null)[]): string {
  return parts.reduce<string>((long, part) => ((part?.length ?? 0) > long.length ? part! : long), '');
}

function oneSet(field: Field, folded: boolean, found: readonly Found[]): Needs {
  if (field.wordsIn === undefined) return [[setOf(field, folded, found.map(shortened))]];
  const words = found.map(wordIn);
  return words.every((word) => word !== null) ? [[setOf(field.wordsIn, folded, words)]] : ANYTHING;
}

function setOf({ name, slot }: Field, folded: boolean, found: readonly Found[]): KeySet {
  const keys = found.map(
    ({ kind, text }): Key => ({ slot, kind, text: folded ? foldCase(text) : text, folded }),
  );
  const share = keys.reduce((sum, { kind, text }) => sum + shareOf(name, kind, text), 0);
  return { keys, share, price: priceOf(name) };
}

function shortened({ kind, text }: Found): Found {
  switch (kind) {
    case 'starts':
      return { kind, text: text.slice(0, LONGEST_AFFIX) };
    case 'ends':
      return { kind, text: text.slice(-LONGEST_AFFIX) };
    case 'has':
      return { kind, text: text.slice(0, LONGEST_PART) };
    default:
      return { kind, text };
  }
}

/**
 * The most telling word of a text, with a space on each side where the word ends there: words may stand in another
 * order where they are looked for. Null when it has none.
 */
function wordIn({ kind, text }: Found): Found | null {
  const pieces = text.split(' ');
  const longest = longestOf(pieces);
  if (longest === '') return null;
  const at = pieces.indexOf(longest);
  const begins = at > 0 || kind === 'is' || kind === 'starts';
  const ends = at < pieces.length - 1 || kind === 'is' || kind === 'ends';
  if (longest.length > LONGEST_WORD) {
    const cut = begins || !ends ? longest.slice(0, LONGEST_WORD) : longest.slice(-LONGEST_WORD);
    return { kind: 'word', text: `${begins ? ' ' : ''}${cut}${ends && !begins ? ' ' : ''}` };
  }
  return { kind: 'word', text: `${begins ? ' ' : ''}${longest}${ends ? ' ' : ''}` };
}

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
} from '../../rule/index.ts';
import { textsIn } from '../condition/regex-texts.ts';
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
const TOO_COMMON = 0.6;
/** Sets of one alternative that are looked up; the index keeps a bit for each. */
const MOST_SETS = 3;
/** When so few events are left, looking further costs more than asking the rule. */
const RARE = 0.02;
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
      return textsOfAny(test, fields, test.patterns.map(textsOfPattern));
    case 'regex':
      return textsOfAny(
        test,
        fields,
        test.patterns.map((pattern) => textsOfRegex(pattern, test.dialect)),
      );
    default:
      return ANYTHING;
  }
}

/**
 * What an event must have for a test to be anything but true: where it asks for a text that nearly all events have
 * (root's number), another than that, or none.
 */
export function keysOfNot(test: Condition, fields: Fields): Needs {
  switch (test.kind) {
    case 'constant':
      return test.value === true ? NEVER : ANYTHING;
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
  if (field === undefined || field.type !== 'keyword' || field.ofTheMoment === true) return null;
  return priceOf(field.name) === Infinity ? null : field;
}

function equalTo(
  operand: Operand,
  values: readonly (Scalar | null)[],
  folded: boolean,
  fields: Fields,
): Needs {
  const field = textField(operand, fields);
  if (field === null || !values.every((value) => typeof value === 'string')) return ANYTHING;
  return anyOf(
    field,
    folded,
    values.map((text) => [{ kind: 'is', text }]),
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

function textsOfAny(
  { operand, ignoreCase }: Like | Regex,
  fields: Fields,
  alternatives: readonly (readonly Found[])[],
): Needs {
  const field = textField(operand, fields);
  return field === null ? ANYTHING : anyOf(field, ignoreCase, alternatives);
}

/** All texts that a regular expression cannot do without. */
function textsOfRegex(pattern: string, dialect: Regex['dialect']): readonly Found[] {
  const { parts, isPrefix } = textsIn(pattern, dialect);
  const found = parts.map((text, at): Found => ({ kind: isPrefix && at === 0 ? 'starts' : 'has', text }));
  return found.filter(({ text }, at) => parts.indexOf(text) === at);
}

/** All texts of a pattern, and where they stand. */
function textsOfPattern(pattern: Pattern): readonly Found[] {
  const parts: (string | null)[] = [];
  for (const part of pattern) {
    const last = parts.at(-1);
    if (typeof part !== 'string') parts.push(null);
    else if (typeof last === 'string') parts[parts.length - 1] = last + part;
    else if (part !== '') parts.push(part);
  }
  const last = parts.length - 1;
  if (last < 0) return [{ kind: 'is', text: '' }];
  return parts.flatMap((text, at): readonly Found[] => {
    if (text === null) return [];
    return [{ kind: last === 0 ? 'is' : at === 0 ? 'starts' : at === last ? 'ends' : 'has', text }];
  });
}

/** For one alternative all its texts, each a set of its own; of several the rarest text of each, in one set. */
function anyOf(field: Field, folded: boolean, alternatives: readonly (readonly Found[])[]): Needs {
  const target = field.wordsIn ?? field;
  const found = alternatives.map((texts) =>
    field.wordsIn === undefined ? texts.map(shortened) : texts.flatMap(wordsIn),
  );
  if (found.some((texts) => texts.length === 0)) return ANYTHING;
  const [only, second] = found;
  if (only === undefined || second !== undefined) {
    return [
      [
        setOf(
          target,
          folded,
          found.map((texts) => rarest(target, texts)),
        ),
      ],
    ];
  }
  const sets = best(only.map((one) => setOf(target, folded, [one])));
  return sets[0]!.share > TOO_COMMON ? ANYTHING : [sets];
}

function rarest({ name }: Field, texts: readonly Found[]): Found {
  const share = ({ kind, text }: Found): number => shareOf(name, kind, text);
  return texts.reduce((rare, one) => (share(one) < share(rare) ? one : rare));
}

/**
 * The sets worth looking up: the one that leaves the fewest rules for its price, and more while those before it let
 * too many events pass. A dear one is left to the rule's own test where the others are rare enough.
 */
export function best(sets: readonly KeySet[]): readonly KeySet[] {
  const kept: KeySet[] = [];
  let share = 1;
  for (const one of sets.toSorted((a, b) => a.share * a.price - b.share * b.price)) {
    if (kept.length === MOST_SETS || (kept.length > 0 && (share < RARE || one.share > TOO_COMMON))) break;
    kept.push(one);
    share *= one.share;
  }
  return kept;
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
 * The words of a text, with a space on each side where one ends there: they may stand in another order where they
 * are looked for. Of a long one the beginning is enough, or its end where that is sure.
 */
function wordsIn({ kind, text }: Found): readonly Found[] {
  const pieces = text.split(' ');
  const last = pieces.length - 1;
  return pieces.flatMap((piece, at): readonly Found[] => {
    if (piece === '') return [];
    const begins = at > 0 || kind === 'is' || kind === 'starts';
    const ends = at < last || kind === 'is' || kind === 'ends';
    if (piece.length <= LONGEST_WORD) {
      return [{ kind: 'word', text: `${begins ? ' ' : ''}${piece}${ends ? ' ' : ''}` }];
    }
    return ends && !begins
      ? [{ kind: 'word', text: `${piece.slice(-LONGEST_WORD)} ` }]
      : [{ kind: 'word', text: `${begins ? ' ' : ''}${piece.slice(0, LONGEST_WORD)}` }];
  });
}

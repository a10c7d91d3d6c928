import type { Condition, Fields } from '../rule/index.ts';
import { ANYTHING, type KeySet, keysOf, keysOfNot, NEVER, type Needs, TOO_COMMON } from './necessary-keys.ts';

/** What is known of a test before any event is seen: true, false, null for unknown; undefined when it depends. */
export type Known = (condition: Condition) => boolean | null | undefined;

const MOST_ALTERNATIVES = 8;
/** Sets of one alternative that are looked up; the index keeps a bit for each. */
export const MOST_SETS = 3;
/** When so few events are left, looking further costs more than asking the rule. */
const RARE = 0.02;

/**
 * Finds what an event must have for a condition to be true. Sound, not complete: an event that lacks it does not
 * match; one that has it may match. Functions ask for nothing.
 */
export function needsOf(condition: Condition, fields: Fields, known: Known): Needs {
  const whenTrue = (inner: Condition): Needs => {
    const truth = known(inner);
    if (truth !== undefined) return truth === true ? ANYTHING : NEVER;
    switch (inner.kind) {
      case 'and':
        return all(inner.args.map(whenTrue));
      case 'or':
        return any(inner.args.map(whenTrue));
      case 'definite':
        return whenTrue(inner.arg);
      case 'not':
        return whenFalse(inner.arg);
      default:
        return keysOf(inner, fields);
    }
  };
  const whenFalse = (inner: Condition): Needs => {
    const truth = known(inner);
    if (truth !== undefined) return truth === false ? ANYTHING : NEVER;
    switch (inner.kind) {
      case 'and':
        return any(inner.args.map(whenFalse));
      case 'or':
        return all(inner.args.map(whenFalse));
      case 'definite':
        return truthOf(inner.arg, known) === true ? NEVER : ANYTHING;
      case 'not':
        return whenTrue(inner.arg);
      default:
        return keysOfNot(inner, fields);
    }
  };
  return whenTrue(condition);
}

/** What is known of a condition from what is known of its tests. */
function truthOf(condition: Condition, known: Known): boolean | null | undefined {
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
    if (part.some((sets) => sets.length === 0)) continue;
    const fits = alternatives.length * part.length <= MOST_ALTERNATIVES;
    const few = fits ? part : [[merged(part)]];
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

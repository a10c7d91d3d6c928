import type { Condition, Fields } from '../../rule/index.ts';
import { ANYTHING, best, type KeySet, keysOf, keysOfNot, NEVER, type Needs } from './necessary-keys.ts';

/** What is known of a test before any event is seen: true, false, null for unknown; undefined when it depends. */
export type Known = (condition: Condition) => boolean | null | undefined;

const MOST_ALTERNATIVES = 8;
/**
 * Finds what an event must have for a condition to be true. Sound, not complete: an event that lacks it does not
 * match; one that has it may match. Functions ask for nothing.
 */
export function needsOf(condition: Condition, fields: Fields, known: Known): Needs {
  const isNotTrue = (inner: Condition): boolean => {
    const truth = known(inner);
    return truth === false || truth === null;
  };
  const whenTrue = (inner: Condition): Needs => {
    const truth = known(inner);
    if (truth !== undefined) return truth === true ? ANYTHING : NEVER;
    switch (inner.kind) {
      case 'and':
        // What is known costs nothing, and of most kinds of events says no.
        return inner.args.some(isNotTrue) ? NEVER : all(inner.args.map(whenTrue));
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
        return unlessTrue(inner.arg);
      case 'not':
        return whenTrue(inner.arg);
      default:
        return keysOfNot(inner, fields);
    }
  };
  const unlessTrue = (inner: Condition): Needs => {
    const truth = known(inner);
    if (truth !== undefined) return truth === true ? NEVER : ANYTHING;
    switch (inner.kind) {
      case 'and':
        return any(inner.args.map(unlessTrue));
      case 'or':
        return all(inner.args.map(unlessTrue));
      case 'definite':
        return unlessTrue(inner.arg);
      case 'not':
        return ANYTHING;
      default:
        return keysOfNot(inner, fields);
    }
  };
  return whenTrue(condition);
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

import type { Event, Fields, Value } from '../../rule/index.ts';
import { isList } from '../condition/closure.ts';
import { compareEvents } from './order.ts';

/** Whether two events are one row read twice. */
export type SameRow = (a: Event, b: Event) => boolean;

/**
 * Two events are one row read twice when their place in the order is the same and every field says the same. The
 * place alone does not tell: tables of one rank count their rows each for itself, and some rows have no number.
 */
export function sameRowBy(fields: Fields): SameRow {
  let slots: readonly number[] | undefined;
  return (a, b) => {
    if (a === b) return true;
    if (compareEvents(a, b) !== 0) return false;
    slots ??= [...fields.names()].flatMap((name) => fields.find(name)?.slot ?? []);
    return slots.every((slot) => sameValue(a.get(slot), b.get(slot)));
  };
}

function sameValue(a: Value, b: Value): boolean {
  if (!isList(a) || !isList(b)) return a === b;
  return a.length === b.length && a.every((value, i) => value === b[i]);
}

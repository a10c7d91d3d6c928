import type { Condition, Event, Fields } from '../rule/index.ts';

/** Whether a condition is true of an event; unknown is no. Never throws, linear in the event's values. */
export type Predicate = (event: Event) => boolean;

/**
 * Compiles a condition to closures. Fields that `fields` does not know read as null. A regular expression that
 * cannot be run is an error here (`UnsupportedRegex`), never later.
 */
export function compileCondition(_condition: Condition, _fields: Fields): Predicate {
  throw new Error('not yet compiled');
}

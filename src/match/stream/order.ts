import type { Event } from '../../rule/index.ts';

/** Orders events by time, rank of their table and number: less than 0 when `a` comes first. */
export function compareEvents(a: Event, b: Event): number {
  return a.timeMs - b.timeMs || a.rank - b.rank || a.serial - b.serial;
}

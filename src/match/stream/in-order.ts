import type { Event } from '../../rule/index.ts';
import { compareEvents } from './order.ts';
import type { SameRow } from './same-row.ts';

/** What waits for its place in the order. */
interface Ordered {
  readonly event: Event;
}

/** So many events in one place of the order are held against the next, to see whether it is one of them. */
const MOST_COMPARED = 16;

/** Some events in their order; a row that was read twice is given once. */
export function* inOrder<T extends Ordered>(some: readonly T[], isSame: SameRow): Iterable<T> {
  /** The last that were given, all in one place of the order. */
  const given: Event[] = [];
  for (const item of some.toSorted((a, b) => compareEvents(a.event, b.event))) {
    const { event } = item;
    if (given.length > 0 && compareEvents(given[0]!, event) !== 0) given.length = 0;
    if (given.some((other) => isSame(other, event))) continue;
    if (given.length < MOST_COMPARED) given.push(event);
    yield item;
  }
}

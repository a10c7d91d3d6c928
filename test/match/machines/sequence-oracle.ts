import { compileCondition, type Match } from '../../../src/match/index.ts';
import type { Event, Fields, Scalar, SequenceQuery, SequenceStep } from '../../../src/rule/index.ts';

/** A sequence under way: the events of the steps that are not missing. */
interface Found {
  readonly key: string;
  readonly keys: readonly (Scalar | null)[];
  readonly events: Event[];
}

/**
 * Finds sequences as Elasticsearch does, by a search over all events: step after step, not event after event. For
 * each event of a step the newest sequence of the step before that lies before it moves on, and those before
 * that are given up; what must be missing is searched for at the end. Slow, and nothing but the definition.
 */
export function searchSequences(query: SequenceQuery, unordered: readonly Event[], fields: Fields): Match[] {
  const events = [...unordered]
    .sort(compare)
    .filter((event, i, all) => i === 0 || compare(all[i - 1]!, event) !== 0);
  const hits = (step: SequenceStep): { event: Event; keys: (Scalar | null)[] }[] => {
    const test = compileCondition(step.event.condition, fields);
    return events
      .filter(test)
      .flatMap((event) => keysOf(step, event, fields).map((keys) => ({ event, keys })));
  };
  const steps = query.steps.filter(({ missing }) => !missing);
  const span = query.maxSpanMs ?? Number.POSITIVE_INFINITY;
  const until = query.until === null ? [] : hits(query.until);
  let sequences: Found[] = hits(steps[0]!).map(({ event, keys }) => ({
    key: JSON.stringify(keys),
    keys,
    events: [event],
  }));
  for (const step of steps.slice(1)) {
    const moved: Found[] = [];
    for (const { event, keys } of hits(step)) {
      const key = JSON.stringify(keys);
      const before = sequences.filter((one) => one.key === key && compare(one.events.at(-1)!, event) < 0);
      const newest = before.at(-1);
      if (newest === undefined) continue;
      sequences = sequences.filter((one) => !before.includes(one));
      if (event.timeMs - newest.events[0]!.timeMs > span) continue;
      const nearest = until
        .filter((hit) => JSON.stringify(hit.keys) === key && compare(hit.event, event) < 0)
        .at(-1);
      if (nearest !== undefined && compare(newest.events.at(-1)!, nearest.event) <= 0) continue;
      moved.push({ ...newest, events: [...newest.events, event] });
    }
    sequences = moved;
  }
  return sequences
    .filter((one) => isUninterrupted(query, one, hits))
    .map(({ events: own, keys }) => ({ events: own, keys }));
}

/** Whether no event came that must be missing: between two steps, or before and after within the span. */
function isUninterrupted(
  query: SequenceQuery,
  { key, events }: Found,
  hits: (step: SequenceStep) => readonly { event: Event; keys: unknown }[],
): boolean {
  const span = query.maxSpanMs ?? Number.POSITIVE_INFINITY;
  const times = (step: SequenceStep): number[] =>
    hits(step)
      .filter((hit) => JSON.stringify(hit.keys) === key)
      .map(({ event }) => event.timeMs);
  const [start, end] = [events[0]!.timeMs, events.at(-1)!.timeMs];
  let [lastBefore, firstAfter] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  let place = 0;
  for (const step of query.steps) {
    if (!step.missing) {
      place += 1;
    } else if (place === 0) {
      lastBefore = Math.max(lastBefore, ...times(step).filter((time) => time < start));
    } else if (place === events.length) {
      firstAfter = Math.min(firstAfter, ...times(step).filter((time) => time > end));
    } else {
      const [from, to] = [events[place - 1]!.timeMs, events[place]!.timeMs];
      if (times(step).some((time) => time > from && time < to)) return false;
    }
  }
  const [missingFirst, missingLast] = [query.steps[0]!.missing, query.steps.at(-1)!.missing];
  if (missingFirst && missingLast) return firstAfter - lastBefore > span;
  if (missingFirst) return end - lastBefore > span;
  return missingLast ? firstAfter - start > span : true;
}

function keysOf(step: SequenceStep, event: Event, fields: Fields): (Scalar | null)[][] {
  return step.by.reduce<(Scalar | null)[][]>(
    (some, { operand, optional }) => {
      if (operand.kind !== 'field') throw new Error('not generated');
      const value = event.get(fields.find(operand.name)!.slot);
      const values =
        value === null ? (optional ? [null] : []) : typeof value === 'object' ? [...value].sort() : [value];
      return some.flatMap((one) => values.map((each) => [...one, each]));
    },
    [[]],
  );
}

function compare(a: Event, b: Event): number {
  return a.timeMs - b.timeMs || a.rank - b.rank || a.serial - b.serial;
}

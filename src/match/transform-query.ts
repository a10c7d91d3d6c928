import {
  assertNever,
  type Condition,
  type EventQuery,
  type Query,
  type SequenceStep,
} from '../rule/index.ts';

/** Changes the condition of every event query in a query. Steps that shared theirs share the new one. */
export function transformQuery(query: Query, change: (condition: Condition) => Condition): Query {
  const changed = new Map<EventQuery, EventQuery>();
  const event = (one: EventQuery): EventQuery => {
    const known = changed.get(one);
    if (known !== undefined) return known;
    const made = { ...one, condition: change(one.condition) };
    changed.set(one, made);
    return made;
  };
  const step = (one: SequenceStep): SequenceStep => ({ ...one, event: event(one.event) });
  switch (query.kind) {
    case 'event':
      return event(query);
    case 'sequence':
      return {
        ...query,
        steps: query.steps.map(step),
        until: query.until === null ? null : step(query.until),
      };
    case 'sample':
      return { ...query, steps: query.steps.map(step) };
    case 'threshold':
    case 'newTerms':
      return { ...query, event: event(query.event) };
    default:
      return assertNever(query);
  }
}

/** Every event query in a query, each once: an event that passes none of them is nothing to it. */
export function eventQueriesOf(query: Query): readonly EventQuery[] {
  switch (query.kind) {
    case 'event':
      return [query];
    case 'sequence': {
      const steps = query.until === null ? query.steps : [...query.steps, query.until];
      return [...new Set(steps.map(({ event }) => event))];
    }
    case 'sample':
      return [...new Set(query.steps.map(({ event }) => event))];
    case 'threshold':
    case 'newTerms':
      return [query.event];
    default:
      return assertNever(query);
  }
}

import fc from 'fast-check';
import type { EventCodec, Match } from '../../../src/match/index.ts';
import { createSequenceMachine } from '../../../src/match/machines/sequence.ts';
import { field, type JoinKey, type SequenceQuery, type SequenceStep } from '../../../src/rule/index.ts';
import { type FlatEvent, flatFields } from '../flat-event.ts';
import { type Driven, drive } from './drive.ts';

export const fields = flatFields({ kind: 'keyword', user: 'keyword', other: 'keyword' });
const byUser: JoinKey = { operand: field('user'), optional: false };

interface Spec {
  readonly missing?: boolean;
  readonly by?: readonly JoinKey[];
}

export function step(kind: string, { missing = false, by = [byUser] }: Spec = {}): SequenceStep {
  return {
    event: {
      kind: 'event',
      category: null,
      condition: {
        kind: 'oneOf',
        operand: field('kind'),
        values: kind === '*' ? ['a', 'b', 'c'] : [kind],
        ignoreCase: false,
      },
    },
    by,
    missing,
  };
}

export function sequence(
  steps: readonly SequenceStep[],
  { maxSpanMs = null, until = null }: Partial<Pick<SequenceQuery, 'maxSpanMs' | 'until'>> = {},
): SequenceQuery {
  return { kind: 'sequence', steps, maxSpanMs, until };
}

/** `a5` is an event of kind a at 5 ms; `a5x` that of user x. Numbers in the order of writing break ties. */
export function parseEvents(text: string): FlatEvent[] {
  return text
    .split(' ')
    .filter((word) => word !== '')
    .map((word, serial) => {
      const [, kind, time, user] = /^([a-z])(\d+)([a-z]*)$/.exec(word) as unknown as string[];
      return fields.event({ kind, user: user === '' ? 'u' : user, word }, { timeMs: Number(time), serial });
    });
}

export function machineOf(query: SequenceQuery, slackMs = 0, mostHeld = 1000): Driven {
  return drive(createSequenceMachine(query, { fields, categoryField: 'kind', mostHeld }), {
    ...{ fields, slackMs },
  });
}

/** Events as their places in a list. */
export function codecOf(events: readonly FlatEvent[]): EventCodec {
  return { save: (event) => events.indexOf(event as FlatEvent), load: (saved) => events[saved as number]! };
}

export const kinds = fc.constantFrom('a', 'b', 'c');
export const users = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('x', 'y') },
  fc.constant(null),
  fc.constant(['x', 'y']),
);
/** Sequences of any shape over the kinds. */
export const queries = fc
  .record({
    steps: fc.array(
      fc.record({ kind: fc.constantFrom('a', 'b', 'c', '*'), missing: fc.boolean(), weight: fc.nat(3) }),
      { minLength: 1, maxLength: 5 },
    ),
    optional: fc.boolean(),
    keyed: fc.boolean(),
    until: fc.option(kinds),
    maxSpanMs: fc.option(fc.integer({ min: 1, max: 8 })),
  })
  .map(({ steps, optional, keyed, until, maxSpanMs }) => {
    const by = keyed ? [{ operand: field('user'), optional }] : [];
    const made = steps.map(({ kind, missing, weight }) => step(kind, { missing: missing && weight < 2, by }));
    const all = made.some(({ missing }) => !missing) ? made : [...made, step('a', { by })];
    const endsMissing = all[0]!.missing || all.at(-1)!.missing;
    return sequence(all, {
      maxSpanMs: endsMissing ? (maxSpanMs ?? 4) : maxSpanMs,
      until: until === null ? null : step(until, { by }),
    });
  });

/** The words and keys of a match. */
export function describe({ events, keys }: Match): string {
  return `${events.map((event) => (event as FlatEvent).row['word']).join(' ')} by ${JSON.stringify(keys)}`;
}

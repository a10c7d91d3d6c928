import type { EventCodec } from '../../../src/match/index.ts';
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

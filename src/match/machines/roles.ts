import type { SequenceQuery, SequenceStep } from '../../rule/index.ts';
import type { KeyReader } from './keys.ts';

/** What an event that passes a test does. The place of steps counts those that are not missing. */
export interface Role {
  readonly test: number;
  readonly keys: KeyReader;
  readonly act: 'step' | 'until' | 'leading' | 'between' | 'trailing';
  readonly place: number;
}

/** What the step with that index does; `until` comes behind the last. */
export function roleOf(query: SequenceQuery, step: SequenceStep, index: number): Pick<Role, 'act' | 'place'> {
  const before = query.steps.slice(0, index).filter(({ missing }) => !missing).length;
  if (step === query.until && index === query.steps.length) return { act: 'until', place: 0 };
  if (!step.missing) return { act: 'step', place: before };
  if (before === 0) return { act: 'leading', place: 0 };
  const isTrailing = query.steps.slice(index).every(({ missing }) => missing);
  return { act: isTrailing ? 'trailing' : 'between', place: before - 1 };
}

/** Whether an event in this role counts where nothing is held. */
export function isBeginning({ act, place }: Pick<Role, 'act' | 'place'>): boolean {
  return act === 'leading' || (act === 'step' && place === 0);
}

/** The last step first, so that no event moves one sequence twice; `until` after all steps. */
export function inOrderOfEffect(a: Role, b: Role): number {
  const rank = ({ act }: Role): number => (act === 'step' ? 0 : act === 'until' ? 1 : 2);
  return rank(a) - rank(b) || b.place - a.place;
}

import type { Event } from '../rule/index.ts';
import type { Runner } from './runner.ts';

/** A rule some of whose tests an event passed, or may pass. */
export interface Passed {
  readonly runner: Runner;
  /** The bits of the tests that it passed. */
  readonly passed: number;
  /** The names of tests that ask for fields of the moment: each event is asked anew. */
  readonly ask: readonly number[];
}

/** What the rules say of an event, and of all that have its likeness. */
export interface Answer {
  /** Those that take an event at once, and those that want it in its place. */
  readonly atOnce: readonly Passed[];
  readonly inOrder: readonly Passed[];
  /** No test is left to ask. */
  readonly isSettled: boolean;
}

const NONE: readonly never[] = [];
const NOTHING: Answer = { atOnce: NONE, inOrder: NONE, isSettled: true };

/** Of the rules that an event passed, in their order. */
export function answerOf(rules: readonly Passed[]): Answer {
  if (rules.length === 0) return NOTHING;
  return {
    atOnce: rules.filter(({ runner }) => !runner.machine.isOrdered),
    inOrder: rules.filter(({ runner }) => runner.machine.isOrdered),
    isSettled: rules.every(({ ask }) => ask.length === 0),
  };
}

/** The bits of the tests that this event passed, of a rule in an answer. */
export function passedNow(event: Event, { runner, passed, ask }: Passed): number {
  return ask.length === 0 ? passed : passed | runner.test(event, ask, 0);
}

import type { Event } from '../rule/index.ts';
import { type Passed, Wanting } from './wanting.ts';

/** What the rules say of an event, and of all that have its likeness. */
export interface Answer {
  /** All of them, in their order. */
  readonly rules: readonly Passed[];
  /** Those that take an event at once, and those that want it in its place. */
  readonly atOnce: readonly Passed[];
  readonly inOrder: Wanting;
  /** No test is left to ask. */
  readonly isSettled: boolean;
}

const NONE: readonly never[] = [];
const NOTHING: Answer = { rules: NONE, atOnce: NONE, inOrder: new Wanting(NONE), isSettled: true };

/** Answers kept for those that say the same again, a power of two. */
const CELLS = 512;

/**
 * Makes answers. Events that differ in their command lines alone mostly pass the same rules: they get the same object,
 * so that what is remembered of many events costs little memory.
 */
export class Answers {
  private readonly cells = new Array<Answer | undefined>(CELLS).fill(undefined);

  /** Of the rules that an event passed, in their order. */
  of(rules: readonly Passed[]): Answer {
    if (rules.length === 0) return NOTHING;
    let hash = 0;
    for (let i = 0; i < rules.length; i += 1) {
      const { runner, passed } = rules[i]!;
      hash = (Math.imul(hash, 31) + runner.first + passed) | 0;
    }
    const cell = (hash ^ (hash >>> 9)) & (CELLS - 1);
    const known = this.cells[cell];
    if (known !== undefined && areSame(known.rules, rules)) return known;
    const answer = {
      rules: rules.slice(),
      atOnce: rules.filter(({ runner }) => !runner.machine.isOrdered),
      inOrder: new Wanting(rules.filter(({ runner }) => runner.machine.isOrdered)),
      isSettled: rules.every(({ ask }) => ask.length === 0),
    };
    this.cells[cell] = answer;
    return answer;
  }
}

function areSame(some: readonly Passed[], others: readonly Passed[]): boolean {
  if (some.length !== others.length) return false;
  for (let i = 0; i < some.length; i += 1) {
    const [a, b] = [some[i]!, others[i]!];
    if (a.runner !== b.runner || a.passed !== b.passed || a.ask.length !== b.ask.length) return false;
    for (let j = 0; j < a.ask.length; j += 1) if (a.ask[j] !== b.ask[j]) return false;
  }
  return true;
}

/** The bits of the tests that this event passed, of a rule in an answer. */
export function passedNow(event: Event, { runner, passed, ask }: Passed): number {
  return ask.length === 0 ? passed : passed | runner.test(event, ask, 0);
}

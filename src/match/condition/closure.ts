import type { Event, Scalar, Value } from '../../rule/index.ts';

/** Whether a condition is true of an event; unknown is no. Never throws, linear in the event's values. */
export type Predicate = (event: Event) => boolean;

/**
 * The two sides of three-valued truth as plain booleans: `yes` says whether it is true, `no` whether it is
 * false; neither when unknown. `cost` is a rough price of either, to ask the cheap ones first.
 */
export interface Tested {
  readonly yes: Predicate;
  readonly no: Predicate;
  readonly cost: number;
}

/** One side with its cost. */
export interface Costed {
  readonly test: Predicate;
  readonly cost: number;
  /** The tests that it joins, so that others can be put between them. */
  readonly all?: readonly Costed[];
  readonly any?: readonly Costed[];
}

/** Constants are known by identity: what is joined with them is folded away. */
export const ALWAYS: Predicate = () => true;
export const NEVER: Predicate = () => false;

export function constantTest(value: boolean | null): Tested {
  return { yes: value === true ? ALWAYS : NEVER, no: value === false ? ALWAYS : NEVER, cost: 0 };
}

/** All of them, the cheapest first; those that are joins themselves are taken apart. */
export function allOf(parts: readonly Costed[]): Costed {
  if (parts.some(({ test }) => test === NEVER)) return { test: NEVER, cost: 0 };
  const all = ordered(
    parts.flatMap((part) => part.all ?? [part]),
    ALWAYS,
  );
  return { test: conjunction(all.map(({ test }) => test)), cost: costOf(all), all };
}

/** Any of them, the cheapest first; those that are joins themselves are taken apart. */
export function anyOf(parts: readonly Costed[]): Costed {
  if (parts.some(({ test }) => test === ALWAYS)) return { test: ALWAYS, cost: 0 };
  const any = ordered(
    parts.flatMap((part) => part.any ?? [part]),
    NEVER,
  );
  return { test: disjunction(any.map(({ test }) => test)), cost: costOf(any), any };
}

export function negated({ test, cost }: Costed): Costed {
  if (test === ALWAYS) return { test: NEVER, cost };
  if (test === NEVER) return { test: ALWAYS, cost };
  return { test: (event) => !test(event), cost };
}

function ordered(parts: readonly Costed[], neutral: Predicate): readonly Costed[] {
  return parts.filter(({ test }) => test !== neutral).sort((a, b) => a.cost - b.cost);
}

function costOf(parts: readonly Costed[]): number {
  return parts.reduce((sum, { cost }) => sum + cost, 0);
}

function conjunction(tests: readonly Predicate[]): Predicate {
  const [a, b, c] = tests;
  if (a === undefined) return ALWAYS;
  if (b === undefined) return a;
  if (c === undefined) return (event) => a(event) && b(event);
  if (tests.length === 3) return (event) => a(event) && b(event) && c(event);
  return (event) => {
    for (let i = 0; i < tests.length; i += 1) if (!tests[i]!(event)) return false;
    return true;
  };
}

function disjunction(tests: readonly Predicate[]): Predicate {
  const [a, b, c] = tests;
  if (a === undefined) return NEVER;
  if (b === undefined) return a;
  if (c === undefined) return (event) => a(event) || b(event);
  if (tests.length === 3) return (event) => a(event) || b(event) || c(event);
  return (event) => {
    for (let i = 0; i < tests.length; i += 1) if (tests[i]!(event)) return true;
    return false;
  };
}

export function isList(value: Value): value is readonly Scalar[] {
  return typeof value === 'object' && value !== null;
}

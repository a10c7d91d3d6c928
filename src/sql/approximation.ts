import { any, type Expression, NO, YES } from './expression.ts';

/**
 * Two truths around a third: whenever `under` holds, the test holds; whenever the test holds, `over` does. Both
 * are about rows that are not odd.
 */
export interface Approximation {
  readonly over: Expression;
  readonly under: Expression;
}

export const ANYTHING_GOES: Approximation = Object.freeze({ over: YES, under: NO });
export const NEVER: Approximation = Object.freeze({ over: NO, under: NO });

export function same(test: Expression): Approximation {
  return { over: test, under: test };
}

/** Where only `over` is right. */
export function widened({ over }: Approximation): Approximation {
  return { over, under: NO };
}

export function anyOf(approximations: readonly Approximation[]): Approximation {
  return {
    over: any(approximations.map(({ over }) => over)),
    under: any(approximations.map(({ under }) => under)),
  };
}

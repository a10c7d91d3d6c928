import type { Statement } from './ast.ts';

/** Prints a statement; parsing it again gives an equal tree, but for the places. */
export function printEql(_statement: Statement): string {
  throw new Error('not written yet');
}

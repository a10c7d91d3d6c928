/**
 * Options of Node that the extension runs with, wherever we start Node ourselves; measured as
 * docs/decisions/2026-11-24-garbage.md tells.
 *
 * V8 lets the space of new objects grow to 134 MB where memory is plenty, and gives little of it back. Half of each
 * batch of rows is garbage before the next: 34 MB are enough, and cost no CPU time that `npm run soak` could tell.
 *
 * In the quiet between two batches V8 takes the process for one that needs little, and lets the old space grow by a
 * tenth only: each batch began with a collection of all that is alive, which another thread marked for a fifth of a
 * second. Two and a half times what was alive at the last one is what it grows to without such quiet.
 *
 * Several threads that collect the new space together cost more CPU time than one, and saved nothing.
 */
export const NODE_FLAGS: readonly string[] = [
  '--max-semi-space-size=16',
  '--heap-growing-percent=150',
  '--no-parallel-scavenge',
];

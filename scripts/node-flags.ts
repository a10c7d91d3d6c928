/**
 * Options of Node that the extension runs with, wherever we start Node ourselves: what collecting garbage costs is a
 * third of all that it costs.
 *
 * V8 lets the space of new objects grow to 134 MB where memory is plenty, and gives little of it back. Half of each
 * batch of rows is garbage before the next: 34 MB are enough, and cost no CPU time that `npm run soak` could tell.
 *
 * In the quiet between two batches V8 takes the process for one that needs little, and lets the old space grow by a
 * tenth only: each batch began with a collection of all that is alive, which another thread marked for a fifth of a
 * second. Two and a half times what was alive at the last one is what it grows to without such quiet.
 *
 * Threads that collect new objects together wait for each other longer than they work: batches leave few alive.
 */
export const NODE_FLAGS: readonly string[] = [
  '--max-semi-space-size=16',
  '--heap-growing-percent=150',
  '--no-parallel-scavenge',
];

/**
 * Options of Node that the extension runs with, wherever we start Node ourselves.
 *
 * V8 lets the space of new objects grow to 134 MB where memory is plenty, and gives little of it back. Half of each
 * batch of rows is garbage before the next: 34 MB are enough, and cost no CPU time that `npm run soak` could tell.
 * The old space may grow by 40 % over what lives in it before it is collected, instead of up to four times as much:
 * 440 MB instead of 501 MB after a minute of it.
 */
export const NODE_FLAGS: readonly string[] = ['--max-semi-space-size=16', '--heap-growing-percent=40'];

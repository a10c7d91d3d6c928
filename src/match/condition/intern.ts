/**
 * Gives the engine's one copy of a text. Literals of rules are slices of their documents, and comparing a slice
 * costs a call into the runtime, ten times a comparison of plain texts; names of properties are kept once, plain.
 */
export function intern(text: string): string {
  return Object.keys({ [text]: true })[0]!;
}

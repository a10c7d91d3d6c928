/**
 * A copy of a text that stands by itself. Literals of rules are slices of their documents, and comparing a slice
 * costs a call into the runtime, several times a comparison of plain texts. What JSON reads is plain; as a name of
 * a property it would be, too, at ten times the cost.
 */
export function plainText(text: string): string {
  return JSON.parse(JSON.stringify(text)) as string;
}

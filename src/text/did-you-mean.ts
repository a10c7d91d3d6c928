/** A word of which only this share of letters is wrong is taken for a slip. */
const TOLERANCE = 0.4;
const LONGEST = 100;

/**
 * Says `Did you mean "x"?` when one of the known words is near to the wrong one, and nothing otherwise.
 * Costs |words| × length²; words over 100 characters are passed over.
 */
export function suggest(wrong: string, words: Iterable<string>): string | undefined {
  if (wrong.length > LONGEST) return undefined;
  let best: string | undefined;
  let bestDistance = Math.floor(wrong.length * TOLERANCE) + 1;
  for (const word of words) {
    if (word.length > LONGEST || Math.abs(word.length - wrong.length) >= bestDistance) continue;
    const distance = editDistance(wrong.toLowerCase(), word.toLowerCase());
    if (distance < bestDistance) {
      best = word;
      bestDistance = distance;
    }
  }
  return best === undefined ? undefined : `Did you mean "${best}"?`;
}

/** Levenshtein's distance, two rows at a time. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const change = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(change, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    previous = row;
  }
  return previous[b.length] ?? 0;
}

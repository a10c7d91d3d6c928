import { createHash } from 'node:crypto';

const LONGEST = 64;

/** Names a text in few bytes: itself when it is short, else its hash. Command lines are long, and the attacker's. */
export function shortName(text: string): string {
  if (text.length <= LONGEST) return text;
  return `#${createHash('sha256').update(text).digest('base64url')}`;
}

import { createHash } from 'node:crypto';
import type { Query } from '../../rule/index.ts';

const known = new WeakMap<Query, string>();

/** A hash of what a query means; saved state belongs to one of them. Made when it is first asked for. */
export function fingerprint(query: Query): string {
  let hash = known.get(query);
  if (hash === undefined) {
    const text = JSON.stringify(query, (_, value: unknown) =>
      typeof value === 'bigint' ? `${value}n` : value,
    );
    hash = createHash('sha256').update(text).digest('hex').slice(0, 32);
    known.set(query, hash);
  }
  return hash;
}

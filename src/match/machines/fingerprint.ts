import { createHash } from 'node:crypto';
import type { Query } from '../../rule/index.ts';

/** A hash of what a query means; saved state belongs to one of them. */
export function fingerprint(query: Query): string {
  const text = JSON.stringify(query, (_, value: unknown) =>
    typeof value === 'bigint' ? `${value}n` : value,
  );
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

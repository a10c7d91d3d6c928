import { ANYTHING_GOES, type Approximation } from './approximation.ts';
import { any, type Expression, NO } from './expression.ts';

/**
 * Whether a column's address lies in a range. Not with osquery's `in_cidr_block`: it fails the whole query on a text
 * that is no address or of the other family, and leaves out a range's first and last address
 * (osquery/sql/sqlite_network.cpp). `inet_aton` is NULL for what is no IPv4 address. IPv6 may carry an IPv4 address,
 * so an address with a colon is left to the rule.
 */
export function matchRanges(column: string, ranges: readonly string[]): Approximation {
  const inside: Expression[] = [];
  for (const range of ranges) {
    const bounds = boundsOf(range);
    if (bounds === null) return ANYTHING_GOES;
    inside.push({ kind: 'between4', column, ...bounds });
  }
  const under = any(inside);
  return { over: inside.length === 0 ? NO : any([under, { kind: 'contains', column, text: ':' }]), under };
}

/** The first and last address of an IPv4 range or address; null for anything else. */
function boundsOf(range: string): { readonly from: number; readonly to: number } | null {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?:\/(\d{1,2}))?$/.exec(range);
  if (match === null) return null;
  const octets = match.slice(1, 5).map(Number);
  const bits = Number(match[5] ?? 32);
  if (octets.some((octet) => octet > 255) || bits > 32) return null;
  const size = 2 ** (32 - bits);
  const address = octets.reduce((sum, octet) => sum * 256 + octet, 0);
  const from = Math.floor(address / size) * size;
  return { from, to: from + size - 1 };
}

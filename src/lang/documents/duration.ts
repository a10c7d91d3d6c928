const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  M: 30 * 86_400_000,
  y: 365 * 86_400_000,
};

/** Reads `90s`, `5m`, `12h`, `7d`, `2w` as milliseconds; undefined when it is nothing such. */
export function parseDuration(text: string): number | undefined {
  const found = /^(\d{1,9})([smhdwMy])$/.exec(text);
  return found === null ? undefined : Number(found[1]) * UNIT_MS[found[2]!]!;
}

/**
 * Reads Elasticsearch's date math back from the present, `now-9m` or `now-1d-6h`, as milliseconds. Rounding
 * (`/d`) has no place in a look-back and is passed over. Undefined when it is nothing such.
 */
export function parseLookBack(text: string): number | undefined {
  const found = /^now((?:-\d{1,9}[smhHdwMy])*)(?:\/[smhHdwMy])?$/.exec(text);
  if (found === null) return undefined;
  const parts = found[1]!.split('-').slice(1);
  return parts.reduce((sum, part) => sum + parseDuration(part.replace('H', 'h'))!, 0);
}

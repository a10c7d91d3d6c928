import { resolve } from 'node:path';

/** One key of the settings file: how its value is read, relative paths from `folder` on, and what it is without one. */
export interface Key<T> {
  readonly word: string;
  /** What its value must be: the end of "KEY must be …". */
  readonly expected: string;
  readonly standard: T;
  /** Undefined for a value that it must not have. */
  read(value: unknown, folder: string): T | undefined;
}

export function choice<T extends string>(word: string, of: readonly T[], standard: T): Key<T> {
  return {
    word,
    expected: `one of ${of.map((one) => `"${one}"`).join(', ')}`,
    standard,
    read: (value) => of.find((one) => one === value),
  };
}

/** Off unless it is turned on. */
export function flag(word: string): Key<boolean> {
  return {
    word,
    expected: 'true or false',
    standard: false,
    read: (value) => (typeof value === 'boolean' ? value : undefined),
  };
}

const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A duration as rules write them, in milliseconds. All three are such texts. */
export function duration(
  word: string,
  standard: string,
  [least, most]: readonly [string, string],
): Key<number> {
  const [leastMs, mostMs] = [parseDuration(least), parseDuration(most)];
  return {
    word,
    expected: `a duration from "${least}" to "${most}"`,
    standard: parseDuration(standard),
    read(value) {
      const ms = typeof value === 'string' ? parseDuration(value) : Number.NaN;
      return ms >= leastMs && ms <= mostMs ? ms : undefined;
    },
  };
}

/** NaN for what is no duration. */
function parseDuration(text: string): number {
  const [, count = '', unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  return Number(count) * (UNIT_MS[unit] ?? Number.NaN);
}

/** A key that means something of its own when it is not given. */
export function optional<T>(key: Key<T>): Key<T | null> {
  return { ...key, standard: null };
}

/** A whole number. */
export function count(word: string, standard: number, [least, most]: readonly [number, number]): Key<number> {
  return {
    word,
    expected: `a whole number from ${least} to ${most}`,
    standard,
    read: (value) =>
      Number.isInteger(value) && Number(value) >= least && Number(value) <= most ? Number(value) : undefined,
  };
}

export function path(word: string): Key<string | null> {
  return {
    word,
    expected: 'a path',
    standard: null,
    read: (value, folder) => (isPath(value) ? resolve(folder, value) : undefined),
  };
}

export function paths(word: string): Key<readonly string[]> {
  return {
    word,
    expected: 'a list of paths',
    standard: [],
    read: (value, folder) =>
      Array.isArray(value) && value.every(isPath) ? value.map((one) => resolve(folder, one)) : undefined,
  };
}

function isPath(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && !value.includes('\0');
}

import type { Event, JoinKey, Scalar, Value } from '../../rule/index.ts';
import { isList } from '../condition/closure.ts';
import { compareScalars } from '../condition/compare.ts';
import type { Reader } from '../condition/operand.ts';
import { shortName } from './short-name.ts';

/** The values that an event shares with others of its match, and one text for all of them. */
export interface Key {
  readonly text: string;
  readonly values: readonly (Scalar | null)[];
}

/** The keys of an event; none when it lacks one that is not optional. */
export type KeyReader = (event: Event) => readonly Key[];

const NO_KEY: readonly Key[] = [{ text: '', values: [] }];
const PASSED_OVER: readonly Key[] = [];

/** An event with several values in several keys has a key for each combination; more than these are left out. */
const MOST_KEYS = 256;

/**
 * Compiles join keys. An event with several values of a field has a key for each, in ascending order, as in
 * Elasticsearch, where such a field's values are sorted and unlike.
 */
export function compileKeys(keys: readonly JoinKey[], compile: (key: JoinKey) => Reader): KeyReader {
  if (keys.length === 0) return () => NO_KEY;
  const parts: readonly Part[] = keys.map((key) => ({ read: compile(key).read, optional: key.optional }));
  const [first] = parts;
  if (parts.length === 1 && first !== undefined) return singleKey(first.read, first.optional);
  return (event) => {
    const values: (Scalar | null)[] = [];
    for (let i = 0; i < parts.length; i += 1) {
      const { read, optional } = parts[i]!;
      const value = read(event);
      if (value === null && !optional) return PASSED_OVER;
      if (isList(value)) return combined(parts, event);
      values.push(value);
    }
    return [keyWith(values)];
  };
}

interface Part {
  readonly read: Reader['read'];
  readonly optional: boolean;
}

/** A key for each combination of the values. */
function combined(parts: readonly Part[], event: Event): readonly Key[] {
  let found: readonly (readonly (Scalar | null)[])[] = [[]];
  for (const { read, optional } of parts) {
    const value = read(event);
    if (value === null && !optional) return PASSED_OVER;
    const values = isList(value) ? sorted(value).slice(0, MOST_KEYS) : [value];
    found = found.flatMap((some) => values.map((one) => [...some, one])).slice(0, MOST_KEYS);
  }
  return found.map(keyWith);
}

/** Remembers the last one: of many events in a row it is the same, such as the host's name. */
function singleKey(read: Reader['read'], optional: boolean): KeyReader {
  let last: Value = null;
  let keys = single(null, optional);
  return (event) => {
    const value = read(event);
    if (value === last) return keys;
    last = value;
    keys = single(value, optional);
    return keys;
  };
}

function single(value: Value, optional: boolean): readonly Key[] {
  if (value === null) return optional ? [keyWith([null])] : PASSED_OVER;
  if (!isList(value)) return [keyWith([value])];
  return sorted(value)
    .slice(0, MOST_KEYS)
    .map((one) => keyWith([one]));
}

function sorted(values: readonly Scalar[]): Scalar[] {
  return [...new Set(values)].sort((a, b) => compareScalars(a, b) ?? (typeof a < typeof b ? -1 : 1));
}

/** The key that has these values. */
function keyWith(values: readonly (Scalar | null)[]): Key {
  return { text: keyText(values), values };
}

/** The text of a key that has these values: as short as a hash, however long they are. */
export function keyText(values: readonly (Scalar | null)[]): string {
  if (values.length === 1) return shortName(encodeScalar(values[0] ?? null));
  let text = '';
  for (let i = 0; i < values.length; i += 1) text += framed(values[i]!);
  return shortName(text);
}

/** The length before the text, so that no value can imitate two others. */
function framed(value: Scalar | null): string {
  const text = encodeScalar(value);
  return `${text.length}:${text}`;
}

/** A value as text that keeps its type. */
export function encodeScalar(value: Scalar | null): string {
  switch (typeof value) {
    case 'string':
      return `s${value}`;
    case 'number':
      return `n${value}`;
    case 'bigint':
      return `i${value}`;
    case 'boolean':
      return `b${value}`;
    default:
      return 'z';
  }
}

/** What `encodeScalar` made a text of; null for any other text. */
export function decodeScalar(text: string): Scalar | null {
  const value = text.slice(1);
  switch (text[0]) {
    case 's':
      return value;
    case 'n':
      return Number(value);
    case 'i':
      return /^-?\d{1,20}$/.test(value) ? BigInt(value) : null;
    case 'b':
      return value === 'true';
    default:
      return null;
  }
}

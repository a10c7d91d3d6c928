import type { FieldType, Scalar, Value } from '../rule/index.ts';
import { columnId } from './column-ids.ts';
import type { TableName } from './columns-of.ts';
import type { Read } from './row-event.ts';
import type { Category, Derivation, Fidelity, FieldSource, Platform, Switch } from './table.ts';

/** How a table has a field, and the reading of it. */
export interface Definition extends FieldSource {
  readonly read: Read;
  /** Worth keeping once computed. */
  readonly cache: boolean;
  /** For look-ups alone: no field that rules or people may ask for. */
  readonly hidden?: true;
  /** Its values are several of one kind (arguments), not several ways of saying one (names). */
  readonly list: boolean;
}

/** A table as its file defines it. */
export interface TableDefinition {
  readonly name: TableName;
  readonly platforms: readonly Platform[];
  readonly evented: boolean;
  readonly rank: number;
  readonly categories: readonly Category[];
  /** See `TableSpec`; false unless given. */
  readonly special?: boolean;
  readonly reads: readonly string[];
  readonly unused: Readonly<Record<string, string>>;
  readonly flags: readonly string[];
  readonly switches?: readonly Switch[];
  readonly kinds?: readonly Readonly<Record<string, Value>>[];
  readonly cost: string;
  readonly fields: (platform: Platform) => readonly Definition[];
}

interface Wording {
  readonly type?: FieldType;
  readonly fidelity?: Fidelity;
  readonly note?: string;
  readonly list?: boolean;
  readonly cache?: boolean;
  readonly among?: readonly Scalar[];
}

/** For `cases`: the value of every other text; null unless given. */
interface CasesWording extends Wording {
  readonly otherwise?: Value;
}

function define(field: string, derivation: Derivation, read: Read, wording: Wording): Definition {
  const {
    type = 'keyword',
    fidelity = 'exact',
    note = '',
    list = false,
    cache = false,
    among = null,
  } = wording;
  return { field, type, derivation, fidelity, note, among, read, cache, list };
}

/** The column itself: a text, or for the type `number` a number. */
export function column(field: string, name: string, wording: Wording = {}): Definition {
  const id = columnId(name);
  const read: Read =
    wording.type === 'number' ? (event) => event.number(id) : (event) => textOrNull(event.text(id));
  return define(field, { kind: 'column', column: name }, read, wording);
}

/** The same for every row. */
export function constant(field: string, value: Value, wording: Wording = {}): Definition {
  return define(field, { kind: 'constant', value }, () => value, wording);
}

/** Decided by one column's text. */
export function cases(
  field: string,
  name: string,
  values: Readonly<Record<string, Value>>,
  { otherwise = null, ...wording }: CasesWording = {},
): Definition {
  const id = columnId(name);
  const map = new Map(Object.entries(values));
  const read: Read = (event) => map.get(event.text(id)) ?? otherwise;
  return define(field, { kind: 'cases', column: name, cases: values, otherwise }, read, wording);
}

/** Decided by these columns alone, in a way that only code can say. */
export function computed(
  field: string,
  columns: readonly string[],
  read: Read,
  wording: Wording = {},
): Definition {
  return define(field, { kind: 'computed', columns }, read, wording);
}

/** From outside of the row: the process tree, users and groups, the host. */
export function outside(
  field: string,
  columns: readonly string[],
  read: Read,
  wording: Wording = {},
): Definition {
  return define(field, { kind: 'outside', columns }, read, wording);
}

/**
 * Texts that have every word of the values of other fields (`WORDS_IN`), cheaper to read than those. Where a table
 * does not define it, it is those values.
 */
export function hiddenWords(field: string, read: Read): Definition {
  return { ...define(field, { kind: 'outside', columns: [] }, read, {}), hidden: true };
}

/** Which field's words are in which hidden one. */
export const WORDS_IN: Readonly<Record<string, string>> = {
  'process.args': 'process.words',
  'process.command_line': 'process.words',
  'process.title': 'process.words',
  'process.parent.args': 'process.parent.words',
  'process.parent.command_line': 'process.parent.words',
};

/**
 * Whether events of one likeness may differ in the field: when they happened, what tells one process from another that runs the same,
 * and what hangs on ancestors above the parent. Held by `test/schema/likeness.test.ts`.
 */
export function isOfTheMoment(field: string): boolean {
  return OF_THE_MOMENT.test(field);
}

const OF_THE_MOMENT =
  /^@timestamp$|^Effective_process\.|(?:^|\.)(?:pid|entity_id|ancestry)$|_leader\.|\.effective_parent\./;

/**
 * Whether events of one frame may differ in the field: what command lines say, but for the names that they give. Held by the
 * same test.
 */
export function isOfTheLine(field: string): boolean {
  return OF_THE_LINE.test(field);
}

const OF_THE_LINE = /^process\.(?:\w+\.)?(?:args|args_count|command_line|title|words)$/;

export function textOrNull(text: string): string | null {
  return text === '' ? null : text;
}

/** One value, several, or null when there is none; each once. */
export function several(...values: readonly (Scalar | null)[]): Value {
  const kept: Scalar[] = [];
  for (const value of values) if (value !== null && value !== '' && !kept.includes(value)) kept.push(value);
  return kept.length === 0 ? null : kept.length === 1 ? kept[0]! : kept;
}

/** The list, or null when it is empty. */
export function listOrNull(values: readonly Scalar[]): Value {
  return values.length === 0 ? null : values;
}

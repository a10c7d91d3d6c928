import type { Event, Field, Fields, FieldType, Frame, Scalar, Value } from '../../src/rule/index.ts';

/** A row of flat names and JSON values as an event, for tests. */
export type Row = Readonly<Record<string, unknown>>;

export interface FlatFields extends Fields {
  /** An event of the row; `timeMs`, `rank` and `serial` are 0 unless given. */
  event(row: Row, order?: Partial<Pick<Event, 'timeMs' | 'rank' | 'serial'>>): FlatEvent;
}

export interface FlatEvent extends Event {
  readonly row: Row;
}

interface Kinds {
  /** Of some fields, in which other one their words are. */
  readonly wordsIn?: Readonly<Record<string, string>>;
  readonly ofTheLine?: readonly string[];
  readonly ofTheMoment?: readonly string[];
}

/** Fields by name with their types. */
export function flatFields(types: Readonly<Record<string, FieldType>>, kinds: Kinds = {}): FlatFields {
  const { wordsIn = {}, ofTheLine = [], ofTheMoment = [] } = kinds;
  const names = Object.keys(types);
  const plain = (name: string): Field => ({
    ...{ name, slot: names.indexOf(name), type: types[name]! },
    ...(ofTheLine.includes(name) && { ofTheLine: true }),
    ...(ofTheMoment.includes(name) && { ofTheMoment: true }),
  });
  const fields = new Map<string, Field>(
    names.map((name) => {
      const words = wordsIn[name];
      return [name, words === undefined ? plain(name) : { ...plain(name), wordsIn: plain(words) }];
    }),
  );
  return {
    find: (name) => fields.get(name),
    names: () => names,
    event(row, { timeMs = 0, rank = 0, serial = 0 } = {}) {
      const values = names.map((name) => asValue(row[name]));
      return { row, timeMs, rank, serial, get: (slot) => values[slot] ?? null };
    },
  };
}

/** What an event says of a JSON value: nulls in a list and empty lists are nothing. */
export function asValue(value: unknown): Value {
  if (value === undefined || value === null) return null;
  if (!Array.isArray(value)) return value as Scalar;
  const values = value.filter((one) => one !== null) as Scalar[];
  return values.length === 0 ? null : values.length === 1 ? (values[0] as Scalar) : values;
}

/** Gives each event a likeness of its own; those for which `kindOf` says the same have one frame. */
export function framed<E extends Event>(
  events: readonly E[],
  kindOf: (event: E) => string,
): readonly Event[] {
  const frames = new Map<string, Frame>();
  return events.map((event, number) => {
    const kind = kindOf(event);
    const frame = frames.get(kind) ?? { number: frames.size };
    frames.set(kind, frame);
    return { ...event, likeness: { number, frame } };
  });
}

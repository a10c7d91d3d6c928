/** One value of a field. `bigint` only where a whole number does not fit a double exactly. */
export type Scalar = string | number | bigint | boolean;

/**
 * What an event says of a field: one value, several (a test then holds when it holds for any of them; never
 * an empty list), or nothing (`null`). osquery's empty text is nothing too, and comes as `null`.
 */
export type Value = Scalar | null | readonly Scalar[];

/** How a field's values compare. `keyword` is text; `ip`, `version` and `date` are text with an order of its own. */
export type FieldType = 'keyword' | 'number' | 'boolean' | 'date' | 'ip' | 'version';

/** A field that events can be asked for. */
export interface Field {
  /** ECS name, such as `process.parent.name`. */
  readonly name: string;
  /** What `Event.get` takes, so that no name is hashed per event. */
  readonly slot: number;
  readonly type: FieldType;
  /**
   * A field that is cheaper to read and has every word of this one's texts as a word of its own: a run between
   * spaces, or the text's ends. What a test of this field needs can be looked for there first.
   */
  readonly wordsIn?: Field;
  /** Whether events of one likeness may differ in it. */
  readonly ofTheMoment?: true;
  /** Whether events of one frame may differ in it: it says what a command line says. */
  readonly ofTheLine?: true;
}

/** The fields of one kind of event, by name. */
export interface Fields {
  find(name: string): Field | undefined;
  names(): Iterable<string>;
}

/** An event, as conditions and state machines see it. Reading never throws. */
export interface Event {
  /** When it happened, as far as known: Unix milliseconds. */
  readonly timeMs: number;
  /** Orders events of one time between tables: process, file, network, user. */
  readonly rank: number;
  /** Orders events of one time and table; for osquery rows the number in `eid`. */
  readonly serial: number;
  /** Where it comes from, such as osquery's table; each source gives its events in an order of its own. */
  readonly source?: string;
  get(slot: number): Value;
  /** Events that have it in common have the same values in all fields but those of the moment; null: not known. */
  readonly likeness?: Likeness | null;
}

/** What events that say the same have in common. Told apart by identity; many may have had the number before. */
export interface Likeness {
  /** A small whole number, for look-ups: no two that are in use at a time have the same. */
  readonly number: number;
  readonly frame: Frame;
}

/**
 * What likenesses have in common that differ in command lines alone: their events have the same values in all fields
 * but those of the moment and of the line.
 */
export interface Frame {
  /** As a likeness has one, among frames. */
  readonly number: number;
}

import type { Image, Process } from '../process/index.ts';
import type { Frame, Likeness } from '../rule/index.ts';
import { cellOf, sampleHash } from '../text/index.ts';
import type { Host } from './host.ts';

/**
 * Columns in which rows differ that say the same: when, where in the stream, and under which numbers. A field that
 * reads one of them is a field of the moment.
 */
export const COLUMNS_OF_THE_MOMENT: ReadonlySet<string> = new Set([
  ...['eid', 'time', 'uptime', 'pid', 'parent', 'ppid', 'child_pid'],
  ...['global_seq_num', 'seq_num', 'header_pid', 'process_sequence_number', 'parent_process_sequence_number'],
]);

/** The column of command lines. A field that reads it is of the line, but for names and executables. */
export const LINE_COLUMN = 'cmdline';

/** An event: its row, where in it there is what is not of the moment, and what else it says. */
interface Subject {
  readonly row: readonly unknown[];
  readonly layout: {
    readonly steady: readonly number[];
    readonly framing: readonly number[];
    readonly line: number;
    readonly host: Host;
  };
  readonly process: Process | null;
  readonly parent: Process | null;
  readonly exec: boolean;
  readonly movedFrom: string | null;
}

/**
 * Knows events again that say the same as an earlier one: programs are started with the same arguments by the same
 * parents again and again, and whoever knows the answers for one of them knows them for all. Where the arguments are
 * new, the frame is mostly known.
 */
export class Likenesses {
  readonly #likenesses = new Cells<Likeness>({
    places: ({ steady }) => steady,
    ofActor: (process, isTold) => (isTold ? null : process.image),
    of: ({ image }) => image,
  });
  readonly #frames = new Cells<Frame>({
    places: ({ framing }) => framing,
    ofActor: (process, isTold) => (isTold ? process.calling : process.program),
    of: ({ program }) => program,
  });

  /** The likeness of an event as it is known now. Null for a row of much text, or of values that rows do not have. */
  of(event: Subject): Likeness | null {
    const { row, layout } = event;
    const hash = hashOf(row, layout.framing);
    const whole = layout.line < 0 ? hash : mixed(hash, row[layout.line]);
    return this.#likenesses.find(event, whole) ?? this.#add(event, hash);
  }

  #add(event: Subject, hash: number): Likeness | null {
    if (lengthOf(event.row, event.layout.steady) > LONGEST) return null;
    const frame = this.#frames.find(event, hash) ?? this.#frames.add(event, (number) => ({ number }));
    return this.#likenesses.add(event, (number) => ({ number, frame }));
  }
}

/** What of events is compared. */
interface Comparison {
  places(layout: Subject['layout']): readonly number[];
  /** `isTold`: the row is that of its exec, and says itself all that is known of it but for what its line says. */
  ofActor(process: Process, isTold: boolean): Image | string | null;
  /** Of its parent, and of what ran in the pid before. */
  of(process: Process): Image;
}

/** What tells that another event is like one: the texts in some places of the row, and what stands not in the row. */
interface Known<Kind> {
  readonly kind: Kind;
  readonly hash: number;
  readonly length: number;
  readonly places: readonly number[];
  readonly texts: readonly unknown[];
  readonly actor: Image | string | null;
  readonly parent: Image | null;
  readonly previous: Image | null;
  readonly exec: boolean;
  readonly movedFrom: string | null;
  readonly hostVersion: number;
}

/** Kinds remembered, a power of two. Each has one of four cells that stand side by side. */
const CELLS = 16_384;
const SIDE_BY_SIDE = 4;
/**
 * Rows with longer texts are not remembered, and no more than so many characters are kept in all: what an attacker
 * sends must not cost memory.
 */
const LONGEST = 2048;
const MOST_CHARACTERS = 4_000_000;

/** Events of one kind, by what is compared of them. */
class Cells<Kind> {
  readonly #comparison: Comparison;
  readonly #cells = new Array<Known<Kind> | undefined>(CELLS).fill(undefined);
  #turn = 0;
  #characters = 0;
  /** Of the event that was looked for last. */
  #hash = 0;

  constructor(comparison: Comparison) {
    this.#comparison = comparison;
  }

  /** `textsHash`: of the texts that are compared. */
  find(event: Subject, textsHash: number): Kind | null {
    const { row, exec, movedFrom, layout } = event;
    const places = this.#comparison.places(layout);
    const actor = this.#actorOf(event);
    const parent = this.#kin(event.parent);
    const previous = this.#kin(event.process?.previous ?? null);
    const hash = (textsHash + numberOf(actor) + numberOf(parent)) | 0;
    this.#hash = hash;
    const first = firstOf(hash);
    for (let number = first; number < first + SIDE_BY_SIDE; number += 1) {
      const known = this.#cells[number];
      if (
        known !== undefined &&
        known.hash === hash &&
        known.places === places &&
        known.parent === parent &&
        known.actor === actor &&
        known.previous === previous &&
        known.exec === exec &&
        known.movedFrom === movedFrom &&
        known.hostVersion === layout.host.version &&
        areIn(known.texts, row, places)
      )
        return known.kind;
    }
    return null;
  }

  /** Remembers the event that was looked for last, and was not found. */
  add(event: Subject, make: (number: number) => Kind): Kind {
    const { row, exec, movedFrom, layout } = event;
    const places = this.#comparison.places(layout);
    this.#turn = (this.#turn + 1) % SIDE_BY_SIDE;
    const number = firstOf(this.#hash) + this.#turn;
    const known: Known<Kind> = {
      kind: make(number),
      hash: this.#hash,
      length: lengthOf(row, places),
      places,
      texts: places.map((place) => row[place]),
      actor: this.#actorOf(event),
      parent: this.#kin(event.parent),
      previous: this.#kin(event.process?.previous ?? null),
      exec,
      movedFrom,
      hostVersion: layout.host.version,
    };
    this.#characters += known.length - (this.#cells[number]?.length ?? 0);
    if (this.#characters > MOST_CHARACTERS) {
      this.#cells.fill(undefined);
      this.#characters = known.length;
    }
    this.#cells[number] = known;
    return known.kind;
  }

  #actorOf({ process, exec }: Subject): Image | string | null {
    if (process === null) return null;
    return this.#comparison.ofActor(process, exec && process.exactWords === null);
  }

  #kin(process: Process | null): Image | null {
    return process === null ? null : this.#comparison.of(process);
  }
}

function numberOf(kin: Image | string | null): number {
  if (kin === null) return 0;
  return typeof kin === 'string' ? sampleHash(kin, 0) : Math.imul(kin, 31);
}

function firstOf(hash: number): number {
  return cellOf(hash, CELLS) & -SIDE_BY_SIDE;
}

/** Characters in all texts; infinite with a value that is no text, no number and not null. */
function lengthOf(row: readonly unknown[], places: readonly number[]): number {
  let length = 0;
  for (const place of places) {
    const value = row[place];
    if (typeof value === 'string') length += value.length;
    else if (typeof value !== 'number' && value !== null) return Number.POSITIVE_INFINITY;
  }
  return length;
}

function hashOf(row: readonly unknown[], places: readonly number[]): number {
  let hash = 0;
  for (let i = 0; i < places.length; i += 1) hash = mixed(hash, row[places[i]!]);
  return hash;
}

function mixed(hash: number, value: unknown): number {
  if (typeof value === 'string') return sampleHash(value, hash);
  return (Math.imul(hash, 31) + (typeof value === 'number' ? value : 0)) | 0;
}

function areIn(texts: readonly unknown[], row: readonly unknown[], places: readonly number[]): boolean {
  for (let i = 0; i < places.length; i += 1) if (texts[i] !== row[places[i]!]) return false;
  return true;
}

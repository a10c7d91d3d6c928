import type { Image, Process } from '../process/index.ts';
import type { Likeness } from '../rule/index.ts';
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

/** Likenesses remembered, a power of two. Each has one of two cells that stand side by side. */
const CELLS = 16_384;
/**
 * Rows with longer texts have none, and no more than so many characters are kept in all: what an attacker sends must
 * not cost memory.
 */
const LONGEST = 2048;
const MOST_CHARACTERS = 4_000_000;

/** An event: its row, where in it there is what is not of the moment, and what else it says. */
interface Subject {
  readonly row: readonly unknown[];
  readonly layout: { readonly steady: readonly number[]; readonly host: Host };
  readonly process: Process | null;
  readonly parent: Process | null;
  readonly exec: boolean;
  readonly movedFrom: string | null;
}

/** A likeness, with what tells that another event has it: the row's texts, and what stands not in the row. */
interface Known extends Likeness {
  readonly places: readonly number[];
  readonly length: number;
  readonly row: readonly unknown[];
  readonly process: Image | null;
  readonly parent: Image | null;
  readonly previous: Image | null;
  readonly exec: boolean;
  readonly movedFrom: string | null;
  readonly hostVersion: number;
}

/**
 * Knows events again that say the same as an earlier one: programs are started with the same arguments by the same
 * parents again and again, and whoever knows the answers for one of them knows them for all.
 */
export class Likenesses {
  readonly #cells = new Array<Known | undefined>(CELLS).fill(undefined);
  #turn = 0;
  #characters = 0;

  /** The likeness of an event as it is known now. Null for a row of much text, or of values that rows do not have. */
  of(event: Subject): Likeness | null {
    const { row, exec, movedFrom } = event;
    const { steady, host } = event.layout;
    const length = lengthOf(row, steady);
    if (length > LONGEST) return null;
    const process = actorOf(event);
    const parent = event.parent?.image ?? null;
    const previous = event.process?.previous?.image ?? null;
    const kin = Math.imul(process?.number ?? 0, 31) + (parent?.number ?? 0);
    const first = cellOf(hashOf(row, steady, kin), CELLS) & ~1;
    for (let number = first; number <= first + 1; number += 1) {
      const known = this.#cells[number];
      if (
        known !== undefined &&
        known.places === steady &&
        known.parent === parent &&
        known.process === process &&
        known.previous === previous &&
        known.exec === exec &&
        known.movedFrom === movedFrom &&
        known.hostVersion === host.version &&
        isAlike(known.row, row, steady)
      )
        return known;
    }
    this.#turn ^= 1;
    const number = first | this.#turn;
    const hostVersion = host.version;
    return this.#keep({
      number,
      places: steady,
      length,
      row,
      process,
      parent,
      previous,
      exec,
      movedFrom,
      hostVersion,
    });
  }

  #keep(made: Known): Likeness {
    this.#characters += made.length - (this.#cells[made.number]?.length ?? 0);
    if (this.#characters > MOST_CHARACTERS) {
      this.#cells.fill(undefined);
      this.#characters = made.length;
    }
    this.#cells[made.number] = made;
    return made;
  }
}

/** The row of an exec says itself all that is known of the process, but for exact arguments. */
function actorOf({ process, exec }: Subject): Image | null {
  return process === null || (exec && process.exactWords === null) ? null : process.image;
}

/** Characters in all texts; infinite with a value that is no text, no number and not null. */
function lengthOf(row: readonly unknown[], places: readonly number[]): number {
  let length = 0;
  for (let i = 0; i < places.length; i += 1) {
    const value = row[places[i]!];
    if (typeof value === 'string') length += value.length;
    else if (typeof value !== 'number' && value !== null) return Number.POSITIVE_INFINITY;
  }
  return length;
}

function hashOf(row: readonly unknown[], places: readonly number[], seed: number): number {
  let hash = seed | 0;
  for (let i = 0; i < places.length; i += 1) {
    const value = row[places[i]!];
    if (typeof value === 'string') hash = sampleHash(value, hash);
    else hash = (Math.imul(hash, 31) + Number(value)) | 0;
  }
  return hash;
}

function isAlike(a: readonly unknown[], b: readonly unknown[], places: readonly number[]): boolean {
  for (let i = 0; i < places.length; i += 1) if (a[places[i]!] !== b[places[i]!]) return false;
  return true;
}

import type { Condition, Event, Fields } from '../../rule/index.ts';
import { entriesOf } from './entries.ts';
import type { Known } from './necessary.ts';
import type { Key } from './necessary-keys.ts';
import { createTextIndex, type TextIndex } from './text-index.ts';

/** The candidates among all queries, ascending; good until the next call. */
export interface Candidates {
  candidates(event: Event): readonly number[];
}

/** A field whose texts are looked up among keys. */
interface LookUp {
  readonly slot: number;
  readonly index: TextIndex;
}

/** Bits of a code that say which set of its entry it is of. */
const SET_BITS = 2;
const SET_MASK = 3;
const LAST_TURN = 0x3fff_ffff;

/** The index for one kind of event. An entry is one alternative of one rule. */
export class Plan implements Candidates {
  private readonly always: readonly number[];
  /** Fields that are the same in all events of a frame, and those of the line. */
  private readonly steady: readonly LookUp[];
  private readonly ofLine: readonly LookUp[];
  /** By entry: the sets that must be hit, and those that a field of the line can hit. */
  private readonly wanted: Uint8Array;
  private readonly lineSets: Uint8Array;
  private readonly queryOf: Int32Array;
  /** By entry: the turn in which one of its sets was hit last, those hit in it. */
  private readonly turnOf: Int32Array;
  private readonly hit: Uint8Array;
  /** By rule: the turn in which it was found last. */
  private readonly foundIn: Int32Array;
  private readonly found: number[] = [];
  private turn = 0;

  constructor(queries: readonly Condition[], fields: Fields, known: Known) {
    const { always, entries } = entriesOf(queries, fields, known);
    const isOfLine = slotsOfLine(fields);
    const bySlot = new Map<number, (readonly [Key, number])[]>();
    this.lineSets = new Uint8Array(entries.length);
    for (const [entry, { sets }] of entries.entries()) {
      for (const [number, { keys }] of sets.entries()) {
        for (const key of keys) {
          const list = bySlot.get(key.slot) ?? [];
          bySlot.set(key.slot, list);
          list.push([key, (entry << SET_BITS) | number]);
          if (isOfLine.has(key.slot)) this.lineSets[entry]! |= 1 << number;
        }
      }
    }
    this.always = always;
    const lookUps = [...bySlot].map(([slot, keys]) => ({ slot, index: createTextIndex(keys) }));
    this.steady = lookUps.filter(({ slot }) => !isOfLine.has(slot));
    this.ofLine = lookUps.filter(({ slot }) => isOfLine.has(slot));
    this.wanted = Uint8Array.from(entries, ({ sets }) => (1 << sets.length) - 1);
    this.queryOf = Int32Array.from(entries, ({ query }) => query);
    this.turnOf = new Int32Array(entries.length);
    this.hit = new Uint8Array(entries.length);
    this.foundIn = new Int32Array(queries.length);
  }

  candidates(event: Event): readonly number[] {
    this.nextTurn();
    this.lookUp(this.steady, event, this.visit);
    this.lookUp(this.ofLine, event, this.visit);
    return this.foundAnd(this.always);
  }

  /**
   * What is left to look up in events of one frame, this one among them. `mayPass` says of a query whether any event of
   * the frame may pass it.
   */
  within(event: Event, mayPass: (query: number) => boolean): Candidates {
    this.nextTurn();
    this.lookUp(this.steady, event, this.visit);
    const always = this.foundAnd(this.always).filter(mayPass);
    const isAlways = new Set(always);
    const open: number[] = [];
    const hits: number[] = [];
    for (const [entry, query] of this.queryOf.entries()) {
      const hit = this.turnOf[entry] === this.turn ? this.hit[entry]! : 0;
      if ((hit | this.lineSets[entry]!) !== this.wanted[entry] || hit === this.wanted[entry]) continue;
      if (isAlways.has(query) || !mayPass(query)) continue;
      open.push(entry);
      hits.push(hit);
    }
    if (open.length === 0) return { candidates: () => always };
    return {
      candidates: (other) => {
        this.nextTurn();
        for (let i = 0; i < open.length; i += 1) {
          this.turnOf[open[i]!] = this.turn;
          this.hit[open[i]!] = hits[i]!;
        }
        this.lookUp(this.ofLine, other, this.visitOpen);
        return this.foundAnd(always);
      },
    };
  }

  private nextTurn(): void {
    this.found.length = 0;
    this.turn += 1;
    if (this.turn < LAST_TURN) return;
    this.turnOf.fill(0);
    this.foundIn.fill(0);
    this.turn = 1;
  }

  private lookUp(fields: readonly LookUp[], event: Event, visit: (codes: readonly number[]) => void): void {
    for (let i = 0; i < fields.length; i += 1) {
      const { slot, index } = fields[i]!;
      index.lookUp(event.get(slot), visit);
    }
  }

  private foundAnd(others: readonly number[]): readonly number[] {
    const { found } = this;
    if (found.length === 0) return others;
    for (let i = 0; i < others.length; i += 1) found.push(others[i]!);
    return found.length === 1 ? found : found.sort(ascending);
  }

  private readonly visit = (codes: readonly number[]): void => {
    const { turn, turnOf } = this;
    for (let i = 0; i < codes.length; i += 1) {
      const entry = codes[i]! >> SET_BITS;
      if (turnOf[entry] !== turn) {
        turnOf[entry] = turn;
        this.hit[entry] = 0;
      }
      this.add(entry, codes[i]! & SET_MASK);
    }
  };

  /** Leaves out what no event of the frame may pass. */
  private readonly visitOpen = (codes: readonly number[]): void => {
    for (let i = 0; i < codes.length; i += 1) {
      const entry = codes[i]! >> SET_BITS;
      if (this.turnOf[entry] === this.turn) this.add(entry, codes[i]! & SET_MASK);
    }
  };

  private add(entry: number, set: number): void {
    const hit = this.hit[entry]! | (1 << set);
    this.hit[entry] = hit;
    if (hit !== this.wanted[entry]) return;
    const query = this.queryOf[entry]!;
    if (this.foundIn[query] === this.turn) return;
    this.foundIn[query] = this.turn;
    this.found.push(query);
  }
}

/** Hidden fields have the texts of those whose words they have. */
function slotsOfLine(fields: Fields): ReadonlySet<number> {
  const slots = new Set<number>();
  for (const name of fields.names()) {
    const field = fields.find(name)!;
    if (field.ofTheLine !== true) continue;
    slots.add(field.slot);
    if (field.wordsIn !== undefined) slots.add(field.wordsIn.slot);
  }
  return slots;
}

function ascending(a: number, b: number): number {
  return a - b;
}

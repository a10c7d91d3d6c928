import type { Event, Value } from '../../rule/index.ts';
import type { Predicate } from '../condition/closure.ts';

/** What completes a rule: its events in their order, and the values of the keys they share. */
export interface Match {
  readonly events: readonly Event[];
  readonly keys: readonly Value[];
}

/** Called for each match as it completes. */
export type Found = (match: Match) => void;

/** How a machine's events are put in a snapshot and taken out again; JSON values. */
export interface EventCodec {
  save(event: Event): unknown;
  load(saved: unknown): Event;
}

/** An event that passes none of the tests of `bits` can only go on with what one that did began, at most `spanMs` before. */
export interface Beginning {
  readonly bits: number;
  readonly spanMs: number;
}

/**
 * A rule's query at work on a stream of events. Memory is bounded: what would grow over the bound evicts the
 * oldest and is counted. What it finds depends on the events and their order keys alone, never on when or
 * how often it is called.
 */
export interface Machine {
  /** The tests of its different event queries, in the order of `eventQueriesOf`. */
  readonly tests: readonly Predicate[];
  /** Whether events must come in their order; those that come too late for it are pushed all the same. */
  readonly isOrdered: boolean;
  /** Which events can begin what it holds; null where it does not tell such from others. */
  readonly beginning: Beginning | null;
  /** Whether an event that passed just these tests would change nothing now. Cheap: asked before each `push`. */
  ignores(passed: number): boolean;
  /**
   * Whether an event that passed its tests changes nothing, whatever comes before it: it need not wait for its place.
   * Absent where every event may change something.
   */
  isIndifferentTo?(event: Event): boolean;
  /** Takes an event that passed some of the tests; `passed` has their bits (`bitOf`). */
  push(event: Event, passed: number, found: Found): void;
  /** Says that no event before `nowMs` will come any more: absences are then certain. */
  advance(nowMs: number, found: Found): void;
  /** Gives up what it has held for longest, and counts it. */
  evict(): void;
  /** The state as a JSON value, and back. A state of another query or version is refused: false. */
  save(codec: EventCodec): unknown;
  load(state: unknown, codec: EventCodec): boolean;
  /** Pending sequences, counted keys or remembered terms. */
  readonly held: number;
  readonly evicted: number;
}

/** The last bit stands for all tests from there on, which are then asked again. */
const LAST_BIT = 30;

/** The bit of a test among those that an event passed. */
export function bitOf(test: number): number {
  return 1 << Math.min(test, LAST_BIT);
}

/** Whether an event passed a test, by the bits or, where those do not tell, by asking. */
export function passes(tests: readonly Predicate[], test: number, passed: number, event: Event): boolean {
  if ((passed & bitOf(test)) === 0) return false;
  return test < LAST_BIT || tests[test]!(event);
}

import type { Event, Value } from '../rule/index.ts';

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

/**
 * A rule's query at work on a stream of events. Memory is bounded: what would grow over the bound evicts the
 * oldest and is counted. What it finds depends on the events and their order keys alone, never on when or
 * how often it is called.
 */
export interface Machine {
  push(event: Event, found: Found): void;
  /** Says that no event before `nowMs` will come any more: absences are then certain. */
  advance(nowMs: number, found: Found): void;
  /** The state as a JSON value, and back. A state of another query or version is refused: false. */
  save(codec: EventCodec): unknown;
  load(state: unknown, codec: EventCodec): boolean;
  /** Pending sequences, counted keys or remembered terms. */
  readonly held: number;
  readonly evicted: number;
}

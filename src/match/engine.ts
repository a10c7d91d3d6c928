import type { Event, Fields, Rule } from '../rule/index.ts';
import type { EventCodec, Match } from './machine.ts';

/** Called for each match of a rule as it completes. */
export type RuleFound = (rule: Rule, match: Match) => void;

export interface EngineOptions {
  readonly rules: readonly Rule[];
  /** The fields of all events that are pushed. */
  readonly fields: Fields;
  /** The field that has EQL's event category; `event.category` unless given. */
  readonly categoryField?: string;
  /** How much older than the newest event a row may be and still be put in its place; 5,000 ms unless given. */
  readonly slackMs?: number;
  /** How many pending sequences, keys or terms each rule may hold; 10,000 unless given. */
  readonly mostHeld?: number;
}

/** What a rule has cost and done since it was loaded. */
export interface RuleCounters {
  readonly rule: Rule;
  /** Events that were tested against it. */
  readonly evaluated: number;
  readonly matched: number;
  /** State held now, and state given up at the bound. */
  readonly held: number;
  readonly evicted: number;
  /** How often it failed while running, and the last failure. */
  readonly failed: number;
  readonly lastFailure: unknown;
}

/** A rule that could not be compiled, and why. */
export interface RuleFault {
  readonly rule: Rule;
  readonly error: unknown;
}

/**
 * All rules at work on one stream of events. A rule that fails, compiling or running, is counted and never stops
 * the others. What it finds depends on the events alone, never on when it is called.
 */
export interface Engine {
  push(event: Event, found: RuleFound): void;
  /** Says that no event before `nowMs` will come any more: buffered events are placed, absences are certain. */
  advance(nowMs: number, found: RuleFound): void;
  /** The state of all rules as a JSON value. */
  save(codec: EventCodec): unknown;
  /** Takes a saved state back; gives the ids of rules whose state was refused and starts empty. */
  load(state: unknown, codec: EventCodec): readonly string[];
  readonly counters: readonly RuleCounters[];
  /** Rules that did not compile. */
  readonly faults: readonly RuleFault[];
}

export function createEngine(_options: EngineOptions): Engine {
  throw new Error('not yet joined');
}

import { type Event, field, type NewTermsQuery } from '../../rule/index.ts';
import type { Predicate } from '../condition/closure.ts';
import { compileReader } from '../condition/predicate.ts';
import { fingerprint } from './fingerprint.ts';
import { compileKeys, type KeyReader } from './keys.ts';
import type { Found, Machine } from './machine.ts';
import { compileEventQuery, type MachineOptions } from './plan.ts';
import { Recency } from './recency.ts';
import { shortName } from './short-name.ts';

const DAY_MS = 86_400_000;

/**
 * Compiles a new terms query to a machine that finds events with a term, a combination of values of one to
 * three fields, that no matching event had in the `historyMs` before it.
 *
 * As in Elastic (kibana, security_solution, rule_types/new_terms, README): the history is that of events that
 * match the rule's query; an event with several values makes one match for each new term; one without a value
 * in one of the fields has no term. There the history is searched anew in every run; here each term is
 * remembered with the time at which it was last seen, and so the history slides.
 *
 * A rule that starts has no history, and everything would be new. So it learns silently for `learnMs` from its
 * start: the first time that `push` or `advance` tells it of, whichever events match. A saved state keeps
 * the start, and a restart does not learn anew.
 *
 * Over `mostHeld` terms the one that was seen longest ago is forgotten, and would be new again.
 */
export function createNewTermsMachine(query: NewTermsQuery, options: MachineOptions): Machine {
  return new NewTermsMachine(query, options);
}

class NewTermsMachine implements Machine {
  evicted = 0;
  readonly isOrdered = true;
  readonly beginning = null;
  readonly tests: readonly Predicate[];
  private readonly historyMs: number;
  private readonly learnMs: number;
  private readonly mostHeld: number;
  private readonly termsOf: KeyReader;
  private readonly query: NewTermsQuery;
  /** When each term was last seen. */
  private readonly lastSeenMs = new Recency<number>();
  private startMs: number | null = null;

  constructor(query: NewTermsQuery, options: MachineOptions) {
    this.historyMs = query.historyMs;
    this.learnMs = options.learnMs ?? Math.min(DAY_MS, query.historyMs);
    this.mostHeld = options.mostHeld;
    this.tests = [compileEventQuery(query.event, options)];
    const by = query.fields.map((name) => ({ operand: field(name), optional: false }));
    this.termsOf = compileKeys(by, ({ operand }) => compileReader(operand, options.fields));
    this.query = query;
  }

  get held(): number {
    return this.lastSeenMs.size;
  }

  ignores(): boolean {
    return false;
  }

  push(event: Event, _: number, found: Found): void {
    this.startMs ??= event.timeMs;
    this.expire(event.timeMs);
    const learning = event.timeMs < this.startMs + this.learnMs;
    for (const { text, values } of this.termsOf(event)) {
      const isNew = this.remember(shortName(text), event.timeMs);
      if (isNew && !learning) found({ events: [event], keys: values });
    }
  }

  advance(nowMs: number): void {
    this.startMs ??= nowMs;
    this.expire(nowMs);
  }

  /** Whether the term is new at that time. An event that comes too late finds a later one's term known. */
  private remember(term: string, timeMs: number): boolean {
    const last = this.lastSeenMs.get(term);
    this.lastSeenMs.touch(term, Math.max(timeMs, last ?? timeMs));
    while (this.lastSeenMs.size > this.mostHeld) this.evict();
    return last === undefined || last < timeMs - this.historyMs;
  }

  evict(): void {
    if (this.lastSeenMs.oldest === null) return;
    this.lastSeenMs.delete(this.lastSeenMs.oldest.key);
    this.evicted += 1;
  }

  /** Forgets terms that would be new anyway. */
  private expire(nowMs: number): void {
    for (let oldest = this.lastSeenMs.oldest; oldest !== null; oldest = this.lastSeenMs.oldest) {
      if (oldest.value >= nowMs - this.historyMs) return;
      this.lastSeenMs.delete(oldest.key);
    }
  }

  save(): SavedNewTerms {
    return {
      version: fingerprint(this.query),
      evicted: this.evicted,
      startMs: this.startMs,
      terms: [...this.lastSeenMs],
    };
  }

  load(state: unknown): boolean {
    const saved = state as SavedNewTerms | null;
    if (saved?.version !== fingerprint(this.query)) return false;
    this.evicted = saved.evicted;
    this.startMs = saved.startMs;
    for (const [term, last] of saved.terms) this.lastSeenMs.touch(term, last);
    return true;
  }
}

interface SavedNewTerms {
  readonly version: string;
  readonly evicted: number;
  readonly startMs: number | null;
  readonly terms: readonly (readonly [string, number])[];
}

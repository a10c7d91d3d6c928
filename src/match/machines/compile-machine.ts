import { assertNever, type Event, type Query } from '../../rule/index.ts';
import type { Predicate } from '../condition/closure.ts';
import type { Found, Machine } from './machine.ts';
import { createNewTermsMachine } from './new-terms.ts';
import { compileEventQuery, type MachineOptions } from './plan.ts';
import { createSampleMachine } from './sample.ts';
import { createSequenceMachine } from './sequence.ts';
import { createThresholdMachine } from './threshold.ts';

/** Compiles a query of any kind to the machine that finds it in a stream. Throws when it cannot be run. */
export function compileMachine(query: Query, options: MachineOptions): Machine {
  switch (query.kind) {
    case 'event':
      return new EventMachine(compileEventQuery(query, options));
    case 'sequence':
      return createSequenceMachine(query, options);
    case 'sample':
      return createSampleMachine(query, options);
    case 'threshold':
      return createThresholdMachine(query, options);
    case 'newTerms':
      return createNewTermsMachine(query, options);
    default:
      return assertNever(query);
  }
}

/** Each event that passes is a match; there is no state. */
class EventMachine implements Machine {
  readonly held = 0;
  readonly evicted = 0;
  readonly isOrdered = false;
  readonly beginning = null;
  readonly tests: readonly Predicate[];

  constructor(test: Predicate) {
    this.tests = [test];
  }

  ignores(): boolean {
    return false;
  }

  push(event: Event, _: number, found: Found): void {
    found({ events: [event], keys: [] });
  }

  advance(): void {}
  evict(): void {}

  save(): unknown {
    return null;
  }

  load(state: unknown): boolean {
    return state === null;
  }
}

import {
  type EventQuery,
  type Fields,
  field,
  type JoinKey,
  literal,
  type SequenceStep,
} from '../../rule/index.ts';
import { allOf, type Predicate } from '../condition/closure.ts';
import { compileReader, compileTest } from '../condition/predicate.ts';
import type { SharedTests } from '../condition/shared-tests.ts';
import { compileKeys, type KeyReader } from './keys.ts';

/** What machines are compiled with. */
export interface MachineOptions {
  readonly fields: Fields;
  /** The field that has EQL's event category. */
  readonly categoryField: string;
  /** How many pending sequences, keys or terms a machine may hold. */
  readonly mostHeld: number;
  /**
   * How long after its start a new terms rule only learns which terms are usual and finds nothing; a day, or its
   * history where that is shorter, unless given. A rule that is to find what is new in a recording wants 0.
   */
  readonly learnMs?: number;
  /** Tests that rules have in common. */
  readonly shared?: SharedTests;
}

/** Compiles an event query: its category, then its condition. */
export function compileEventQuery({ category, condition }: EventQuery, options: MachineOptions): Predicate {
  const { fields, categoryField, shared } = options;
  const tested = compileTest(condition, fields, shared);
  if (category === null) return tested.test;
  const right = literal(category);
  const left = field(categoryField);
  const isCategory = compileTest({ kind: 'compare', op: 'eq', left, right, ignoreCase: false }, fields);
  return allOf([{ ...isCategory, cost: 0 }, tested]).test;
}

/** The different event queries of some steps and the different keys, each compiled once. */
export interface Plan {
  readonly tests: readonly Predicate[];
  /** For each step, which of the tests is its own. */
  readonly testOf: readonly number[];
  readonly keysOf: readonly KeyReader[];
}

/** Compiles steps. Those that `with runs` made, which share their query, share its test too. */
export function planSteps(steps: readonly SequenceStep[], options: MachineOptions): Plan {
  const tests: Predicate[] = [];
  const known = new Map<EventQuery, number>();
  const readers = new Map<readonly JoinKey[], KeyReader>();
  const testOf = steps.map(({ event }) => {
    let index = known.get(event);
    if (index === undefined) {
      index = tests.push(compileEventQuery(event, options)) - 1;
      known.set(event, index);
    }
    return index;
  });
  const keysOf = steps.map(({ by }) => {
    let reader = readers.get(by);
    if (reader === undefined) {
      reader = compileKeys(by, ({ operand }) => compileReader(operand, options.fields));
      readers.set(by, reader);
    }
    return reader;
  });
  return { tests, testOf, keysOf };
}

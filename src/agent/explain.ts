import { compileCondition, type Match, type Predicate } from '../match/index.ts';
import {
  type Condition,
  type Event,
  type EventQuery,
  type Fields,
  fieldsOf,
  type Query,
  type Scalar,
} from '../rule/index.ts';

const LONGEST_VALUE = 120;
const MOST_VALUES = 4;
/** Nearly every rule tests these; they tell an analyst nothing. */
const OBVIOUS = /^(event|host)\./;

/**
 * Says why a rule matched: the fields of the tests that held, with their values, in the order of the rule;
 * of a sequence, step by step. Tests that hold because something is absent are left out.
 */
export function explainMatch(query: Query, match: Match, fields: Fields): string {
  const steps = stepsOf(query);
  const said = match.events.map((event, index) => {
    const step = steps[Math.min(index, steps.length - 1)];
    return step === undefined ? '' : explainEvent(step.condition, event, fields);
  });
  return [...new Set(said)].filter((text) => text !== '').join(' -> ');
}

function stepsOf(query: Query): readonly EventQuery[] {
  switch (query.kind) {
    case 'event':
      return [query];
    case 'sequence':
    case 'sample':
      return query.steps.filter((step) => !step.missing).map((step) => step.event);
    case 'threshold':
    case 'newTerms':
      return [query.event];
  }
}

function explainEvent(condition: Condition, event: Event, fields: Fields): string {
  const names = new Set<string>();
  collect(condition, (part) => compiled(part, fields)(event), names);
  const parts: string[] = [];
  const telling = [...names].filter((name) => !OBVIOUS.test(name));
  for (const name of telling.length > 0 ? telling : names) {
    const field = fields.find(name);
    const value = field === undefined ? null : event.get(field.slot);
    if (value !== null) parts.push(`${name}=${show(value)}`);
  }
  return parts.join(', ');
}

/** Parts of conditions of rules that matched, compiled once. */
const COMPILED = new WeakMap<Fields, WeakMap<Condition, Predicate>>();

function compiled(condition: Condition, fields: Fields): Predicate {
  const known = COMPILED.get(fields) ?? new WeakMap<Condition, Predicate>();
  COMPILED.set(fields, known);
  const predicate = known.get(condition) ?? compileCondition(condition, fields);
  known.set(condition, predicate);
  return predicate;
}

/** Walks down only where a condition holds, and collects the fields of what holds because of a value. */
function collect(condition: Condition, holds: (condition: Condition) => boolean, names: Set<string>): void {
  switch (condition.kind) {
    case 'and':
    case 'or':
      for (const arg of condition.args) if (holds(arg)) collect(arg, holds, names);
      return;
    case 'definite':
      collect(condition.arg, holds, names);
      return;
    case 'not':
      // `not (a or b)` holds by what is not there: nothing to show. `not not a` is `a`.
      if (condition.arg.kind === 'not') collect(condition.arg.arg, holds, names);
      return;
    case 'constant':
      return;
    default:
      if (holds(condition)) for (const name of fieldsOf(condition).keys()) names.add(name);
  }
}

function show(value: Scalar | readonly Scalar[]): string {
  const values = Array.isArray(value) ? (value as readonly Scalar[]) : [value as Scalar];
  const shown = values.slice(0, MOST_VALUES).map((one) => clip(String(one)));
  return values.length > MOST_VALUES ? `${shown.join('|')}|...` : shown.join('|');
}

function clip(text: string): string {
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}...` : text;
}

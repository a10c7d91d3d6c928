import { and, type Condition, type EventQuery, type Query, simplify } from '../../rule/index.ts';
import { embedSource, RuleError, type Source } from '../../text/index.ts';
import { compileEql } from '../eql/index.ts';
import { compileKql } from '../kql/index.ts';

/** The languages of queries; `kuery` is what Elastic's documents call KQL. */
export type Language = 'eql' | 'kuery';

/**
 * Which language a query is in that does not say so: EQL begins an event query with its category and `where`, and
 * the others with `sequence` or `sample`.
 */
export function inferLanguage(query: string): Language {
  return /^\s*(?:(?:\/\/[^\n]*\n|\/\*.*?\*\/)\s*)*(?:(?:\w+|"(?:[^"\\]|\\.)*"|`[^`]*`)\s+where\b|(?:sequence|sample)\b(?!\s*[.:]))/s.test(
    query,
  )
    ? 'eql'
    : 'kuery';
}

/** Compiles a query by its language. What EQL asks for and a stream cannot give is said to `remark`. Throws RuleError. */
export function compileQuery(source: Source, language: Language, remark: (text: string) => void): Query {
  if (language === 'kuery') return compileKql(source);
  const { query, limits } = compileEql(source);
  for (const { kind, count } of limits) {
    remark(`The pipe "${kind} ${count}" is passed over: a stream of events has neither beginning nor end.`);
  }
  return query;
}

/** Compiles a query of single events, as thresholds and new terms need. Throws RuleError. */
export function compileEventQuery(
  source: Source,
  language: Language,
  remark: (text: string) => void,
): EventQuery {
  const query = compileQuery(source, language, remark);
  if (query.kind === 'event') return query;
  throw new RuleError(`Expected a query of single events, found a ${query.kind}.`, {
    code: 'RULE_KEY',
    source,
    span: { start: 0, end: source.text.length },
  });
}

/** Adds a condition that each event of a query must meet; Kibana applies a rule's filters so, to each step. */
export function restrict(query: Query, condition: Condition): Query {
  if (condition.kind === 'constant' && condition.value === true) return query;
  const event = (one: EventQuery): EventQuery =>
    Object.freeze({ ...one, condition: simplify(and(one.condition, condition)) });
  switch (query.kind) {
    case 'event':
      return event(query);
    case 'sequence':
      return Object.freeze({
        ...query,
        steps: query.steps.map((step) => ({ ...step, event: event(step.event) })),
        until: query.until && { ...query.until, event: event(query.until.event) },
      });
    case 'sample':
      return Object.freeze({
        ...query,
        steps: query.steps.map((step) => ({ ...step, event: event(step.event) })),
      });
    case 'threshold':
    case 'newTerms':
      return Object.freeze({ ...query, event: event(query.event) });
  }
}

/** Operators that only EQL has. */
const EQL_ONLY = /==|!=|\b(?:like|regex)~?\s*[("]|\bin~?\s*\(|\w~?\(/;

/**
 * Compiles a condition that stands alone, as an overlay's exception or scope: the condition of an EQL event query
 * without category and `where`, or KQL. Throws RuleError, of the language that the text looks like.
 */
export function compileCondition(source: Source): Condition {
  const plain = source.text.replace(/"(?:[^"\\]|\\.)*"/gs, '""');
  if (!EQL_ONLY.test(plain)) return compileKql(source).condition;
  const before = 'any where ';
  const whole = embedSource(source, before + source.text, (offset) => Math.max(0, offset - before.length));
  const { query } = compileEql(whole);
  if (query.kind !== 'event') throw new Error('an event query is one of an event');
  return query.condition;
}

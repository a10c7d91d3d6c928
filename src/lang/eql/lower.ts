import type { EventQuery, Fields, JoinKey, Query, SequenceStep } from '../../rule/index.ts';
import type { Source, Span } from '../../text/index.ts';
import type * as ast from './ast.ts';
import { Checker } from './checker.ts';
import { ConditionLowering } from './lower-condition.ts';
import { parseEql } from './parse.ts';

export interface EqlOptions {
  /** Where given, types are checked, and a field that is neither there nor optional is EQL_FIELD. */
  readonly fields?: Fields;
}

/** A query and the pipes after it. A stream of events knows no `head` and no `tail`: who runs one decides. */
export interface EqlQuery {
  readonly query: Query;
  readonly limits: readonly EqlLimit[];
}

/** Keeps the first (`head`) or last (`tail`) `count` events, sequences or samples, in the order of the pipes. */
export interface EqlLimit {
  readonly kind: 'head' | 'tail';
  readonly count: number;
  readonly span: Span;
}

const MS: Readonly<Record<ast.TimeUnit, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Parses EQL and lowers it. Throws RuleError. */
export function compileEql(source: Source, options: EqlOptions = {}): EqlQuery {
  return lowerEql(parseEql(source), source, options);
}

/**
 * Checks a statement and gives its meaning. Throws RuleError: EQL_TYPE, EQL_FUNCTION, EQL_FIELD, EQL_REGEX, and
 * EQL_UNSUPPORTED for what Elasticsearch parses but does not run.
 */
export function lowerEql(statement: ast.Statement, source: Source, options: EqlOptions = {}): EqlQuery {
  const checker = new Checker(source, options.fields);
  const lowering = new QueryLowering(checker, new ConditionLowering(checker));
  const limits = statement.pipes.map(({ name, count, span }) => Object.freeze({ kind: name, count, span }));
  return Object.freeze({ query: lowering.query(statement.query), limits: Object.freeze(limits) });
}

class QueryLowering {
  private readonly checker: Checker;
  private readonly conditions: ConditionLowering;

  constructor(checker: Checker, conditions: ConditionLowering) {
    this.checker = checker;
    this.conditions = conditions;
  }

  query(query: ast.Statement['query']): Query {
    switch (query.kind) {
      case 'eventFilter':
        return this.event(query);
      case 'sample': {
        this.checkKeyTypes(query.terms, []);
        return Object.freeze({ kind: 'sample', steps: this.steps(query.by, query.terms) });
      }
      case 'sequence': {
        const { by, terms, until, maxSpan } = query;
        this.checkKeyTypes(until === null ? terms : [...terms, until], by);
        return Object.freeze({
          kind: 'sequence',
          steps: this.steps(by, terms),
          maxSpanMs: maxSpan === null ? null : maxSpan.value * MS[maxSpan.unit],
          until: until === null ? null : this.step(by, until),
        });
      }
    }
  }

  private event(filter: ast.EventFilter): EventQuery {
    const condition = this.conditions.lower(filter.condition);
    return Object.freeze({ kind: 'event', category: filter.category, condition });
  }

  /** A step with runs is as many steps; they are one object. */
  private steps(by: readonly ast.JoinKey[], terms: readonly ast.Term[]): readonly SequenceStep[] {
    return Object.freeze(terms.flatMap((term) => Array(term.runs ?? 1).fill(this.step(by, term))));
  }

  private step(by: readonly ast.JoinKey[], term: ast.Term): SequenceStep {
    return Object.freeze({
      event: this.event(term.filter),
      by: Object.freeze([...by, ...term.by].map((key) => this.key(key))),
      missing: term.missing,
    });
  }

  private key({ expression }: ast.JoinKey): JoinKey {
    if (expression.kind !== 'field') {
      throw this.checker.error('EQL_UNSUPPORTED', 'Unsupported: a key that is no field.', expression.span);
    }
    return Object.freeze({ operand: this.conditions.field(expression), optional: expression.optional });
  }

  /** Keys in the same place are of one type, as far as types are known. */
  private checkKeyTypes(terms: readonly ast.Term[], by: readonly ast.JoinKey[]): void {
    for (const key of by) this.key(key);
    const first = terms[0]?.by ?? [];
    for (const term of terms) {
      term.by.forEach((key, place) => {
        this.key(key);
        const other = first[place];
        if (other !== undefined) this.checker.comparable(other.expression, key.expression);
      });
    }
  }
}

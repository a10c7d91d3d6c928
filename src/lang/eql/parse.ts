import { type Source, suggest } from '../../text/index.ts';
import type {
  EventFilter,
  JoinKey,
  MaxSpan,
  Pipe,
  Sample,
  Sequence,
  Statement,
  Term,
  TimeUnit,
} from './ast.ts';
import { MAX_RUNS, MAX_SAMPLE, MAX_STEPS } from './limits.ts';
import { ExpressionParser } from './parse-expression.ts';
import { quote } from './token.ts';

const UNITS: readonly string[] = ['ms', 's', 'm', 'h', 'd'] satisfies readonly TimeUnit[];
const OLD_PIPES = ['count', 'filter', 'sort', 'unique', 'unique_count', 'window'];
const NOT_IN_SAMPLE = 'A sample has no order and no time: write a sequence.';

/**
 * Parses a statement of EQL, today's dialect of Elasticsearch (its `EqlBase.g4`). Throws RuleError at the
 * first thing that is wrong: EQL_SYNTAX for what no EQL has, EQL_UNSUPPORTED for what other or older EQL has,
 * EQL_LIMIT for what is too large. Time and memory are linear in the text.
 */
export function parseEql(source: Source): Statement {
  return new Parser(source).parseStatement();
}

class Parser extends ExpressionParser {
  private steps = 0;

  /** Statement : ( Sequence | Sample | EventFilter ) Pipe* END */
  parseStatement(): Statement {
    const start = this.token.start;
    const query = this.parseQuery();
    const pipes: Pipe[] = [];
    while (this.peek('|')) pipes.push(this.parsePipe());
    if (this.token.kind !== 'end') {
      throw this.unexpected(
        query.kind === 'eventFilter' && pipes.length === 0 ? '"and", "or" or "|"' : '"|"',
      );
    }
    return this.node(start, { kind: 'statement', query, pipes: Object.freeze(pipes) });
  }

  private parseQuery(): Statement['query'] {
    if (this.peek('sequence')) return this.parseSequence();
    if (this.peek('sample')) return this.parseSample();
    if (this.peek('join')) {
      throw this.unsupported(
        '"join"',
        this.token,
        'Write a sequence for events in order, a sample for any order.',
      );
    }
    return this.parseEventFilter();
  }

  /** EventFilter : ( `any` | Name | Text ) `where` Expression */
  private parseEventFilter(): EventFilter {
    const start = this.token.start;
    const category = this.parseCategory();
    if (!this.peek('where')) throw this.unexpected('"where"', this.adviseCategory(category));
    this.advance();
    const condition = this.parseExpression();
    return this.node(start, { kind: 'eventFilter', category, condition });
  }

  /** A query that begins with a slip looks like an event category. */
  private adviseCategory(category: string | null): string | undefined {
    if (this.token.kind === 'name') return suggest(this.token.text, ['where']);
    return category === null ? undefined : suggest(category, ['sequence', 'sample']);
  }

  private parseCategory(): string | null {
    if (this.optional('any') !== undefined) return null;
    const { token } = this;
    if (token.kind !== 'name' && token.kind !== 'text' && token.kind !== 'quotedName') {
      throw this.unexpected('an event category or "any"');
    }
    this.advance();
    return token.text;
  }

  /** Sequence : `sequence` ( By MaxSpan? | MaxSpan )? Term+ ( `until` Term )? */
  private parseSequence(): Sequence {
    const start = this.expect('sequence').start;
    const by = this.parseBy();
    const maxSpan = this.peek('with') ? this.parseMaxSpan() : null;
    if (this.peek('by')) {
      throw this.unexpected('"["', by.length > 0 ? undefined : 'Write "by" before "with".');
    }
    const terms = this.parseTerms(by.length);
    const until = this.optional('until') === undefined ? null : this.parseUntil(terms[0]?.by.length ?? 0);
    this.checkSequence(terms, maxSpan, start);
    return this.node(start, { kind: 'sequence', by, maxSpan, terms, until });
  }

  private checkSequence(terms: readonly Term[], maxSpan: MaxSpan | null, start: number): void {
    const found = terms.reduce((sum, term) => sum + (term.runs ?? 1), 0);
    if (found < 2) {
      throw this.error('EQL_SYNTAX', `A sequence has at least 2 steps, found ${found}.`, {
        start,
        end: this.end,
      });
    }
    const missing = terms.find((term) => term.missing);
    if (missing !== undefined && maxSpan === null) {
      throw this.error('EQL_SYNTAX', 'A sequence with "![" needs "with maxspan".', missing.span);
    }
    if (missing !== undefined && terms.every((term) => term.missing)) {
      throw this.error('EQL_SYNTAX', 'A sequence has at least one step without "!".', missing.span);
    }
  }

  /** MaxSpan : `with` `maxspan` `=` Integer ( `ms` | `s` | `m` | `h` | `d` ) */
  private parseMaxSpan(): MaxSpan {
    this.expect('with');
    const start = this.token.start;
    this.expect('maxspan', this.token.kind === 'name' ? suggest(this.token.text, ['maxspan']) : undefined);
    this.expect('=');
    const number = this.token;
    const value = this.parsePositive('maxspan');
    const unit = this.token;
    if (unit.kind !== 'name') throw this.unexpected('a unit of time', `Write ${number.text}s for seconds.`);
    if (!UNITS.includes(unit.text)) {
      throw this.unexpected('a unit of time', 'The units are ms, s, m, h and d.');
    }
    this.advance();
    return this.node(start, { kind: 'maxSpan', value, unit: unit.text as TimeUnit });
  }

  private parsePositive(what: string): number {
    const { token } = this;
    const number = token.kind === 'integer' || token.kind === 'decimal';
    if (token.kind !== 'integer' || typeof token.value !== 'number' || token.value < 1) {
      throw number
        ? this.error('EQL_SYNTAX', `Expected ${what} of a positive whole number, found ${token.text}.`, token)
        : this.unexpected('a whole number');
    }
    this.advance();
    return token.value;
  }

  private parseTerms(globalKeys: number): readonly Term[] {
    const terms: Term[] = [];
    while (this.peek('[') || this.peek('![')) {
      const term = this.parseTerm();
      this.steps += term.runs ?? 1;
      if (this.steps > MAX_STEPS) {
        throw this.error('EQL_LIMIT', `A query has at most ${MAX_STEPS} steps.`, term.span);
      }
      this.checkKeys(term, terms[0] ?? term, globalKeys);
      terms.push(term);
    }
    if (terms.length === 0 || this.peek('!')) throw this.unexpected('"["');
    return Object.freeze(terms);
  }

  private checkKeys(term: Term, first: Term, globalKeys: number): void {
    if (term.by.length === first.by.length) return;
    const count = (by: readonly JoinKey[]): number => by.length + globalKeys;
    throw this.error(
      'EQL_SYNTAX',
      `Expected ${plural(count(first.by), 'key')} as in the first step, found ${count(term.by)}.`,
      term.by[0]?.span ?? term.span,
      'Every step has as many keys after "by" as the first one.',
    );
  }

  /** Term : ( `[` | `![` ) EventFilter `]` By? ( `with` `runs` `=` Integer )? */
  private parseTerm(): Term {
    const open = this.token;
    const missing = this.optional('![') !== undefined;
    if (!missing) this.expect('[');
    const filter = this.parseEventFilter();
    this.expect(']', undefined, '"and", "or" or "]"');
    if (this.token.kind === 'name' && this.token.text === 'fork') {
      throw this.unsupported('"fork"', this.token, 'A step takes up each pending sequence once.');
    }
    const by = this.parseBy();
    const runs = this.peek('with') ? this.parseRuns() : null;
    return this.node(open.start, { kind: 'term', missing, filter, by, runs });
  }

  private parseRuns(): number {
    this.expect('with');
    const { token } = this;
    if (token.text === 'maxspan')
      throw this.unexpected('"runs"', 'Write "with maxspan" right after "sequence by …".');
    if (token.kind !== 'name' || token.text !== 'runs') {
      throw this.unexpected('"runs"', token.kind === 'name' ? suggest(token.text, ['runs']) : undefined);
    }
    this.advance();
    this.expect('=');
    const number = this.token;
    const runs = this.parsePositive('runs');
    if (runs > MAX_RUNS) {
      throw this.error('EQL_LIMIT', `A step runs at most ${MAX_RUNS} times, found ${runs}.`, number);
    }
    return runs;
  }

  private parseUntil(keys: number): Term {
    const open = this.token;
    if (this.peek('![')) throw this.unsupported('"until" with "!["', open);
    if (!this.peek('[')) throw this.unexpected('"["');
    const term = this.parseTerm();
    if (term.runs !== null) throw this.unsupported('"until" with "runs"', open);
    if (term.by.length !== keys) {
      throw this.error(
        'EQL_SYNTAX',
        `Expected ${plural(keys, 'key')} in "until" as in the first step, found ${term.by.length}.`,
        term.by[0]?.span ?? term.span,
      );
    }
    return term;
  }

  /** Sample : `sample` By? Term Term+ */
  private parseSample(): Sample {
    const start = this.expect('sample').start;
    const by = this.parseBy();
    if (this.peek('with')) throw this.unsupported('"with" in a sample', this.token, NOT_IN_SAMPLE);
    const terms = this.parseTerms(by.length);
    if (this.peek('until')) throw this.unsupported('"until" in a sample', this.token, NOT_IN_SAMPLE);
    const span = { start, end: this.end };
    for (const term of terms) {
      if (term.missing) throw this.unsupported('"![" in a sample', term.span, NOT_IN_SAMPLE);
      if (term.runs !== null) throw this.unsupported('"runs" in a sample', term.span, NOT_IN_SAMPLE);
    }
    if (terms.length < 2)
      throw this.error('EQL_SYNTAX', `A sample has at least 2 steps, found ${terms.length}.`, span);
    const keys = by.length + (terms[0]?.by.length ?? 0);
    if (keys === 0) throw this.error('EQL_SYNTAX', 'A sample has at least one key after "by".', span);
    for (const [count, what] of [
      [terms.length, 'steps'],
      [keys, 'keys'],
    ] as const) {
      if (count > MAX_SAMPLE) {
        throw this.error('EQL_LIMIT', `A sample has at most ${MAX_SAMPLE} ${what}, found ${count}.`, span);
      }
    }
    return this.node(start, { kind: 'sample', by, terms });
  }

  /** By : `by` Expression ( `,` Expression )* */
  private parseBy(): readonly JoinKey[] {
    if (this.optional('by') === undefined) return Object.freeze([]);
    const keys: JoinKey[] = [];
    do {
      const start = this.token.start;
      keys.push(this.node(start, { kind: 'joinKey', expression: this.parseExpression() }));
    } while (this.optional(',') !== undefined);
    return Object.freeze(keys);
  }

  /** Pipe : `|` ( `head` | `tail` ) Expression */
  private parsePipe(): Pipe {
    const start = this.expect('|').start;
    const name = this.token;
    if (name.kind !== 'name') {
      throw this.unexpected('"head" or "tail"', name.text === '|' ? 'Write "or".' : undefined);
    }
    if (OLD_PIPES.includes(name.text)) {
      throw this.unsupported(`the pipe ${quote(name.text)}`, name, 'The pipes are "head" and "tail".');
    }
    if (name.text !== 'head' && name.text !== 'tail') {
      throw this.unexpected('"head" or "tail"', suggest(name.text, ['head', 'tail']));
    }
    this.advance();
    const argument = this.token;
    if (argument.kind !== 'integer' || typeof argument.value !== 'number')
      throw this.unexpected('a whole number');
    this.advance();
    return this.node(start, { kind: 'pipe', name: name.text, count: argument.value });
  }
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}

import { excerpt } from './excerpt.ts';
import { locate, type Source, type Span } from './source.ts';

export interface RuleErrorOptions {
  /** What kind of error: `EQL_SYNTAX`, `EQL_UNSUPPORTED`, `TOML_SYNTAX` …: one grep away from its cause. */
  readonly code: string;
  readonly source: Source;
  readonly span: Span;
  /** What the author can do about it, as a sentence. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/** What is wrong with a text that a user wrote, and where. Malformed (`…_SYNTAX`) is not unsupported (`…_UNSUPPORTED`). */
export class RuleError extends Error {
  readonly code: string;
  readonly source: Source;
  readonly span: Span;
  readonly hint: string | undefined;

  constructor(message: string, options: RuleErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = options.code;
    this.source = options.source;
    this.span = options.span;
    this.hint = options.hint;
  }

  /** `FILE:LINE:COLUMN: CODE: message hint` in one line. */
  headline(): string {
    const { source, line, column } = locate(this.source, this.span.start);
    const hint = this.hint === undefined ? '' : ` ${this.hint}`;
    return `${source.name}:${line}:${column}: ${this.code}: ${this.message}${hint}`;
  }

  /** The headline and, where there is a text, an excerpt of it with a caret. */
  render(): string {
    if (this.source.text === '') return this.headline();
    return `${this.headline()}\n${excerpt(locate(this.source, this.span.start))}`;
  }
}

RuleError.prototype.name = 'RuleError';

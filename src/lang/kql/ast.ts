import type { Pattern } from '../../rule/index.ts';
import type { Span } from '../../text/index.ts';

/**
 * A KQL query, parsed. A group of values (`field: (a or b)`) is already spread over its field, as in
 * Kibana's own tree: `or` of two `is`.
 */
export type Node = And | Or | Not | Is | Range | Nested;

export interface And {
  readonly kind: 'and';
  readonly args: readonly Node[];
  readonly span: Span;
}

export interface Or {
  readonly kind: 'or';
  readonly args: readonly Node[];
  readonly span: Span;
}

export interface Not {
  readonly kind: 'not';
  readonly arg: Node;
  readonly span: Span;
}

/** `field: value`; without a field, the value is looked for in every field. An empty query is `*: *`. */
export interface Is {
  readonly kind: 'is';
  readonly field: Literal | null;
  readonly value: Literal;
  readonly span: Span;
}

export interface Range {
  readonly kind: 'range';
  readonly field: Literal;
  readonly op: RangeOp;
  readonly value: Literal;
  readonly span: Span;
}

export type RangeOp = 'lt' | 'le' | 'gt' | 'ge';

/** `path: { query }`: the fields of the query are children of the path. */
export interface Nested {
  readonly kind: 'nested';
  readonly path: Literal;
  readonly arg: Node;
  readonly span: Span;
}

/** A field name or a value. */
export type Literal = Text | Wildcard | Keyword;

/** A text, its escapes resolved. What it means (text, number, boolean) is up to the field's type. */
export interface Text {
  readonly kind: 'text';
  readonly value: string;
  readonly quoted: boolean;
  readonly span: Span;
}

/** An unquoted text with at least one `*` that is not escaped. */
export interface Wildcard {
  readonly kind: 'wildcard';
  readonly pattern: Pattern;
  readonly span: Span;
}

/** `true`, `false` or `null`, unquoted and in lower case. */
export interface Keyword {
  readonly kind: 'keyword';
  readonly value: boolean | null;
  readonly span: Span;
}

/** Whether the pattern is nothing but wildcards: it fits any value. */
export function fitsAll(literal: Literal): boolean {
  return literal.kind === 'wildcard' && literal.pattern.every((part) => typeof part !== 'string');
}

import type { Scalar } from '../../rule/index.ts';
import type { Span } from '../../text/index.ts';

/**
 * EQL as written: one interface for each construct of the grammar, frozen, each with its place in the source.
 * Parentheses, comments, escapes and the spelling of numbers are not kept.
 */
export type Node = Statement | EventFilter | Sequence | Sample | Term | JoinKey | MaxSpan | Pipe | Expression;

interface Placed {
  readonly span: Span;
}

/** Statement : ( EventFilter | Sequence | Sample ) Pipe* */
export interface Statement extends Placed {
  readonly kind: 'statement';
  readonly query: EventFilter | Sequence | Sample;
  readonly pipes: readonly Pipe[];
}

/** EventFilter : ( `any` | Category ) `where` Expression; the category of `any` is null. */
export interface EventFilter extends Placed {
  readonly kind: 'eventFilter';
  readonly category: string | null;
  readonly condition: Expression;
}

/** Sequence : `sequence` By? MaxSpan? Term+ ( `until` Term )? */
export interface Sequence extends Placed {
  readonly kind: 'sequence';
  readonly by: readonly JoinKey[];
  readonly maxSpan: MaxSpan | null;
  readonly terms: readonly Term[];
  readonly until: Term | null;
}

/** Sample : `sample` By? Term Term+ */
export interface Sample extends Placed {
  readonly kind: 'sample';
  readonly by: readonly JoinKey[];
  readonly terms: readonly Term[];
}

/** Term : ( `[` | `![` ) EventFilter `]` By? ( `with` `runs` `=` Integer )? */
export interface Term extends Placed {
  readonly kind: 'term';
  readonly missing: boolean;
  readonly filter: EventFilter;
  readonly by: readonly JoinKey[];
  readonly runs: number | null;
}

/** By : `by` Expression ( `,` Expression )* */
export interface JoinKey extends Placed {
  readonly kind: 'joinKey';
  readonly expression: Expression;
}

/** MaxSpan : `with` `maxspan` `=` Integer Unit */
export interface MaxSpan extends Placed {
  readonly kind: 'maxSpan';
  readonly value: number;
  readonly unit: TimeUnit;
}

export type TimeUnit = 'ms' | 's' | 'm' | 'h' | 'd';

/** Pipe : `|` ( `head` | `tail` ) Integer */
export interface Pipe extends Placed {
  readonly kind: 'pipe';
  readonly name: 'head' | 'tail';
  readonly count: number;
}

export type Expression =
  | Logical
  | Not
  | Comparison
  | Lookup
  | TextMatch
  | Arithmetic
  | Negation
  | FunctionCall
  | FieldName
  | Value;

/** A chain of one operator is one node, however long it is: `a or b or c` has three arguments. */
export interface Logical extends Placed {
  readonly kind: 'and' | 'or';
  readonly args: readonly Expression[];
}

export interface Not extends Placed {
  readonly kind: 'not';
  readonly arg: Expression;
}

export interface Comparison extends Placed {
  readonly kind: 'comparison';
  readonly op: ComparisonOp;
  readonly left: Expression;
  readonly right: Expression;
}

export type ComparisonOp = '==' | '!=' | '<' | '<=' | '>' | '>=';

/** `x in (…)`, `x in~ (…)`, `x not in (…)`, `x not in~ (…)` */
export interface Lookup extends Placed {
  readonly kind: 'in';
  readonly operand: Expression;
  readonly values: readonly Expression[];
  readonly negated: boolean;
  readonly ignoreCase: boolean;
}

/** `x : "…"`, `x like ("…", "…")`, `x regex~ "…"`; `:` always ignores case. */
export interface TextMatch extends Placed {
  readonly kind: 'textMatch';
  readonly op: ':' | 'like' | 'regex';
  readonly ignoreCase: boolean;
  readonly operand: Expression;
  readonly values: readonly Value[];
}

export interface Arithmetic extends Placed {
  readonly kind: 'arithmetic';
  readonly op: '+' | '-' | '*' | '/' | '%';
  readonly left: Expression;
  readonly right: Expression;
}

/** Unary minus; a minus before a number is part of the number's value. */
export interface Negation extends Placed {
  readonly kind: 'negation';
  readonly arg: Expression;
}

/** `name(…)` or `name~(…)` */
export interface FunctionCall extends Placed {
  readonly kind: 'call';
  readonly name: string;
  readonly ignoreCase: boolean;
  readonly args: readonly Expression[];
}

/** `a.b`, `?a.b`, `` `a b`.c ``, `a[0].b`: names and indexes in their order. */
export interface FieldName extends Placed {
  readonly kind: 'field';
  readonly path: readonly (string | number)[];
  readonly optional: boolean;
}

/** A literal. `decimal` tells `1.0` from `1`, which divide differently. */
export interface Value extends Placed {
  readonly kind: 'value';
  readonly value: Scalar | null;
  readonly decimal: boolean;
}

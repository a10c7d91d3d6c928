/**
 * What a query may cost. Each is far above anything a person writes; whoever is over one gets an error at the
 * place where it was passed.
 */

/** UTF-16 units of a whole query. */
export const MAX_LENGTH = 5_000_000;
/** Parentheses, `not`, signs and function calls inside each other. */
export const MAX_DEPTH = 200;
/** Arithmetic operators of a whole query: a chain of them is as deep a tree as it is long. */
export const MAX_ARITHMETIC = 1_000;
/** Steps of a sequence after `with runs` is unrolled. */
export const MAX_STEPS = 1_000;
/** Elasticsearch's own bound of `with runs`. */
export const MAX_RUNS = 100;
/** Elasticsearch's own bound of a sample's steps, and of its keys. */
export const MAX_SAMPLE = 5;

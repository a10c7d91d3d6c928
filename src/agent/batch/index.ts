/**
 * What a query hands over: the JSON of a batch, its table and columns, and its rows, read when they are asked for.
 *
 * Knows nothing of what rows mean.
 */
export { type Batch, BatchError, readBatch } from './read.ts';
export { listedRows, ROWS_AT_ONCE, type Rows, type RowValues } from './rows.ts';

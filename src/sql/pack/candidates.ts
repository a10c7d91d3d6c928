import type { Rule } from '../../rule/index.ts';
import type { TableSpec } from '../../schema/index.ts';
import { LONGEST_QUERY } from '../limits.ts';
import { mergeSieves } from '../merge.ts';
import { BITS } from '../names.ts';
import type { PrefilterOptions } from '../prefilter.ts';
import { type RuleSieve, ruleSieves } from '../rule-sieves.ts';
import { identifier, quote } from '../text.ts';
import { BATCH, orderOf } from './scan.ts';

export interface CandidateOptions extends PrefilterOptions {
  /** SQL on the table's own columns, such as a bound of `time`; rows for which it is not true are left out. */
  readonly among?: string;
  /** The most rows, the newest; 20,000 unless given. */
  readonly batch?: number;
}

/**
 * Queries for the rows of a table that rules may match. Each row has the columns that scan queries read, and two
 * lists of rule ids, with commas between: `rules`, of which it is a match, and `candidates`, of which it may be one.
 *
 * One query for all rules, or as few as SQLite's limits allow; none when no rule can have an event in the table.
 */
export function candidateQueries(
  rules: readonly Rule[],
  table: TableSpec,
  options: CandidateOptions = {},
): readonly string[] {
  return queriesFor(ruleSieves(rules, table, options), table, options);
}

/** As `candidateQueries`, of sieves that are made. Halves the rules while a query is too long. */
export function queriesFor(
  sieves: readonly RuleSieve[],
  table: TableSpec,
  options: CandidateOptions,
): readonly string[] {
  if (sieves.length === 0) return [];
  const query = queryFor(sieves, table, options);
  if (sieves.length === 1 || query.length <= LONGEST_QUERY) return [query];
  const half = Math.ceil(sieves.length / 2);
  return [sieves.slice(0, half), sieves.slice(half)].flatMap((some) => queriesFor(some, table, options));
}

function queryFor(
  sieves: readonly RuleSieve[],
  table: TableSpec,
  { among, batch = BATCH }: CandidateOptions,
): string {
  const keep = table.reads.map(identifier);
  const { from, hits, where } = mergeSieves(table, sieves, { keep, among });
  const order = table.evented ? ` ORDER BY ${orderOf(table)} DESC` : '';
  const sure = hits.map((hit, chunk) => `${sureHits(sieves, chunk, hit)} AS sure_${chunk}`);
  const lists = hits.map((_, chunk) => printIds(sieves, chunk));
  const ids = (bits: (hit: string, chunk: number) => string): string =>
    `rtrim(${hits.map((hit, chunk) => idsOf(bits(hit, chunk), chunk)).join(' || ')}, ',')`;
  return (
    `WITH ${lists.join(', ')} SELECT ${keep.join(', ')}, ` +
    `${ids((_, chunk) => `sure_${chunk}`)} AS rules, ` +
    `${ids((hit, chunk) => `(${hit} & ~sure_${chunk})`)} AS candidates ` +
    `FROM (SELECT ${[...keep, ...hits, ...sure].join(', ')} FROM ${from} ` +
    `WHERE ${where}${order} LIMIT ${batch})`
  );
}

/** The bits of the rules of which a row is a match for sure. */
function sureHits(sieves: readonly RuleSieve[], chunk: number, hit: string): string {
  const bitsOf = (passes: (sieve: RuleSieve) => boolean): bigint =>
    chunkOf(sieves, chunk).reduce(
      (sum, sieve, bit) =>
        sieve.fidelity === 'exact' && sieve.alone && passes(sieve) ? sum | (1n << BigInt(bit)) : sum,
      0n,
    );
  const [all, unordered] = [bitsOf(() => true), bitsOf(({ ordered }) => !ordered)];
  if (all === 0n) return '0';
  return `${hit} & CASE WHEN odd THEN 0 WHEN scrambled THEN ${unordered} ELSE ${all} END`;
}

function chunkOf(sieves: readonly RuleSieve[], chunk: number): readonly RuleSieve[] {
  return sieves.slice(chunk * BITS, (chunk + 1) * BITS);
}

function printIds(sieves: readonly RuleSieve[], chunk: number): string {
  const rows = chunkOf(sieves, chunk).map(
    ({ rule }, bit) => `(${1n << BigInt(bit)}, ${quote(`${rule.id},`)})`,
  );
  return `ids_${chunk}(bit, id) AS (VALUES ${rows.join(', ')})`;
}

function idsOf(bits: string, chunk: number): string {
  return `CASE WHEN ${bits} THEN (SELECT group_concat(id, '') FROM ids_${chunk} WHERE ${bits} & bit) ELSE '' END`;
}

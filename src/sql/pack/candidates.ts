import type { Rule } from '../../rule/index.ts';
import type { TableSpec } from '../../schema/index.ts';
import { all, columnsIn, type Expression, keyOf, negate, YES } from '../expression.ts';
import { LONGEST_QUERY } from '../limits.ts';
import { mergeSieves } from '../merge.ts';
import { doubtOf, gateOf, type PrefilterOptions, partsOf, passing } from '../prefilter.ts';
import { printExpression } from '../print.ts';
import { BITS } from '../rows/names.ts';
import { rowsOf } from '../rows/rows.ts';
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
  if (sieves.length === 1) return [queryForOne(sieves[0]!, table, options)];
  const query = queryForAll(sieves, table, options);
  if (query.length <= LONGEST_QUERY) return [query];
  const half = Math.ceil(sieves.length / 2);
  return [sieves.slice(0, half), sieves.slice(half)].flatMap((some) => queriesFor(some, table, options));
}

function queryForOne(sieve: RuleSieve, table: TableSpec, { among, batch = BATCH }: CandidateOptions): string {
  const keep = table.reads.map(identifier);
  const isSure = sieve.alone && sieve.fidelity === 'exact';
  const [passes, doubt, gate] = [passing(sieve), isSure ? doubtOf(sieve) : YES, gateOf(sieve)];
  const wanted = columnsIn([passes, doubt, gate]);
  const rows = rowsOf(table, { keep, wanted, among, gate: printExpression(gate) });
  const id = quote(sieve.rule.id);
  const unless = (truth: Expression): string =>
    truth.kind === 'constant'
      ? truth.value
        ? "''"
        : id
      : `CASE WHEN ${printExpression(truth)} THEN '' ELSE ${id} END`;
  return rows.query(
    `SELECT ${keep.join(', ')}, ${unless(doubt)} AS rules, ${unless(negate(doubt))} AS candidates ` +
      `FROM ${rows.last} WHERE ${printExpression(without(passes, gate))}${newest(table, batch)}`,
  );
}

/** A conjunction without parts that are known to be true. */
function without(whole: Expression, known: Expression): Expression {
  const keys = new Set(partsOf(known).map(keyOf));
  return all(partsOf(whole).filter((part) => !keys.has(keyOf(part))));
}

/** The newest rows. Of an event table all are read all the same, which moves its pointer. */
function newest(table: TableSpec, batch: number): string {
  return `${table.evented ? ` ORDER BY ${orderOf(table)} DESC` : ''} LIMIT ${batch}`;
}

function queryForAll(
  sieves: readonly RuleSieve[],
  table: TableSpec,
  { among, batch = BATCH }: CandidateOptions,
): string {
  const keep = table.reads.map(identifier);
  const { rows, hits, where } = mergeSieves(table, sieves, { keep, among });
  const chunks = hits.map((hit, index) => chunkOf(sieves, index, hit));
  const sure = chunks.map(({ name, hit, rules }) => `${sureHits(rules, hit)} AS sure_${name}`);
  const open = chunks.map(({ name, hit }) => `${hit} & ~sure_${name} AS open_${name}`);
  const lists = (['sure', 'open'] as const).map((kind) => {
    const ids = chunks.flatMap(({ name, rules }) =>
      printIds(`${kind}_${name}`, kind === 'sure' ? rules.filter(isExact) : rules),
    );
    return ids.length === 0 ? "''" : `rtrim(${ids.join(' || ')}, ',')`;
  });
  const passing = rows.select(
    `SELECT *, ${sure.join(', ')} FROM ${rows.last} WHERE ${where}${newest(table, batch)}`,
  );
  const told = passing.select(`SELECT *, ${open.join(', ')} FROM ${passing.last} LIMIT -1`);
  return told.query(
    `SELECT ${keep.join(', ')}, ${lists[0]!} AS rules, ${lists[1]!} AS candidates FROM ${told.last}`,
  );
}

/** Rules whose bits are in one integer. */
interface Chunk {
  readonly name: string;
  readonly hit: string;
  readonly rules: readonly Bit[];
}

interface Bit {
  readonly bit: bigint;
  readonly sieve: RuleSieve;
}

function chunkOf(sieves: readonly RuleSieve[], index: number, hit: string): Chunk {
  const rules = sieves
    .slice(index * BITS, (index + 1) * BITS)
    .map((sieve, place) => ({ sieve, bit: 1n << BigInt(place) }));
  return { name: String(index), hit, rules };
}

function isExact({ sieve }: Bit): boolean {
  return sieve.fidelity === 'exact' && sieve.alone;
}

function maskOf(bits: readonly Bit[]): bigint {
  return bits.reduce((sum, { bit }) => sum | bit, 0n);
}

/** The bits of the rules of which a row is a match for sure. */
function sureHits(bits: readonly Bit[], hit: string): string {
  const sure = bits.filter(isExact);
  if (sure.length === 0) return '0';
  const ordered = sure.filter(({ sieve }) => !sieve.ordered);
  return `${hit} & CASE WHEN odd THEN 0 WHEN scrambled THEN ${maskOf(ordered)} ELSE ${maskOf(sure)} END`;
}

/** The ids of the rules whose bits a column has, each with a comma. Halved again and again, as most bits are not set. */
function printIds(column: string, bits: readonly Bit[]): readonly string[] {
  if (bits.length === 0) return [];
  const half = bits.length >> 1;
  const ids =
    bits.length === 1
      ? quote(`${bits[0]!.sieve.rule.id},`)
      : [...printIds(column, bits.slice(0, half)), ...printIds(column, bits.slice(half))].join(' || ');
  return [`CASE WHEN ${column} & ${maskOf(bits)} THEN ${ids} ELSE '' END`];
}

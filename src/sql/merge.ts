import type { TableSpec } from '../schema/index.ts';
import { any, columnsIn, NO } from './expression.ts';
import { hitsOf } from './hits.ts';
import { flag, gateOf } from './prefilter.ts';
import { printExpression } from './print.ts';
import { BITS, NameLists } from './rows/names.ts';
import { type RowsOptions, rowsOf } from './rows/rows.ts';
import type { Steps } from './rows/steps.ts';
import type { RuleSieve } from './rule-sieves.ts';

/** All rules tried on a table's rows in one pass. */
export interface Merged {
  /** Steps to the table's rows with the columns of `keep` and `hits`, `odd` and `scrambled`. */
  readonly rows: Steps;
  /** Integers with one bit for each rule that a row passes, in the order of the rules. */
  readonly hits: readonly string[];
  /** True of rows that pass for any rule. */
  readonly where: string;
}

/**
 * Merges the prefilters of many rules on one table: what rules share is asked once. Columns are derived once for
 * each row, names looked up once (`names.ts`), and tests that stand in front of several rules' conditions, such as
 * that the row is an exec, once for all of them.
 */
export function mergeSieves(
  table: TableSpec,
  sieves: readonly RuleSieve[],
  { keep, among }: Pick<RowsOptions, 'keep' | 'among'>,
): Merged {
  const names = new NameLists();
  const odd = any([...new Set(sieves.flatMap(({ oddities }) => oddities))].sort().map(flag));
  const chunks = chunked(sieves, BITS);
  const plain = chunks.map((chunk) => hitsOf(chunk.map((sieve) => names.use(sieve.plain))));
  const coarse = chunks.map((chunk) => hitsOf(chunk.map((sieve) => sieve.coarse)));
  const gate = any(sieves.map(gateOf));
  const wanted = columnsIn([
    gate,
    odd,
    flag('scrambled'),
    ...sieves.flatMap((sieve) => [sieve.plain, sieve.coarse]),
  ]);
  if (!sieves.some(({ ordered }) => ordered)) wanted.delete('scrambled');
  const isOdd = printExpression(odd);
  const hits = chunks.map((_, index) => `hits_${index}`);
  const columns = chunks.map((_, index) =>
    odd === NO
      ? `${plain[index]!} AS hits_${index}`
      : `CASE WHEN ${isOdd} THEN ${coarse[index]!} ELSE ${plain[index]!} END AS hits_${index}`,
  );
  const doubt = `${isOdd} AS odd, ${wanted.has('scrambled') ? 'scrambled' : '0'} AS scrambled`;
  const rows = names.join(rowsOf(table, { keep, wanted, among, gate: printExpression(gate) }));
  return {
    rows: rows.select(`SELECT ${[...keep, doubt, ...columns].join(', ')} FROM ${rows.last} LIMIT -1`),
    hits,
    where: hits.length === 0 ? '0' : `${hits.join(' | ')} <> 0`,
  };
}

function chunked<Item>(items: readonly Item[], size: number): readonly (readonly Item[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}

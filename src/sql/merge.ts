import type { TableSpec } from '../schema/index.ts';
import { type RowsOptions, rowsOf } from './columns.ts';
import { any, columnsIn, costOf, type Expression, keyOf, NO, YES } from './expression.ts';
import { BITS, NameLists } from './names.ts';
import { flag, partsOf } from './prefilter.ts';
import { printExpression } from './print.ts';
import type { RuleSieve } from './rule-sieves.ts';

/** All rules tried on a table's rows in one pass. */
export interface Merged {
  /** A subquery of the table's rows with the columns of `keep` and `hits`, `odd` and `scrambled`. */
  readonly from: string;
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
  { keep, among }: Omit<RowsOptions, 'wanted'>,
): Merged {
  const names = new NameLists();
  const odd = any([...new Set(sieves.flatMap(({ oddities }) => oddities))].sort().map(flag));
  const chunks = chunked(sieves, BITS);
  const plain = chunks.map((chunk) => bitsOf(chunk.map((sieve) => names.use(sieve.plain))));
  const coarse = chunks.map((chunk) => bitsOf(chunk.map((sieve) => sieve.coarse)));
  const wanted = columnsIn([
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
  const rows = names.join(rowsOf(table, { keep, wanted, among }));
  return {
    from: `(SELECT ${[...keep, doubt, ...columns].join(', ')} FROM ${rows} LIMIT -1)`,
    hits,
    where: hits.length === 0 ? '0' : `${hits.join(' | ')} <> 0`,
  };
}

function chunked<Item>(items: readonly Item[], size: number): readonly (readonly Item[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}

interface Branch {
  readonly bit: number;
  readonly parts: ReadonlyMap<string, Expression>;
}

/** An integer whose bit n says whether the nth expression is true. */
function bitsOf(expressions: readonly Expression[]): string {
  return printBranches(
    expressions.map((expression, bit) => ({
      bit,
      parts: new Map(partsOf(expression).map((part) => [keyOf(part), part])),
    })),
  );
}

/** Takes out, again and again, a part that many conjunctions have, as a question asked once; cheap ones first. */
function printBranches(branches: readonly Branch[]): string {
  const settled = branches.filter(({ parts }) => parts.size === 0 || isConstant(parts, YES));
  const mask = settled.reduce((sum, { bit }) => sum + 2n ** BigInt(bit), 0n);
  const terms = mask === 0n ? [] : [String(mask)];
  let open = branches.filter((branch) => !settled.includes(branch) && !isConstant(branch.parts, NO));
  while (open.length > 0) {
    const [key, part] = mostShared(open);
    const having = open.filter(({ parts }) => parts.has(key));
    const inside = having.map(({ bit, parts }) => ({
      bit,
      parts: new Map([...parts].filter(([other]) => other !== key)),
    }));
    terms.push(`CASE WHEN ${printExpression(part)} THEN ${printBranches(inside)} ELSE 0 END`);
    open = open.filter((branch) => !having.includes(branch));
  }
  return terms.length === 0 ? '0' : terms.length === 1 ? terms[0]! : `(${terms.join(' | ')})`;
}

function isConstant(parts: ReadonlyMap<string, Expression>, constant: Expression): boolean {
  return [...parts.values()].some((part) => part === constant);
}

/** The part that the most branches have among the cheap ones, or where there is none, among all. */
function mostShared(branches: readonly Branch[]): readonly [string, Expression] {
  const counts = new Map<string, number>();
  for (const { parts } of branches)
    for (const key of parts.keys()) counts.set(key, (counts.get(key) ?? 0) + 1);
  const all = branches.flatMap(({ parts }) => [...parts]);
  const rankOf = ([key, part]: readonly [string, Expression]): number =>
    costOf(part) <= CHEAP ? counts.get(key)! : counts.get(key)! / (costOf(part) * branches.length);
  return all.reduce((best, one) => (rankOf(one) > rankOf(best) ? one : best));
}

const CHEAP = 3;

import { costOf, type Expression, keyOf, NO, YES } from './expression.ts';
import { partsOf } from './prefilter.ts';
import { printExpression } from './print.ts';

/** A conjunction, and the bit that says whether it is true. */
interface Branch {
  readonly bit: number;
  readonly parts: ReadonlyMap<string, Expression>;
}

/**
 * SQL for an integer whose bit n says whether the nth expression is true.
 *
 * Question: which of dozens of conjunctions hold? Asked one by one, each costs a row at least one test. Here a part
 * that several have, such as that the row is an exec, is asked once in front of them.
 */
export function hitsOf(expressions: readonly Expression[]): string {
  return printBranches(
    expressions.map((expression, bit) => ({
      bit,
      parts: new Map(partsOf(expression).map((part) => [keyOf(part), part])),
    })),
  );
}

function printBranches(branches: readonly Branch[]): string {
  const isSettled = ({ parts }: Branch): boolean => [...parts.values()].every((part) => part === YES);
  const settled = branches.filter(isSettled);
  const terms = settled.length === 0 ? [] : [String(maskOf(settled.map(({ bit }) => bit)))];
  let open = branches.filter((branch) => !isSettled(branch) && ![...branch.parts.values()].includes(NO));
  for (let shared = mostShared(open); shared !== null; shared = mostShared(open)) {
    const [key, part] = shared;
    const having = open.filter(({ parts }) => parts.has(key));
    const inside = having.map(({ bit, parts }) => ({ bit, parts: without(parts, key) }));
    terms.push(`CASE WHEN ${printExpression(part)} THEN ${printBranches(inside)} ELSE 0 END`);
    open = open.filter((branch) => !having.includes(branch));
  }
  terms.push(...open.map(printBranch));
  return terms.length === 0 ? '0' : terms.length === 1 ? terms[0]! : `(${terms.join(' | ')})`;
}

function printBranch({ bit, parts }: Branch): string {
  const tests = [...parts.values()].map((part) => `(${printExpression(part)})`);
  return `CASE WHEN ${tests.join(' AND ')} THEN ${maskOf([bit])} ELSE 0 END`;
}

/** The cheap part that the most branches have, if two have it. */
function mostShared(branches: readonly Branch[]): readonly [string, Expression] | null {
  const counts = new Map<string, number>();
  for (const { parts } of branches) {
    for (const [key, part] of parts)
      if (costOf(part) <= MOST_SHARED_COST) counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  let best: readonly [string, number] = ['', 1];
  for (const one of counts) if (one[1] > best[1]) best = one;
  const [key, count] = best;
  return count < 2 ? null : [key, branches.find(({ parts }) => parts.has(key))!.parts.get(key)!];
}

/** A dearer part may be worth asking only after the others of its branch. */
const MOST_SHARED_COST = 3;

function maskOf(bits: readonly number[]): bigint {
  return bits.reduce((mask, bit) => mask | (1n << BigInt(bit)), 0n);
}

function without(parts: Branch['parts'], key: string): Branch['parts'] {
  return new Map([...parts].filter(([other]) => other !== key));
}

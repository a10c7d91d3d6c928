import test, { type ExecutionContext } from 'ava';
import type { Rule } from '../../src/rule/index.ts';
import { createSchema, type TableSpec } from '../../src/schema/index.ts';
import type { Cell, Row } from './arbitrary.ts';
import { eventTable } from './event-table.ts';
import { RANDOM_TABLES, randomRows, recordedRows } from './rows.ts';
import { askSql, comparePairs, type Said } from './rule-pairs.ts';
import { corpusIsThere, corpusRules, packagedRules } from './rule-sets.ts';

const schema = createSchema('linux');
const onCorpus = corpusIsThere ? test : test.skip;
const tables = RANDOM_TABLES.map((name) => schema.tables.get(name)!);

function holds(t: ExecutionContext, rules: readonly Rule[], table: TableSpec, rows: readonly Row[]): void {
  const { pairs, violations } = comparePairs(rules, schema, table, eventTable(schema, table, rows));
  t.deepEqual(violations.slice(0, 3), []);
  t.true(pairs > 0);
}

/**
 * Merged, the rules say of each row what each says by itself. Of rows that are odd to any rule all may say less, as
 * one question is asked for all of them.
 */
function agrees(t: ExecutionContext, rules: readonly Rule[], table: TableSpec, rows: readonly Row[]): void {
  const asked = eventTable(schema, table, rows);
  const merged = askSql(rules, table, asked);
  let plain = 0;
  for (const rule of rules) {
    const alone = askSql([rule], table, asked);
    for (const [index, row] of rows.entries()) {
      const [one, all] = [alone, merged].map((said) => verdictOf(said.get(index + 1), rule)) as [
        number,
        number,
      ];
      const isPlain = Object.values(row).every(isPlainCell);
      if (isPlain) plain++;
      const right = isPlain ? one === all : all === 1 || one === all;
      if (!right) t.fail(`${rule.name}, row ${index + 1}: ${one} alone, ${all} merged`);
    }
  }
  t.true(plain > 0);
}

/** 0: no match; 1: the rule must decide; 2: a match. */
function verdictOf(said: Said | undefined, { id }: Rule): number {
  return said?.sure.has(id) ? 2 : said?.candidates.has(id) ? 1 : 0;
}

function isPlainCell(cell: Cell): boolean {
  return (
    !(cell instanceof Uint8Array) ||
    /^(?![ "])[ -[\]-{}~]{0,3000}$/.test(Buffer.from(cell).toString('latin1'))
  );
}

for (const table of tables) {
  test(`no event of ${table.name} that a packaged rule looks for is lost, and none is sure that is no match`, async (t) => {
    const rules = await packagedRules();
    holds(t, rules, table, [...recordedRows(table), ...randomRows(table, 500, 1)]);
  });

  onCorpus(
    `no event of ${table.name} that a corpus rule looks for is lost, and none is sure that is no match`,
    async (t) => {
      const rules = await corpusRules();
      holds(t, rules, table, [...recordedRows(table).slice(0, 2_000), ...randomRows(table, 300, 2)]);
    },
  );

  onCorpus(`merged, corpus rules say of each row of ${table.name} what each says alone`, async (t) => {
    const rules = await corpusRules();
    agrees(t, rules, table, [...recordedRows(table).slice(0, 300), ...randomRows(table, 200, 3)]);
  });

  test(`merged, packaged rules say of each row of ${table.name} what each says alone`, async (t) => {
    agrees(t, await packagedRules(), table, [
      ...recordedRows(table).slice(0, 500),
      ...randomRows(table, 500, 4),
    ]);
  });
}

import test from 'ava';
import fc from 'fast-check';
import { compileCondition } from '../../src/match/index.ts';
import { type Condition, printCondition } from '../../src/rule/index.ts';
import { bindCondition, createSchema, type TableSpec } from '../../src/schema/index.ts';
import { prefilter } from '../../src/sql/index.ts';
import { tableConditions } from './arbitrary-conditions.ts';
import { type EventTable, eventTable } from './event-table.ts';
import { RANDOM_TABLES, randomRows } from './rows.ts';

const schema = createSchema('linux');
const SEED = Number(process.env['SOUNDNESS_SEED'] ?? 1);
const RUNS = Number(process.env['SOUNDNESS_RUNS'] ?? 400);

for (const name of RANDOM_TABLES) {
  const table = schema.tables.get(name)!;
  const rows = eventTable(schema, table, randomRows(table, 500, SEED));
  const arbitrary = tableConditions(schema, table, rows);

  test(`on random rows of ${name}, what a random condition is true of passes its prefilter`, (t) => {
    fc.assert(
      fc.property(arbitrary, (condition) => checkPrefilter(condition, table, rows)),
      { seed: SEED, numRuns: RUNS },
    );
    t.pass();
  });

  test(`binding a random condition to ${name} changes nothing for its events`, (t) => {
    fc.assert(
      fc.property(arbitrary, (condition) => checkBinding(condition, table, rows)),
      { seed: SEED + 1, numRuns: RUNS },
    );
    t.pass();
  });
}

function checkBinding(condition: Condition, table: TableSpec, { events }: EventTable): void {
  const [plain, bound] = [condition, bindCondition(condition, table)].map((one) =>
    compileCondition(one, schema.fields),
  );
  for (const event of events.values()) {
    if (event !== null && plain!(event) !== bound!(event)) throw new Error(describe(condition, event));
  }
}

function checkPrefilter(condition: Condition, table: TableSpec, { db, events }: EventTable): void {
  const { from, where, sure } = prefilter(condition, table);
  const sql = `SELECT CAST(eid AS INTEGER) AS eid, (${where}) AS passes, (${sure}) AS sure FROM ${from}`;
  const matches = compileCondition(condition, schema.fields);
  for (const row of db
    .prepare<[], { eid: number; passes: number | null; sure: number | null }>(sql)
    .iterate()) {
    const event = events.get(row.eid);
    if (event === undefined || event === null) continue;
    const matched = matches(event);
    if (matched && !row.passes) throw new Error(`lost: ${describe(condition, event)}\n${where}`);
    if (!matched && row.sure) throw new Error(`not sure: ${describe(condition, event)}\n${sure}`);
  }
}

function describe(condition: Condition, event: { columns(): unknown }): string {
  return `${printCondition(condition)}\n${JSON.stringify(event.columns())}`;
}

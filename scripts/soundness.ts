/**
 * `npm run soundness -- --pairs 10000000 --seed 1`: holds SQL against the matcher. Every rule is asked of every event
 * twice, by the merged SQL and by its predicate: what matches must be named by the SQL, and what the SQL is sure of
 * must match. First Elastic's rules (where they lie beside the repository; the packaged ones otherwise) on all
 * recorded events; then, until there are enough pairs, in turn the same rules on rows made from what they ask for,
 * and rules made at random on rows made at random. Ends with 1 at the first violations, and prints them.
 */
import fc from 'fast-check';
import { compileRuleText } from '../src/lang/index.ts';
import type { Rule } from '../src/rule/index.ts';
import { createSchema, type Schema, type TableSpec } from '../src/schema/index.ts';
import { wholeRecording } from '../test/events/recording.ts';
import type { Row } from '../test/sql/arbitrary.ts';
import { tableConditions } from '../test/sql/arbitrary-conditions.ts';
import { eventTable } from '../test/sql/event-table.ts';
import { RANDOM_TABLES, randomRows, stored } from '../test/sql/rows.ts';
import { comparePairs, type PairReport } from '../test/sql/rule-pairs.ts';
import { corpusIsThere, corpusRules, packagedRules } from '../test/sql/rule-sets.ts';
import { witnessRows } from '../test/sql/witness-rows.ts';
import { readOptions } from './options.ts';

const ROWS = 500;
const RANDOM_RULES = 150;
const MOST_SHOWN = 5;

const values = readOptions(import.meta.filename, {
  pairs: { type: 'string', default: '10000000' },
  seed: { type: 'string', default: '1' },
});
const wanted = Number(values.pairs);
const seed = Number(values.seed);
if (!Number.isSafeInteger(wanted) || !Number.isSafeInteger(seed) || wanted < 1) {
  console.error('--pairs and --seed take whole numbers');
  process.exit(2);
}

interface Part {
  readonly name: string;
  readonly table: TableSpec;
  readonly rules: readonly Rule[];
  readonly rows: readonly Row[];
}

type Counts = Record<'pairs' | 'matched' | 'sure' | 'candidates', number>;

const startMs = performance.now();
const schema = createSchema('linux');
const rules = await (corpusIsThere ? corpusRules() : packagedRules());
const totals = new Map<string, Counts>();
const violations: string[] = [];
let pairs = 0;
console.log(`${rules.length} rules ${corpusIsThere ? 'of Elastic' : 'of this project'}, seed ${seed}`);
for (const part of parts(schema, rules)) {
  if (pairs >= wanted) break;
  const { name, table } = part;
  const report = comparePairs(part.rules, schema, table, eventTable(schema, table, part.rows));
  count(name, report);
  violations.push(...report.violations);
  if (violations.length > 0) break;
}
progress('');
for (const [name, counts] of totals) console.log(line(name, counts));
const seconds = (performance.now() - startMs) / 1000;
console.log(`${number(pairs)} pairs in ${seconds.toFixed(0)} s, ${violations.length} violations`);
for (const violation of violations.slice(0, MOST_SHOWN)) console.log(`\n${violation}`);
process.exitCode = violations.length > 0 ? 1 : 0;

function* parts(schema: Schema, rules: readonly Rule[]): Generator<Part> {
  const tables = [...schema.tables.values()].filter(({ evented }) => evented);
  const recorded = (['seed', 'attack', 'everyday'] as const).flatMap(wholeRecording);
  for (const table of tables) {
    const rows = recorded
      .filter((row) => row.table === table.name)
      .map(({ columns }) => stored(columns, table));
    for (let at = 0; at < rows.length; at += ROWS * 10) {
      yield { name: 'recorded events', table, rules, rows: rows.slice(at, at + ROWS * 10) };
    }
  }
  for (let round = seed; ; round++) {
    for (const table of tables) {
      yield { name: 'events made for the rules', table, rules, rows: witnessRows(rules, table, ROWS, round) };
      if (!RANDOM_TABLES.includes(table.name)) continue;
      const rows = randomRows(table, ROWS, round);
      yield { name: 'random rules and events', table, rules: randomRules(table, rows, round), rows };
    }
  }
}

function randomRules(table: TableSpec, rows: readonly Row[], round: number): readonly Rule[] {
  const model = compileRuleText('any where true');
  const conditions = tableConditions(schema, table, eventTable(schema, table, rows));
  return fc.sample(conditions, { seed: round, numRuns: RANDOM_RULES }).map((condition, index) => ({
    ...{ ...model, id: `random-${round}-${index}`, name: `random ${index}` },
    query: { kind: 'event', category: null, condition },
  }));
}

function count(name: string, report: PairReport): void {
  const sums = totals.get(name) ?? { pairs: 0, matched: 0, sure: 0, candidates: 0 };
  totals.set(name, sums);
  for (const key of Object.keys(sums) as (keyof Counts)[]) sums[key] += report[key];
  pairs += report.pairs;
  progress(`${number(pairs)} of ${number(wanted)} pairs`);
}

function line(name: string, { pairs, matched, sure, candidates }: Counts): string {
  return `${name}: ${number(pairs)} pairs, ${number(matched)} matched; SQL sure of ${number(sure)}, ${number(candidates)} left to the rule`;
}

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

function number(value: number): string {
  return value.toLocaleString('en-US');
}

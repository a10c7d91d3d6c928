import Database from 'better-sqlite3';
import { eventQueriesOf } from '../../src/match/transform-query.ts';
import { and, type Condition, definite, field, literal, not, or, type Rule } from '../../src/rule/index.ts';
import type { Schema, TableSpec } from '../../src/schema/index.ts';
import { prefilter } from '../../src/sql/index.ts';
import { CpuClock } from './cpu.ts';
import { type RecordedBatch, Recordings } from './recordings.ts';

/** What one query per rule costs, as an osquery pack asks them: CPU seconds for so many rows. */
export interface PerRuleCost {
  readonly queries: number;
  readonly rows: number;
  readonly seconds: number;
}

/**
 * Asks each rule's own query of each batch, in memory and prepared once: less than osquery does, whose tables
 * are not SQLite's own and whose queries are compiled anew each time.
 */
export function askPerRule(rules: readonly Rule[], schema: Schema, most: number): PerRuleCost {
  const clock = new CpuClock();
  const tables = new Map<string, { readonly insert: Inserter; readonly queries: readonly Asked[] }>();
  const db = new Database(':memory:');
  db.function('inet_aton', { deterministic: true }, inetAton);
  let rows = 0;
  let queries = 0;
  for (const batch of new Recordings({ schema, batchSize: Math.min(most, 4000) }).rows(most)) {
    const { name } = batch.table;
    const table = tables.get(name) ?? prepare(db, rules, batch.table);
    if (!tables.has(name)) queries += table.queries.length;
    tables.set(name, table);
    table.insert(batch);
    clock.run(() => {
      for (const query of table.queries) query.all();
    });
    db.exec(`DELETE FROM ${name}`);
    rows += batch.size;
  }
  return { queries, rows, seconds: clock.seconds };
}

type Asked = Pick<Database.Statement<[]>, 'all'>;
type Inserter = (batch: RecordedBatch) => void;

function prepare(db: Database.Database, rules: readonly Rule[], table: TableSpec) {
  const columns = table.columns.map(({ name, type }) => `${name} ${type}`);
  db.exec(`CREATE TABLE ${table.name} (${columns.join(', ')})`);
  const marks = table.reads.map(() => '?').join(', ');
  const one = db.prepare(`INSERT INTO ${table.name} (${table.reads.join(', ')}) VALUES (${marks})`);
  const insert = db.transaction((batch: RecordedBatch) => {
    for (const row of batch.rows()) one.run(row);
  });
  const queries = rules
    .flatMap(conditionsOf)
    .map((condition) => prefilter(condition, table))
    .filter(({ fidelity }) => fidelity !== 'none')
    .map(({ from, where }): Asked => db.prepare(`SELECT eid FROM ${from} WHERE ${where}`));
  return { insert: (batch: RecordedBatch) => insert(batch), queries };
}

function conditionsOf({ query, exceptions }: Rule): readonly Condition[] {
  const allowed = exceptions.length === 0 ? [] : [not(definite(or(...exceptions)))];
  return eventQueriesOf(query).map(({ category, condition }) =>
    and(...inCategory(category), condition, ...allowed),
  );
}

function inCategory(category: string | null): readonly Condition[] {
  if (category === null) return [];
  const [left, right] = [field('event.category'), literal(category)];
  return [{ kind: 'compare', op: 'eq', left, right, ignoreCase: false }];
}

/** Of osquery's own functions the one that prefilters use. */
function inetAton(address: unknown): number | null {
  const octets = String(address).split('.').map(Number);
  if (octets.length !== 4 || octets.some((octet) => !(octet >= 0 && octet <= 255))) return null;
  return octets.reduce((sum, octet) => sum * 256 + octet, 0);
}

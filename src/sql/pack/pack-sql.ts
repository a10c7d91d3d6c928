import { createHash } from 'node:crypto';
import type { Rule } from '../../rule/index.ts';
import type { Schema, TableSpec } from '../../schema/index.ts';
import { type RuleSieve, ruleSieves } from '../rule-sieves.ts';
import { queriesFor } from './candidates.ts';
import { EVENTS_ARE_ON, OSQUERY_VERSION, type Pack, type PackQuery } from './pack.ts';

export interface SqlPackOptions {
  /** One query for each rule and table instead of one for all rules of a table. */
  readonly perRule?: boolean;
  /** The event tables to ask; all of the platform unless given. */
  readonly tables?: readonly TableSpec[];
  /** 60 seconds unless given. */
  readonly intervalSeconds?: number;
  /** Rows that one query gives at the most, the newest; 20,000 unless given. */
  readonly batch?: number;
}

/**
 * The pack for hosts without the extension: rules as far as plain SQL can say them. One query per event table, or as
 * few as fit SQLite's limits; its rows say in `rules` what they are a match of, and in `candidates` what the rule must
 * decide, which `replay` does. Rules for which a table can have no event are not in its query, nor are those that
 * would have it give nearly all rows (`RuleSieve.wide`).
 *
 * Query names end in a separator and the table's name, by which `replay` knows it.
 */
export function sqlPackFor(rules: readonly Rule[], schema: Schema, options: SqlPackOptions = {}): Pack {
  const tables = [...(options.tables ?? schema.tables.values())]
    .filter(({ evented }) => evented)
    .sort(byName);
  const queries = tables.flatMap((table) => {
    const sieves = ruleSieves(rules, table).filter(({ wide }) => !wide);
    return options.perRule === true
      ? sieves.flatMap((sieve) => ruleQueries(sieve, table, schema, options))
      : tableQueries(sieves, table, schema, options);
  });
  return {
    platform: schema.platform,
    version: OSQUERY_VERSION,
    discovery: [EVENTS_ARE_ON],
    queries: Object.fromEntries(queries.sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}

type Named = readonly [string, PackQuery];

function tableQueries(
  sieves: readonly RuleSieve[],
  table: TableSpec,
  schema: Schema,
  options: SqlPackOptions,
): readonly Named[] {
  return queriesFor(sieves, table, options).map((query, index) => {
    const name = index === 0 ? `candidates_${table.name}` : `candidates_${index + 1}_${table.name}`;
    const description = `Rows of ${table.name} that rules match, or may match.`;
    return [name, packQuery(query, description, schema, options)];
  });
}

function ruleQueries(
  sieve: RuleSieve,
  table: TableSpec,
  schema: Schema,
  options: SqlPackOptions,
): readonly Named[] {
  return queriesFor([sieve], table, options).map((query) => [
    `${plainName(sieve.rule.id)}.${table.name}`,
    packQuery(query, `Rows of ${table.name} for the rule: ${sieve.rule.name}`, schema, options),
  ]);
}

function packQuery(
  query: string,
  description: string,
  { platform }: Schema,
  { intervalSeconds = 60 }: SqlPackOptions,
): PackQuery {
  return {
    query,
    interval: intervalSeconds,
    removed: false,
    denylist: false,
    platform,
    version: OSQUERY_VERSION,
    description,
    value: 'rules: matches. candidates: for replay to decide.',
  };
}

/** A rule's id as a part of a query's name; what is not plain in it is left out, and a hash keeps it apart. */
function plainName(id: string): string {
  if (/^[A-Za-z0-9-]{1,64}$/.test(id)) return id;
  const plain = id.replace(/[^A-Za-z0-9]+/g, '-').slice(0, 48);
  return `${plain}-${createHash('sha256').update(id).digest('hex').slice(0, 8)}`;
}

function byName(a: TableSpec, b: TableSpec): number {
  return a.name < b.name ? -1 : 1;
}

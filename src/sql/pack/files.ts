import type { Schema } from '../../schema/index.ts';
import { printFlags } from './flags.ts';
import { fleetFiles } from './fleet.ts';
import { packFor, printPack } from './pack.ts';
import { sqlPackFor } from './pack-sql.ts';
import { type RulePlan, tablesOf } from './plan.ts';
import { printViews, viewsFor } from './views.ts';
import { printWatches, watchesOf } from './watches.ts';

export interface FilesOptions {
  /** Between two scans; 10 seconds unless given. */
  readonly intervalSeconds?: number;
  /** Rows that one query hands over at the most; 20,000 unless given. */
  readonly batch?: number;
  /** Scan queries hand over only what a rule may match: see `ScanOptions.light`. */
  readonly light?: boolean;
  /** In the pack of plain SQL, one query for each rule. */
  readonly perRule?: boolean;
}

/**
 * All that a fleet needs to run rules on one platform, but for the rules themselves: texts by file name, the same
 * names whatever the rules, so that a file of an earlier set never stays behind. The same rules give the same
 * bytes, in whatever order.
 */
export function filesFor(
  plans: readonly RulePlan[],
  schema: Schema,
  { intervalSeconds = 10, batch, light = false, perRule = false }: FilesOptions = {},
): ReadonlyMap<string, string> {
  const { platform } = schema;
  const tables = [...tablesOf(plans).keys()];
  const rules = plans.map(({ rule }) => rule);
  const bounded = batch === undefined ? {} : { batch };
  const pack = packFor(tables, { platform, intervalSeconds, ...bounded, ...(light ? { light: rules } : {}) });
  const fleet = Object.entries(fleetFiles(pack, platform)).map(
    ([name, text]) => [`fleet/${name}`, text] as const,
  );
  return new Map([
    ['pack.conf', printPack(pack)],
    ['pack-sql.conf', printPack(sqlPackFor(rules, schema, { tables, perRule, ...bounded }))],
    ...fleet,
    ['osquery.flags', printFlags(plans, intervalSeconds)],
    ['file_paths.conf', printWatches(watchesOf(plans, platform))],
    ['views.conf', printViews(viewsFor(tables, schema, batch))],
  ]);
}

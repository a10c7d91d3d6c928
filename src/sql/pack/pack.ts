import type { Rule } from '../../rule/index.ts';
import type { Platform, TableSpec } from '../../schema/index.ts';
import { BATCH, scanQuery } from './scan.ts';

/** A scheduled query as a pack has it. */
export interface PackQuery {
  readonly query: string;
  readonly interval: number;
  readonly removed: false;
  readonly denylist: false;
  readonly platform: string;
  readonly version: string;
  readonly description: string;
  readonly value: string;
}

/** An osquery pack. */
export interface Pack {
  readonly platform: string;
  readonly version: string;
  readonly discovery: readonly string[];
  readonly queries: Readonly<Record<string, PackQuery>>;
}

export interface PackOptions {
  readonly platform: Platform;
  /** 10 seconds unless given. */
  readonly intervalSeconds?: number;
  /** Rows that one scan hands over at the most; 20,000 unless given. */
  readonly batch?: number;
  /** Only rows that one of these rules may match are handed over: see `ScanOptions.light`. */
  readonly light?: readonly Rule[];
}

/** The oldest osquery that has all that the queries use. */
export const OSQUERY_VERSION = '5.0.1';

/** Asks only for what does not change while osqueryd runs: a pack's answer to it is kept for an hour. */
export const EVENTS_ARE_ON = "SELECT 1 FROM osquery_flags WHERE name = 'disable_events' AND value = 'false'";

/** The pack that feeds `detections`: one scan query per event table. Tables of state are left out. */
export function packFor(tables: readonly TableSpec[], options: PackOptions): Pack {
  const evented = [...tables].filter((table) => table.evented).sort(byName);
  return {
    platform: options.platform,
    version: OSQUERY_VERSION,
    discovery: [EVENTS_ARE_ON],
    queries: Object.fromEntries(evented.map((table) => [`detections_${table.name}`, scanOf(table, options)])),
  };
}

function scanOf(table: TableSpec, options: PackOptions): PackQuery {
  const { batch = BATCH, light } = options;
  return {
    query: scanQuery(table, { batch, ...(light === undefined ? {} : { light }) }),
    interval: options.intervalSeconds ?? 10,
    removed: false,
    denylist: false,
    platform: options.platform,
    version: OSQUERY_VERSION,
    description: `Hands new rows of ${table.name} to the rules of osquery-detect. Only alerts come back.`,
    value: 'Each row is an alert: see its columns rule_id, severity and alert.',
  };
}

/** The pack as a file, byte for byte the same for the same pack. */
export function printPack(pack: Pack): string {
  return `${JSON.stringify(pack, null, 2)}\n`;
}

function byName(a: TableSpec, b: TableSpec): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

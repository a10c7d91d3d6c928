import type { RuleFault } from '../match/index.ts';
import { parseResultLine } from '../osquery/index.ts';
import type { Rule } from '../rule/index.ts';
import { createHost, createSchema, type Platform } from '../schema/index.ts';
import type { Alert } from './alert.ts';
import { Detector } from './detector.ts';
import { HostReplay } from './host-replay.ts';

export interface ReplayOptions {
  readonly rules: readonly Rule[];
  readonly platform: Platform;
  /** What ran before the recording began; rows of `processes`, of the first host in the log. */
  readonly processes?: readonly Readonly<Record<string, unknown>>[];
  /** The tables of queries whose names do not say. */
  readonly tables?: ReadonlyMap<string, string>;
  readonly onAlert: (alert: Alert) => void;
}

export interface ReplaySummary {
  readonly lines: number;
  readonly rows: number;
  /** Lines that are no result lines of osquery. */
  readonly foreign: number;
  /** Rows of queries whose table is not known, by the query's name. */
  readonly unknown: ReadonlyMap<string, number>;
  /** Rows that came more than once, as several queries over one table give them; read once. */
  readonly repeated: number;
  /** Hosts that the lines are of; each has a process tree and state of its own. */
  readonly hosts: number;
  /** The rules that ran, in their order, and how often each matched. */
  readonly rules: readonly { readonly rule: Rule; readonly matched: number }[];
  /** Rules that could not be compiled. */
  readonly faults: readonly RuleFault[];
}

/**
 * How much older than the newest row a row may be and still find its place. Result logs list query after query,
 * so rows of one table lag behind those of another by up to an interval.
 */
const SLACK_MS = 3_600_000;

/** Runs rules over recorded result lines, through the engine that runs live. The same lines give the same alerts. */
export async function replay(lines: AsyncIterable<string>, options: ReplayOptions): Promise<ReplaySummary> {
  const { rules, processes = [], onAlert } = options;
  const schema = createSchema(options.platform);
  const tableOf = createTableNamer(schema.tables.keys(), options.tables ?? new Map());
  const unknown = new Map<string, number>();
  const hosts = new Map<string, HostReplay>();
  const counts = { lines: 0, rows: 0, foreign: 0 };

  const hostOf = (id: string): HostReplay => {
    let host = hosts.get(id);
    if (host === undefined) {
      host = new HostReplay(
        new Detector({ rules, schema, host: createHost(id), onAlert, bounds: { slackMs: SLACK_MS } }),
      );
      if (hosts.size === 0) host.detector.seed(processes);
      hosts.set(id, host);
    }
    return host;
  };

  for await (const line of lines) {
    if (line === '') continue;
    counts.lines += 1;
    const result = parseResultLine(line);
    if (result === null) {
      counts.foreign += 1;
      continue;
    }
    const rows = result.rows.filter(({ action }) => action !== 'removed').map(({ columns }) => columns);
    counts.rows += rows.length;
    const table = schema.tables.get(tableOf(result.name) ?? '');
    if (table === undefined) {
      if (rows.length > 0) unknown.set(result.name, (unknown.get(result.name) ?? 0) + rows.length);
      continue;
    }
    hostOf(result.host).take({ table: table.name, rank: table.rank, rows, ranMs: result.unixTime * 1000 });
  }
  if (hosts.size === 0) hostOf('');
  for (const host of hosts.values()) host.end();
  const detectors = [...hosts.values()].map(({ detector }) => detector);
  const repeated = [...hosts.values()].reduce((sum, host) => sum + host.repeated, 0);
  return {
    ...counts,
    unknown,
    repeated,
    hosts: hosts.size,
    rules: countMatches(detectors),
    faults: detectors[0]!.faults,
  };
}

function countMatches(detectors: readonly Detector[]): ReplaySummary['rules'] {
  const matches = new Map<string, { readonly rule: Rule; matched: number }>();
  for (const { rule, matched } of detectors.flatMap(({ counters }) => counters)) {
    const count = matches.get(rule.id) ?? { rule, matched: 0 };
    count.matched += matched;
    matches.set(rule.id, count);
  }
  return [...matches.values()];
}

/**
 * Tells the table from a query's name: the name itself, or its end after a separator, as packs (`pack_linux_…`)
 * and Fleet (`pack/Global/…`) make it. The longest table that fits wins. What a scan query logs (`…detections_TABLE`)
 * are alerts, and no rows of the table.
 */
export function createTableNamer(
  tables: Iterable<string>,
  given: ReadonlyMap<string, string>,
): (query: string) => string | undefined {
  const longestFirst = [...tables].sort((a, b) => b.length - a.length);
  const known = new Map<string, string | undefined>();
  return (query) => {
    if (!known.has(query)) {
      const fits = (table: string): boolean =>
        query.endsWith(table) && /^$|[^A-Za-z0-9]$/.test(query.slice(0, -table.length));
      const isScan = longestFirst.some((table) => fits(`detections_${table}`));
      known.set(query, given.get(query) ?? (isScan ? undefined : longestFirst.find(fits)));
    }
    return known.get(query);
  };
}

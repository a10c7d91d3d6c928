import { parseResultLine } from '../osquery/index.ts';
import type { Rule } from '../rule/index.ts';
import { createHost, createSchema, type Host, type Platform } from '../schema/index.ts';
import type { Alert } from './alert.ts';
import { Detector } from './detector.ts';

export interface ReplayOptions {
  readonly rules: readonly Rule[];
  readonly platform: Platform;
  /** What ran before the recording began; rows of `processes`. */
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
  readonly detector: Detector;
}

/**
 * How much older than the newest row a row may be and still find its place. Result logs list query after query,
 * so rows of one table lag behind those of another by up to an interval.
 */
const SLACK_MS = 3_600_000;

/** Runs rules over recorded result lines, through the engine that runs live. The same lines give the same alerts. */
export async function replay(lines: AsyncIterable<string>, options: ReplayOptions): Promise<ReplaySummary> {
  const schema = createSchema(options.platform);
  const tableOf = createTableNamer(schema.tables.keys(), options.tables ?? new Map());
  const columnsSeen = new Map<string, readonly string[]>();
  const unknown = new Map<string, number>();
  const summary = { lines: 0, rows: 0, foreign: 0 };
  let detector: Detector | undefined;

  const start = (host: Host): Detector => {
    const { rules, onAlert } = options;
    const made = new Detector({ rules, schema, host, onAlert, slackMs: SLACK_MS });
    made.seed(options.processes ?? []);
    return made;
  };

  for await (const line of lines) {
    if (line === '') continue;
    summary.lines += 1;
    const result = parseResultLine(line);
    if (result === null) {
      summary.foreign += 1;
      continue;
    }
    detector ??= start(createHost(result.host));
    const table = tableOf(result.name);
    for (const { action, columns } of result.rows) {
      if (action === 'removed') continue;
      summary.rows += 1;
      if (table === undefined) {
        unknown.set(result.name, (unknown.get(result.name) ?? 0) + 1);
        continue;
      }
      const names = sameList(columnsSeen, Object.keys(columns));
      detector.take({ table, columns: names, rows: [Object.values(columns)] });
    }
  }
  detector ??= start(createHost(''));
  detector.advance(Number.MAX_SAFE_INTEGER);
  return { ...summary, unknown, detector };
}

/** One list for all rows with the same columns, since row readers are kept by list. */
function sameList(seen: Map<string, readonly string[]>, names: readonly string[]): readonly string[] {
  const key = names.join();
  const known = seen.get(key);
  if (known !== undefined) return known;
  seen.set(key, names);
  return names;
}

/**
 * Tells the table from a query's name: the name itself, or its end after a separator, as packs (`pack_linux_…`)
 * and Fleet (`pack/Global/…`) make it. The longest table that fits wins.
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
      known.set(query, given.get(query) ?? longestFirst.find(fits));
    }
    return known.get(query);
  };
}

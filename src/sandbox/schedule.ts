/** osquery's configuration, as far as it schedules queries. Other keys may ride along. */
export interface Config {
  readonly schedule?: Readonly<Record<string, ScheduleEntry>>;
  readonly packs?: Readonly<Record<string, Pack>>;
}

/** A pack as osquery's parser reads it. */
export interface Pack {
  readonly platform?: string;
  readonly version?: string;
  readonly shard?: number;
  readonly discovery?: readonly string[];
  readonly queries?: Readonly<Record<string, ScheduleEntry>>;
}

export interface ScheduleEntry {
  readonly query: string;
  /** Seconds; texts are taken too. An hour when absent. */
  readonly interval?: number | string;
  readonly snapshot?: boolean;
  readonly removed?: boolean;
  readonly denylist?: boolean;
  readonly platform?: string;
  readonly version?: string;
  readonly shard?: number;
}

export interface ScheduledQuery {
  /** `pack_<pack>_<query>`; of the schedule itself, the query's own name. */
  readonly name: string;
  readonly pack: string | undefined;
  readonly query: string;
  readonly intervalSeconds: number;
  readonly snapshot: boolean;
  readonly removed: boolean;
}

const DEFAULT_INTERVAL = 3600;
/** `kMaxQueryInterval`: a week. */
const MOST_INTERVAL = 604_800;

export interface Schedule {
  readonly queries: readonly ScheduledQuery[];
  /** Packs with their discovery queries. */
  readonly packs: ReadonlyMap<string, readonly string[]>;
  /** What was wrong, in core's words. */
  readonly warnings: readonly string[];
}

/**
 * The queries that run on this platform. Intervals are not splayed here (core varies them by 10 %), `shard` and `version` are not looked
 * at, and nothing is ever denylisted, for there is no watchdog.
 * Source: osquery/config/packs.cpp (`Pack::initialize`).
 */
export function readSchedule(config: Config, platform: string): Schedule {
  const warnings: string[] = [];
  const packs = Object.entries(config.packs ?? {}).filter(([, pack]) => runsOn(pack.platform, platform));
  const read = (entries: Readonly<Record<string, ScheduleEntry>>, pack?: string) =>
    Object.entries(entries).flatMap(([name, entry]) => {
      if (!runsOn(entry.platform, platform) || typeof entry.query !== 'string') return [];
      const intervalSeconds = Number(entry.interval ?? DEFAULT_INTERVAL);
      if (!(intervalSeconds > 0 && intervalSeconds <= MOST_INTERVAL) || entry.query === '') {
        warnings.push(`Query has invalid interval: ${name}: ${entry.interval}`);
        return [];
      }
      return [
        {
          name: pack === undefined ? name : `pack_${pack}_${name}`,
          pack,
          query: entry.query,
          intervalSeconds,
          snapshot: entry.snapshot ?? false,
          removed: entry.removed ?? true,
        },
      ];
    });
  return {
    queries: [
      ...read(config.schedule ?? {}),
      ...packs.flatMap(([name, pack]) => read(pack.queries ?? {}, name)),
    ],
    packs: new Map(packs.map(([name, pack]) => [name, pack.discovery ?? []])),
    warnings,
  };
}

/** Whether core would run it: no platform, `all`, `any`, the platform's own name in the list, or `posix`. */
function runsOn(wanted: string | undefined, platform: string): boolean {
  if (wanted === undefined || wanted === '' || wanted === 'null') return true;
  if (/all|any/.test(wanted) || wanted.includes(platform)) return true;
  return wanted.includes('posix') && platform !== 'windows';
}

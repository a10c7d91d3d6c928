import type { Source } from '../../text/index.ts';
import type { Entry } from './documents.ts';

/** A query of a configuration, in osquery's terms whatever it is written in. */
export interface LintQuery {
  readonly name: string;
  readonly sql: Source;
  /** `discovery` of a pack; `adHoc` is run by nobody's schedule: policies, labels, queries without an interval. */
  readonly use: 'scheduled' | 'discovery' | 'adHoc';
  /** Who schedules it; only osquery knows `denylist`. */
  readonly manager: 'osquery' | 'fleet';
  readonly intervalSeconds: number;
  readonly snapshot: boolean;
  readonly removed: boolean;
  readonly denylist: boolean;
  /** Whether Fleet sends its results on; true of osquery. */
  readonly sent: boolean;
  readonly platform: string | undefined;
}

/** What configurations hold that matters to lint. */
export interface Configuration {
  readonly queries: readonly LintQuery[];
  /** Flags by name without dashes, as texts, with where the last one stands. */
  readonly flags: ReadonlyMap<string, string>;
  /** Whether any document is a configuration, which could have `file_paths`, and whether one has. */
  readonly isWhole: boolean;
  readonly hasFilePaths: boolean;
}

const DEFAULT_INTERVAL = 3600;

/** Finds the queries of a document: a pack, a configuration, several packs, or any of Fleet's YAML. */
export function readConfiguration(document: Entry): Configuration {
  const collector = new Collector();
  collector.read(document);
  return collector;
}

class Collector implements Configuration {
  readonly queries: LintQuery[] = [];
  readonly flags = new Map<string, string>();
  isWhole = false;
  hasFilePaths = false;

  read(document: Entry): void {
    if (document.items().length > 0) this.#readList(document);
    else if (document.get('kind') !== undefined) this.#readFleetSpec(document);
    else {
      this.#readConfig(document);
      this.#readGitOps(document);
    }
  }

  /** A list that GitOps includes: queries, reports, policies or labels. */
  #readList(list: Entry): void {
    for (const item of list.items()) this.#fleetQuery(item, isScheduledEntry(item));
  }

  #readConfig(config: Entry): void {
    const schedule = config.get('schedule');
    for (const [name, query] of schedule?.members() ?? []) this.#osqueryQuery(name, query, undefined);
    for (const [name, pack] of config.get('packs')?.members() ?? []) this.#pack(pack, `${name}/`);
    if (config.get('queries')?.members().length) this.#pack(config, '');
    // Several packs, each by its name: what a pack called "*" gives.
    for (const [name, pack] of config.members()) {
      if (!KEYS.has(name) && pack.get('queries')?.members().length) this.#pack(pack, `${name}/`);
    }
    this.#options(config.get('options'));
    if (config.get('file_paths') !== undefined) this.hasFilePaths = true;
    if (schedule !== undefined || config.get('options') !== undefined || config.get('packs') !== undefined) {
      this.isWhole = true;
    }
  }

  #pack(pack: Entry, prefix: string): void {
    const platform = textOf(pack.get('platform'));
    for (const [name, query] of pack.get('queries')?.members() ?? []) {
      this.#osqueryQuery(`${prefix}${name}`, query, platform);
    }
    for (const item of pack.get('discovery')?.items() ?? []) {
      this.#add(`${prefix}discovery`, item, { ...IDLE, use: 'discovery', platform });
    }
    if (pack.get('file_paths') !== undefined) this.hasFilePaths = true;
  }

  #osqueryQuery(name: string, query: Entry, platform: string | undefined): void {
    this.#add(name, query.get('query'), {
      use: 'scheduled',
      manager: 'osquery',
      intervalSeconds: Number(query.get('interval')?.value ?? DEFAULT_INTERVAL),
      snapshot: isTrue(query.get('snapshot'), false),
      removed: isTrue(query.get('removed'), true),
      denylist: isTrue(query.get('denylist') ?? query.get('blacklist'), true),
      sent: true,
      platform: textOf(query.get('platform')) ?? platform,
    });
  }

  #readGitOps(file: Entry): void {
    for (const key of ['queries', 'reports', 'policies', 'labels']) {
      for (const item of file.get(key)?.items() ?? []) {
        this.#fleetQuery(item, key === 'queries' || key === 'reports');
      }
    }
    this.#agentOptions(file.get('agent_options'));
    if (file.get('command_line_flags') !== undefined) this.#agentOptions(file);
  }

  /** `kind: query`, `report`, `pack`, `policy`, `config`, `team` of fleetctl apply. */
  #readFleetSpec(document: Entry): void {
    const kind = textOf(document.get('kind')) ?? '';
    const spec = document.get('spec');
    if (spec === undefined) return;
    if (/^(?:quer(?:y|ies)|reports?)$/.test(kind)) this.#fleetQuery(spec, true);
    if (/^(?:polic(?:y|ies)|labels?)$/.test(kind)) this.#fleetQuery(spec, false);
    if (kind === 'config' || kind === 'team' || kind === 'fleet') {
      this.#agentOptions(spec.get('agent_options') ?? spec.get(kind)?.get('agent_options'));
    }
  }

  /** A query that has no interval is run by hand. */
  #fleetQuery(entry: Entry, scheduled: boolean): void {
    const logging = textOf(entry.get('logging')) ?? 'snapshot';
    const intervalSeconds = Number(entry.get('interval')?.value ?? 0);
    this.#add(textOf(entry.get('name')) ?? '', entry.get('query'), {
      use: scheduled && intervalSeconds > 0 ? 'scheduled' : 'adHoc',
      manager: 'fleet',
      intervalSeconds,
      snapshot: logging === 'snapshot',
      removed: logging === 'differential',
      denylist: false,
      sent: isTrue(entry.get('automations_enabled'), false),
      platform: textOf(entry.get('platform')),
    });
  }

  #agentOptions(options: Entry | undefined): void {
    const config = options?.get('config');
    if (config !== undefined) this.#readConfig(config);
    this.#options(options?.get('command_line_flags'));
  }

  #options(options: Entry | undefined): void {
    for (const [name, entry] of options?.members() ?? []) this.flags.set(name, String(entry.value));
  }

  #add(name: string, query: Entry | undefined, rest: Omit<LintQuery, 'name' | 'sql'>): void {
    const sql = query?.text();
    if (sql !== undefined) this.queries.push({ ...rest, name, sql });
  }
}

/** Keys of a configuration whose members are no packs. */
const KEYS: ReadonlySet<string> = new Set([
  'schedule',
  'packs',
  'options',
  'agent_options',
  'views',
  'queries',
]);

const IDLE: Omit<LintQuery, 'name' | 'sql'> = {
  ...{ use: 'adHoc', manager: 'osquery', intervalSeconds: 0, snapshot: false, removed: false },
  ...{ denylist: false, sent: true, platform: undefined },
};

/** Policies have a resolution, labels a membership type; queries and reports have neither. */
function isScheduledEntry(entry: Entry): boolean {
  return ['resolution', 'label_membership_type', 'critical'].every((key) => entry.get(key) === undefined);
}

/** osquery takes numbers and texts for booleans, too: `JSON::valueToBool`. */
function isTrue(entry: Entry | undefined, otherwise: boolean): boolean {
  const value = entry?.value;
  if (value === undefined || value === null) return otherwise;
  if (typeof value === 'string') return /^(?:true|t|yes|y|1)$/i.test(value);
  return value === true || (typeof value === 'number' && value !== 0);
}

function textOf(entry: Entry | undefined): string | undefined {
  return typeof entry?.value === 'string' ? entry.value : undefined;
}

import { createSchema, type Platform, type TableSpec } from '../../schema/index.ts';
import type { LintQuery } from './scheduled.ts';
import type { Block, NamedTable } from './statement.ts';

/** A query as traps look at it. */
export interface Subject {
  readonly query: LintQuery;
  readonly blocks: readonly Block[];
  /** Each place where it reads a table that osquery fills with events. */
  readonly events: readonly EventUse[];
}

export interface EventUse {
  readonly block: Block;
  readonly table: NamedTable;
}

/** What is known of the osqueryd that runs the queries. */
export interface Setting {
  /** Flags by name without dashes; null when nothing is known of them. */
  readonly flags: ReadonlyMap<string, string> | null;
  /** Null when no configuration was given that could have them. */
  readonly hasFilePaths: boolean | null;
}

/** One way in which a query of event tables goes wrong without a word in any log. */
export interface Trap {
  /** As findings name it. */
  readonly name: string;
  /** What to do about it, a sentence or two. */
  readonly remedy: string;
  readonly find: (subject: Subject, setting: Setting) => readonly Trapped[];
}

/** A query in a trap: what happens, a sentence, and where in its SQL. */
export interface Trapped {
  readonly what: string;
  /** Offset in the SQL; its beginning unless given. */
  readonly at?: number;
}

const PLATFORMS: readonly Platform[] = ['linux', 'darwin', 'windows'];
/** Tables that end like event tables and are none: `osquery_events` counts them. */
const NO_EVENTS: ReadonlySet<string> = new Set(['osquery_events']);

/** Whether osquery fills the table with events, by its name: they all end so. */
export function isEventTable(name: string): boolean {
  return name.endsWith('_events') && !NO_EVENTS.has(name);
}

/** The table as the schema has it on one of the platforms that a query is for; undefined when it has none. */
export function specOf(name: string, platform: string | undefined): TableSpec | undefined {
  const wanted = PLATFORMS.filter((one) => platform === undefined || mentions(platform, one));
  return wanted.map((one) => createSchema(one).tables.get(name)).find((table) => table !== undefined);
}

function mentions(platform: string, one: Platform): boolean {
  if (/all|any/.test(platform) || platform === '') return true;
  return platform.includes(one) || (platform.includes('posix') && one !== 'windows');
}

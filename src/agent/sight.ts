import type { ManagerClient, Row } from '../osquery/index.ts';
import type { Schema } from '../schema/index.ts';
import type { RuleVerdict } from './verdict.ts';

/** What osqueryd says of itself that decides which events there are. */
export interface HostFacts {
  /** Its flags' values by name. */
  readonly flags: ReadonlyMap<string, string>;
  /** How often each event table subscribes to its source, by table. */
  readonly subscriptions: ReadonlyMap<string, number>;
  /** The schedule: each query's name, text, and whether it is denylisted. */
  readonly schedule: readonly { readonly name: string; readonly sql: string; readonly denylisted: boolean }[];
}

const FLAGS = 'SELECT name, value FROM osquery_flags';
const EVENTS = "SELECT name, subscriptions FROM osquery_events WHERE type = 'subscriber'";
const SCHEDULE = 'SELECT name, query, denylisted FROM osquery_schedule';

/** Asks osqueryd about itself. Never called from inside a table's `generate`. */
export async function askFacts(manager: Pick<ManagerClient, 'query'>): Promise<HostFacts> {
  const text = (row: Row, column: string): string => row[column] ?? '';
  const flags = await manager.query(FLAGS);
  const events = await manager.query(EVENTS);
  const schedule = await manager.query(SCHEDULE);
  return {
    flags: new Map(flags.map((row) => [text(row, 'name'), text(row, 'value')])),
    subscriptions: new Map(events.map((row) => [text(row, 'name'), Number(text(row, 'subscriptions'))])),
    schedule: schedule.map((row) => ({
      name: text(row, 'name'),
      sql: text(row, 'query'),
      denylisted: text(row, 'denylisted') === '1',
    })),
  };
}

/** Why no event of a table comes to the rules on this host, as sentences without the table's name; empty when they come. */
export type Sight = (table: string, flags?: readonly string[]) => readonly string[];

export interface SightOptions {
  readonly schema: Schema;
  /** Whether events come by the live feed, which needs no schedule. */
  readonly live: boolean;
}

/**
 * Says which event tables a host can see. A flag that osqueryd does not list is not held against it: other
 * versions have others.
 */
export function sightOf(facts: HostFacts, { schema, live }: SightOptions): Sight {
  const scans = facts.schedule.map((query) => ({ ...query, stream: streamOf(query.sql) }));
  return (name, flags) => {
    const table = schema.tables.get(name);
    if (table === undefined) return ['osquery has no such table here.'];
    const reasons = (flags ?? table.flags).flatMap((flag) => wrongFlag(flag, facts.flags));
    if (reasons.length > 0) return reasons;
    const subscriptions = facts.subscriptions.get(name);
    if (subscriptions === undefined) return ['osqueryd does not list it in osquery_events.'];
    if (subscriptions === 0)
      return ['Nothing is subscribed to: `file_paths` is missing in the configuration.'];
    const feeds = scans.filter(({ stream }) => stream === name);
    if (live || feeds.some(({ denylisted }) => !denylisted)) return [];
    const [first] = feeds;
    return first === undefined
      ? ['No scheduled query feeds its events to `detections`: schedule the pack.']
      : [`The scheduled query "${first.name}" is denylisted.`];
  };
}

/** The stream that a scan query feeds. */
export function streamOf(sql: string): string | undefined {
  return /\bdetections\b[\s\S]*?\bstream\s*=\s*'(\w+)'/.exec(sql)?.[1];
}

export function wrongFlag(flag: string, values: ReadonlyMap<string, string>): readonly string[] {
  const [, name = '', wanted = ''] = /^--(\w+)=(.*)$/.exec(flag) ?? [];
  const value = values.get(name);
  return value === undefined || value === wanted
    ? []
    : [`osqueryd runs with --${name}=${value}: set ${flag}.`];
}

/** What of a rule this host cannot see, a sentence for each kind of event; empty when it sees all that the rule needs. */
export function blindnessOf({ needs }: RuleVerdict, sight: Sight): readonly string[] {
  return needs.flatMap(({ tables, flags }) => {
    const blind = tables.map((table, at) => ({ table, reasons: sight(table, at === 0 ? flags : undefined) }));
    if (blind.some(({ reasons }) => reasons.length === 0)) return [];
    const each = blind.map(({ table, reasons }) => `${table}: ${reasons.join(' ')}`);
    return [
      tables.length === 1 ? each[0]! : `None of ${tables.join(', ')} has its events. ${each.join(' ')}`,
    ];
  });
}

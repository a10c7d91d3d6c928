import { createSchema } from '../../schema/index.ts';
import { liveFlags } from '../live/live-feed.ts';
import { blindnessOf, sightOf, wrongFlag } from '../sight.ts';
import type { Facts, Finding, OsquerySide } from './facts.ts';

const PACK = '/usr/share/osquery/packs/osquery-detect.conf';
const FLAG_FILE = '/etc/osquery/osquery.flags';
const RESTART = 'systemctl restart osqueryd';
/** Of a scheduled query's interval: how often it may be passed over before something is wrong with it. */
const MOST_MISSED = 3;
const SLACK_SECONDS = 60;
/** Audit hands records on after 1,024 of them or a silence of two seconds. */
const USUAL_LATE_MS = 10_000;

/** The first choice of tables that rules need, with the flags that they take and the number of rules. */
function neededTables({
  host,
}: Pick<Facts, 'host'>): ReadonlyMap<string, { readonly flags: Set<string>; rules: number }> {
  const needed = new Map<string, { readonly flags: Set<string>; rules: number }>();
  for (const { needs } of host.rules.verdicts) {
    for (const table of new Set(needs.map(({ tables }) => tables[0]!))) {
      const entry = needed.get(table) ?? { flags: new Set<string>(), rules: 0 };
      needed.set(table, entry);
      entry.rules += 1;
      for (const need of needs) {
        if (need.tables[0] === table) for (const flag of need.flags) entry.flags.add(flag);
      }
    }
  }
  return needed;
}

/** What can be said of flags while osqueryd cannot be asked. */
export function checkFlagFile({ host, osquery }: Facts): readonly Finding[] {
  if (!('trouble' in osquery)) return [];
  const check = 'events';
  const flags = new Set([...neededTables({ host }).values()].flatMap((table) => [...table.flags]));
  const path = host.flagFile?.path ?? FLAG_FILE;
  const set = host.flagFile?.flags;
  const missing = [...flags].filter((flag) => {
    const [, name = ''] = /^--(\w+)=/.exec(flag) ?? [];
    return set?.get(name) === undefined || wrongFlag(flag, set).length > 0;
  });
  if (missing.length === 0) {
    return [{ check, level: 'ok', seen: `${path} has the flags that the rules need.`, advice: null }];
  }
  const seen = `${path} ${set === undefined ? 'does not exist' : 'lacks flags that the rules need'}.`;
  return [{ check, level: 'warn', seen, advice: setFlags(missing, path) }];
}

/** Whether the events of each needed table come to the rules. */
export function checkEvents(facts: Facts): readonly Finding[] {
  const { host, osquery } = facts;
  if ('trouble' in osquery) return [];
  const sight = sightOf(osquery.sight, {
    schema: SCHEMA,
    live: host.live && liveFlags(osquery.sight.flags, true).wanted,
  });
  const blind = host.rules.verdicts.filter((verdict) => blindnessOf(verdict, sight).length > 0);
  return [...neededTables(facts)].flatMap(([table, { flags, rules }]): readonly Finding[] => {
    const check = 'events';
    const reasons = sight(table, [...flags]);
    const events = osquery.events.get(table) ?? 0;
    if (reasons.length === 0) {
      if (events > 0) {
        const seen = `${table}: ${events} events since osqueryd started, for ${rules} rules.`;
        return [{ check, level: 'ok', seen, advice: null }];
      }
      const seen = `${table}: no event since osqueryd started, though ${rules} rules wait for them.`;
      return [{ check, level: 'warn', seen, advice: NO_EVENTS }];
    }
    const hit = blind.filter(({ needs }) => needs.some(({ tables }) => tables[0] === table)).length;
    if (hit === 0) return [];
    const seen = `${table}: ${hit} rules see nothing. ${reasons.join(' ')}`;
    return [{ check, level: 'fail', seen, advice: adviceFor(table, [...flags], osquery) }];
  });
}

const SCHEMA = createSchema('linux');
const NO_EVENTS =
  'Start a program and look again. Containers and some clouds give no audit; see journalctl -u osqueryd.';

function adviceFor(table: string, flags: readonly string[], { sight, schedule }: OsquerySide): string {
  const wrong = flags.filter((flag) => wrongFlag(flag, sight.flags).length > 0);
  if (wrong.length > 0) return setFlags(wrong, sight.flags.get('flagfile') || FLAG_FILE);
  if (sight.subscriptions.get(table) === 0) {
    return 'Add the `file_paths` that "osquery-detect compile" makes to the configuration.';
  }
  if (schedule.some(({ stream, denylisted }) => stream === table && denylisted)) return DENYLISTED;
  return table === 'process_events'
    ? `Name the pack in osqueryd's configuration: "packs": {"osquery-detect": "${PACK}"}`
    : `Add the scan query of ${table} that "osquery-detect compile" makes to the configuration.`;
}

const DENYLISTED = `osqueryd's worker was killed while the query ran. Set "denylist": false on it; ${RESTART}`;

function setFlags(flags: readonly string[], file: string): string {
  return `printf '%s\\n' ${flags.join(' ')} >> ${file}; ${RESTART}`;
}

/** Whether the queries that feed the rules run. */
export function checkSchedule({ osquery, nowMs }: Facts): readonly Finding[] {
  const check = 'schedule';
  if ('trouble' in osquery) return [];
  return osquery.schedule.map((scan): Finding => {
    const { name, intervalSeconds, executions, lastExecuted, denylisted } = scan;
    if (denylisted) return { check, level: 'fail', seen: `"${name}" is denylisted.`, advice: DENYLISTED };
    const each = `"${name}" is to run each ${intervalSeconds} s`;
    if (executions === 0) {
      return { check, level: 'warn', seen: `${each} and has not run yet.`, advice: 'Wait, and look again.' };
    }
    const agoSeconds = Math.max(0, Math.round(nowMs / 1000 - lastExecuted));
    const seen = `${each} and last ran ${agoSeconds} s ago.`;
    if (agoSeconds <= MOST_MISSED * intervalSeconds + SLACK_SECONDS) {
      return { check, level: 'ok', seen, advice: null };
    }
    return { check, level: 'fail', seen, advice: 'See why: journalctl -u osqueryd' };
  });
}

/** osqueryd deletes events by their age, read or not. */
export function checkExpiry({ osquery }: Facts): readonly Finding[] {
  const check = 'expiry';
  if ('trouble' in osquery || osquery.schedule.length === 0) return [];
  const { flags } = osquery.sight;
  const expiry = Number(flags.get('events_expiry'));
  const longest = Math.max(...osquery.schedule.map(({ intervalSeconds }) => intervalSeconds));
  const findings: Finding[] = [];
  if (Number.isFinite(expiry)) {
    const seen = `Events are kept for ${expiry} s (events_expiry), and read each ${longest} s.`;
    const level = expiry < longest ? 'fail' : expiry < MOST_MISSED * longest ? 'warn' : 'ok';
    const advice = level === 'ok' ? null : setFlags(['--events_expiry=3600'], FLAG_FILE);
    findings.push({ check, level, seen, advice });
  }
  if (flags.get('events_optimize') === 'false') {
    const seen = 'Each scan reads all events again (events_optimize=false).';
    findings.push({ check, level: 'warn', seen, advice: setFlags(['--events_optimize=true'], FLAG_FILE) });
  }
  return findings;
}

export function checkLateness({ osquery }: Facts): readonly Finding[] {
  const check = 'lateness';
  if ('trouble' in osquery || osquery.lateness === null) return [];
  const { lateMs, patienceMs, trouble } = osquery.lateness;
  if (trouble !== null) {
    return [{ check, level: 'warn', seen: `No program could be run to be seen: ${trouble}.`, advice: null }];
  }
  if (lateMs === null) {
    const seen = `A program that was run did not show in process_events within ${patienceMs / 1000} s.`;
    const advice = 'On a quiet host audit holds records back: try --wait 60. Else see the findings above.';
    return [{ check, level: 'fail', seen, advice }];
  }
  const seen = `A program that was run showed in process_events after ${(lateMs / 1000).toFixed(1)} s.`;
  if (lateMs <= USUAL_LATE_MS) return [{ check, level: 'ok', seen, advice: null }];
  const advice = 'Alerts come as late as their events. On a busy host see --audit_backlog_limit.';
  return [{ check, level: 'warn', seen, advice }];
}

import { liveFlags } from '../live/live-feed.ts';
import type { Facts, Finding } from './facts.ts';

/** What the watchdog allows an extension, by level: growth above the first memory seen, and share of all cores. */
const WATCHDOG_LIMITS: Readonly<Record<string, string>> = {
  '0': '200 MB of growth and 10 % of all cores for 12 s',
  '1': '100 MB of growth and 5 % of all cores for 6 s',
};

/** osqueryd's watchdog may kill and restart extensions. */
export function checkWatchdog({ osquery }: Facts): readonly Finding[] {
  const check = 'watchdog';
  if ('trouble' in osquery) return [];
  const { flags } = osquery.sight;
  const level = flags.get('watchdog_level') ?? '0';
  if (flags.get('enable_extensions_watchdog') !== 'true' || flags.get('disable_watchdog') === 'true') {
    return [{ check, level: 'ok', seen: "osqueryd's watchdog leaves extensions alone.", advice: null }];
  }
  const own = ['watchdog_memory_limit', 'watchdog_utilization_limit'].flatMap((name) => {
    const value = flags.get(name) ?? '0';
    return value === '0' ? [] : [`${name}=${value}`];
  });
  const limits = own.length > 0 ? own.join(', ') : (WATCHDOG_LIMITS[level] ?? 'no limits');
  const seen = `osqueryd's watchdog restarts the extension beyond its limits: ${limits}.`;
  if (level !== '1' && own.length === 0) return [{ check, level: 'ok', seen, advice: null }];
  const advice =
    'Large rule sets may need more: set --watchdog_level=0, or --enable_extensions_watchdog=false.';
  return [{ check, level: 'warn', seen, advice }];
}

/** Where osqueryd logs to, and whether the live feed stands right among the loggers. */
export function checkLoggers({ host, osquery }: Facts): readonly Finding[] {
  const check = 'loggers';
  if ('trouble' in osquery) return [];
  const { flags } = osquery.sight;
  const loggers = (flags.get('logger_plugin') ?? '').split(',').filter((name) => name !== '');
  const seen = `osqueryd logs to ${loggers.join(', ') || 'nowhere'}.`;
  if (loggers.length === 0) {
    const advice = 'Alerts are logged by osqueryd: set --logger_plugin.';
    return [{ check, level: 'fail', seen, advice }];
  }
  const { advice } = liveFlags(flags, host.live);
  if (advice.length === 0) return [{ check, level: 'ok', seen, advice: null }];
  return advice.map((text) => ({ check, level: 'fail', seen, advice: text }));
}

/** What the extension counts that should be 0, with what it means and what to do. */
const COUNTS: readonly {
  readonly column: string;
  readonly level: 'warn' | 'fail';
  readonly means: string;
  readonly advice: string;
}[] = [
  {
    ...{ column: 'lost', level: 'warn', means: 'events that osquery numbered never came' },
    advice:
      'Look for "throttled" and "Removed" in osqueryd.INFO; raise --events_max or --audit_backlog_limit.',
  },
  {
    ...{ column: 'refused', level: 'warn', means: 'rows were put off because too many waited' },
    advice: 'They are fetched later. If it goes on, see which rules cost most in detection_stats.',
  },
  {
    ...{ column: 'faults', level: 'warn', means: 'rules are left out because they cannot run' },
    advice: 'See which: SELECT rule_name, reasons FROM detection_rules',
  },
  {
    ...{
      column: 'evicted',
      level: 'warn',
      means: 'unfinished sequences or counts were given up at their bounds',
    },
    advice: 'See whose: SELECT rule_name, evicted FROM detection_stats',
  },
  {
    ...{ column: 'alerts_dropped', level: 'fail', means: 'alerts were given up before osquery had them' },
    advice: 'The schedule does not take them: see the findings above.',
  },
];

/** What keeps a part of the extension from working, in its own words. */
const TROUBLES: readonly { readonly column: string; readonly what: string; readonly advice: string }[] = [
  {
    ...{ column: 'reload_error', what: 'Changed rules or settings were refused, the last good ones go on' },
    advice: 'osquery-detect check PATH',
  },
  { column: 'store_error', what: 'The store cannot be written', advice: 'Make room, or mend its folder.' },
  { column: 'fill_error', what: 'Missing events cannot be fetched', advice: 'journalctl -u osqueryd' },
];

/** The columns of `detection_health` that are looked at. */
export const HEALTH_COLUMNS: readonly string[] = [
  ...['events', 'lag'],
  ...[...COUNTS, ...TROUBLES].map(({ column }) => column),
];

/** What the extension says of itself. */
export function checkHealth({ osquery }: Facts): readonly Finding[] {
  const check = 'health';
  if ('trouble' in osquery || osquery.health === null) return [];
  const { health } = osquery;
  const counted = COUNTS.flatMap(({ column, level, means, advice }): readonly Finding[] => {
    const count = Number(health[column]) || 0;
    return count === 0 ? [] : [{ check, level, seen: `${count} ${means}.`, advice }];
  });
  const troubles = TROUBLES.flatMap(({ column, what, advice }): readonly Finding[] => {
    const text = health[column] ?? '';
    return text === '' ? [] : [{ check, level: 'fail', seen: `${what}: ${text}`, advice }];
  });
  const seen = `${health['events'] ?? 0} events were read, the newest ${health['lag'] ?? 0} s late when it came.`;
  return [{ check, level: 'ok', seen, advice: null }, ...counted, ...troubles];
}

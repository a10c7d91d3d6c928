import type { Facts, HostSide, OsquerySide } from '../../../src/agent/doctor/facts.ts';
import { judgeRule } from '../../../src/agent/index.ts';
import { compileRuleText } from '../../../src/lang/index.ts';
import { createSchema } from '../../../src/schema/index.ts';
import { scanQuery } from '../../../src/sql/index.ts';

const SCHEMA = createSchema('linux');
const PROCESS_EVENTS = SCHEMA.tables.get('process_events')!;
export const NOW_SECONDS = 1_795_500_000;
export const EXTENSION = '/usr/lib/osquery-detect/osquery-detect.ext';
const SCAN = 'pack_osquery-detect_detections_process_events';

/** The flags that `process_events` needs, and osqueryd's own otherwise. */
export const FLAGS: ReadonlyMap<string, string> = new Map([
  ...PROCESS_EVENTS.flags.map((flag) => /^--(\w+)=(.*)$/.exec(flag)!.slice(1) as [string, string]),
  ['events_expiry', '3600'],
  ['logger_plugin', 'filesystem'],
  ['watchdog_level', '0'],
  ['enable_extensions_watchdog', 'false'],
]);

export const HEALTHY_HOST: HostSide = {
  socketPath: '/var/osquery/osquery.em',
  processes: [
    { pid: 100, name: 'osqueryd' },
    { pid: 101, name: 'osqueryd' },
  ],
  load: { path: '/etc/osquery/extensions.load', lines: [EXTENSION] },
  files: [{ path: EXTENSION, owner: 0, mode: 0o100755, folderMode: 0o40755, flaw: null }],
  flagFile: { path: '/etc/osquery/osquery.flags', flags: FLAGS },
  settingsTrouble: null,
  live: false,
  rules: {
    verdicts: [judgeRule(compileRuleText('process where process.name == "rmmod"'), SCHEMA)],
    unsupported: 0,
    broken: [],
  },
  store: {
    path: '/var/osquery/osquery-detect.db',
    exists: true,
    health: {
      ...{ path: '/var/osquery/osquery-detect.db', state: 'reading', trouble: null, bytes: 40960 },
      ...{ alerts: 3, waiting: 0, unwritten: 0, dropped: 0 },
      ...{ putAside: null, snapshotMs: 0, snapshotBytes: 0 },
    },
    freeBytes: 8 * 2 ** 30,
  },
};

export const HEALTHY_OSQUERY: OsquerySide = {
  version: '5.23.0',
  sight: {
    flags: FLAGS,
    subscriptions: new Map([['process_events', 1]]),
    schedule: [{ name: SCAN, sql: scanQuery(PROCESS_EVENTS), denylisted: false }],
  },
  events: new Map([['process_events', 1200]]),
  extensions: [{ name: 'osquery_detect', version: '0.1.0' }],
  schedule: [
    {
      ...{ name: SCAN, stream: 'process_events', intervalSeconds: 10 },
      ...{ executions: 100, lastExecuted: NOW_SECONDS - 4, denylisted: false },
    },
  ],
  health: { stream: 'all', events: '1200', lag: '2', lost: '0', alerts_dropped: '0', store_error: '' },
  lateness: { lateMs: 2300, patienceMs: 20_000, trouble: null },
};

export const HEALTHY: Facts = {
  version: '0.1.0',
  nowMs: NOW_SECONDS * 1000,
  host: HEALTHY_HOST,
  osquery: HEALTHY_OSQUERY,
};

export function withHost(change: Partial<HostSide>): Facts {
  return { ...HEALTHY, host: { ...HEALTHY_HOST, ...change } };
}

export function withOsquery(change: Partial<OsquerySide>): Facts {
  return { ...HEALTHY, osquery: { ...HEALTHY_OSQUERY, ...change } };
}

export function withFlags(change: Readonly<Record<string, string>>): Facts {
  const flags = new Map([...FLAGS, ...Object.entries(change)]);
  return withOsquery({ sight: { ...HEALTHY_OSQUERY.sight, flags } });
}

export function withScan(change: Partial<OsquerySide['schedule'][number]>): Facts {
  const [scan] = HEALTHY_OSQUERY.schedule;
  return withOsquery({ schedule: [{ ...scan!, ...change }] });
}

export function withHealth(change: Readonly<Record<string, string>>): Facts {
  return withOsquery({ health: { ...HEALTHY_OSQUERY.health, ...change } });
}

import test from 'ava';
import { findingsOf } from '../../../src/agent/doctor/checks.ts';
import type { CheckName, Facts } from '../../../src/agent/doctor/facts.ts';
import {
  HEALTHY,
  HEALTHY_HOST,
  HEALTHY_OSQUERY,
  NOW_SECONDS,
  withFlags,
  withHealth,
  withHost,
  withOsquery,
  withScan,
} from './facts.ts';

test('on a host where all is well every check says so', (t) => {
  const findings = findingsOf(HEALTHY);
  t.deepEqual(
    findings.filter(({ level, advice }) => level !== 'ok' || advice !== null),
    [],
  );
  const checks = [
    ...['osqueryd', 'auditd', 'extension_file', 'rules', 'registered', 'events', 'schedule'],
    ...['expiry', 'lateness', 'health', 'watchdog', 'loggers', 'store'],
  ];
  t.deepEqual(
    findings.map(({ check }) => check as string),
    checks,
  );
});

interface Case {
  readonly name: string;
  readonly facts: Facts;
  readonly check: CheckName;
  readonly level: 'warn' | 'fail';
  readonly seen: RegExp;
  readonly advice: RegExp | null;
}

const away = (trouble: string): Facts => ({ ...HEALTHY, osquery: { trouble } });
const [FILE] = HEALTHY_HOST.files;
const withFile = (change: Partial<typeof FILE & object>): Facts =>
  withHost({ files: [{ ...FILE!, ...change }] });

const CASES: readonly Case[] = [
  {
    name: 'an osqueryd whose socket may not be opened asks for root',
    facts: away('connecting to /var/osquery/osquery.em: connect EACCES'),
    ...{ check: 'osqueryd', level: 'fail', seen: /runs, but does not answer/, advice: /^Run this as root/ },
  },
  {
    name: 'an osqueryd that runs on another socket asks for its path',
    facts: away('connecting to /var/osquery/osquery.em: connect ENOENT'),
    ...{ check: 'osqueryd', level: 'fail', seen: /ENOENT/, advice: /--socket PATH/ },
  },
  {
    name: 'an osqueryd that does not run is to be started',
    facts: { ...withHost({ processes: [] }), osquery: { trouble: 'connect ENOENT' } },
    ...{ check: 'osqueryd', level: 'fail', seen: /^osqueryd does not answer/, advice: /systemctl start/ },
  },
  {
    name: 'an osquery before the pack is too old',
    facts: withOsquery({ version: '4.9.0' }),
    ...{ check: 'osqueryd', level: 'fail', seen: /osquery 4\.9\.0/, advice: /5\.0\.1/ },
  },
  {
    name: 'auditd beside osqueryd is in the way',
    facts: withHost({ processes: [...HEALTHY_HOST.processes, { pid: 412, name: 'auditd' }] }),
    ...{ check: 'auditd', level: 'fail', seen: /auditd \(process 412\)/, advice: /service auditd stop/ },
  },
  {
    name: 'an extension that is not there cannot be loaded',
    facts: withFile({ owner: null }),
    ...{ check: 'extension_file', level: 'fail', seen: /no such file/, advice: /Install/ },
  },
  {
    name: 'an extension of another user is not loaded',
    facts: withFile({ owner: 1000 }),
    ...{ check: 'extension_file', level: 'fail', seen: /belongs to user 1000/, advice: /^chown root: / },
  },
  {
    name: 'an extension that anyone can write is not loaded',
    facts: withFile({ mode: 0o100757 }),
    ...{ check: 'extension_file', level: 'fail', seen: /anyone can write/, advice: /^chmod go-w / },
  },
  {
    name: 'an extension that cannot be run is not loaded',
    facts: withFile({ mode: 0o100644 }),
    ...{ check: 'extension_file', level: 'fail', seen: /not executable/, advice: /^chmod 755 / },
  },
  {
    name: 'an extension in a folder with the sticky bit is not loaded',
    facts: withFile({ folderMode: 0o41777 }),
    ...{ check: 'extension_file', level: 'fail', seen: /folder like \/tmp/, advice: /Move it/ },
  },
  {
    name: 'an extension by another ending is not loaded',
    facts: withHost({
      load: { path: '/etc/osquery/extensions.load', lines: ['/opt/osquery-detect'] },
      files: [{ ...FILE!, path: '/opt/osquery-detect' }],
    }),
    ...{ check: 'extension_file', level: 'fail', seen: /does not end in \.ext/, advice: /^mv / },
  },
  {
    name: 'an extension that others could replace is worth a word',
    facts: withFile({ flaw: '/usr/lib can be written by others' }),
    ...{ check: 'extension_file', level: 'warn', seen: /can be written by others/, advice: null },
  },
  {
    name: 'an extension that is on no list is not started',
    facts: {
      ...withHost({ load: { path: '/etc/osquery/extensions.load', lines: ['/opt/other.ext'] } }),
      osquery: { ...HEALTHY_OSQUERY, extensions: [] },
    },
    ...{ check: 'extension_file', level: 'fail', seen: /does not name the extension/ },
    advice: /^echo \/usr\/lib\/osquery-detect\/osquery-detect\.ext >> \/etc\/osquery\/extensions\.load/,
  },
  {
    name: 'an extension that is registered without being on the list was started by hand',
    facts: withHost({ load: { path: '/etc/osquery/extensions.load', lines: null } }),
    ...{ check: 'extension_file', level: 'warn', seen: /does not name the extension/, advice: /^echo / },
  },
  {
    name: 'an extension that is not registered sends to the log',
    facts: withOsquery({ extensions: [{ name: 'other', version: '1' }] }),
    ...{ check: 'registered', level: 'fail', seen: /is not registered\./, advice: /journalctl/ },
  },
  {
    name: 'an osqueryd that takes no extensions is told',
    facts: {
      ...HEALTHY,
      osquery: { ...HEALTHY_OSQUERY, ...flags({ disable_extensions: 'true' }), extensions: [] },
    },
    ...{ check: 'registered', level: 'fail', seen: /--disable_extensions=true/, advice: /=false/ },
  },
  {
    name: 'an old extension that still runs is told',
    facts: withOsquery({ extensions: [{ name: 'osquery_detect', version: '0.0.9' }] }),
    ...{ check: 'registered', level: 'warn', seen: /0\.0\.9 is registered, and this is 0\.1\.0/ },
    advice: /restart/,
  },
  {
    name: 'settings that cannot be used keep the extension from starting',
    facts: withHost({ settingsTrouble: '/etc/osquery-detect.toml: unknown setting "rulez".' }),
    ...{ check: 'settings', level: 'fail', seen: /"rulez"/, advice: /Correct the file/ },
  },
  {
    name: 'a broken rule is named',
    facts: withHost({ rules: { ...HEALTHY_HOST.rules, broken: ['a.toml:3:1: EQL_SYNTAX: Expected'] } }),
    ...{ check: 'rules', level: 'fail', seen: /a\.toml:3:1/, advice: /osquery-detect check/ },
  },
  {
    name: 'rules none of which can run are told',
    facts: withHost({ rules: { verdicts: [], unsupported: 7, broken: [] } }),
    ...{
      check: 'rules',
      level: 'fail',
      seen: /No rule can run, and 7 that no event table/,
      advice: /Name rules/,
    },
  },
  {
    name: 'a flag that stands wrong blinds rules, and the command sets what stands wrong only',
    facts: withFlags({ disable_audit: 'true', audit_allow_process_events: 'false' }),
    ...{ check: 'events', level: 'fail', seen: /process_events: 1 rules see nothing.*--disable_audit=true/ },
    advice: /^printf '%s\\n' --disable_audit=false --audit_allow_process_events=true >> \/etc\/osquery\//,
  },
  {
    name: 'a table that nothing feeds asks for the pack',
    facts: withOsquery({ sight: { ...HEALTHY_OSQUERY.sight, schedule: [] }, schedule: [] }),
    ...{ check: 'events', level: 'fail', seen: /No scheduled query/, advice: /osquery-detect\.conf/ },
  },
  {
    name: 'a denylisted scan is told with what lifts it',
    facts: withScan({ denylisted: true }),
    ...{ check: 'schedule', level: 'fail', seen: /is denylisted/, advice: /"denylist": false/ },
  },
  {
    name: 'a table without events, with all set, is worth a word',
    facts: withOsquery({ events: new Map() }),
    ...{ check: 'events', level: 'warn', seen: /no event since/, advice: /Start a program/ },
  },
  {
    name: 'a scan that never ran yet is worth a word',
    facts: withScan({ executions: 0, lastExecuted: 0 }),
    ...{ check: 'schedule', level: 'warn', seen: /has not run yet/, advice: /Wait/ },
  },
  {
    name: 'a scan that stopped running is told',
    facts: withScan({ lastExecuted: NOW_SECONDS - 3600 }),
    ...{ check: 'schedule', level: 'fail', seen: /last ran 3600 s ago/, advice: /journalctl/ },
  },
  {
    name: 'events that are deleted before they are read are told',
    facts: withFlags({ events_expiry: '1' }),
    ...{ check: 'expiry', level: 'fail', seen: /kept for 1 s .* each 10 s/, advice: /events_expiry=3600/ },
  },
  {
    name: 'events that are deleted soon after are worth a word',
    facts: withFlags({ events_expiry: '20' }),
    ...{ check: 'expiry', level: 'warn', seen: /kept for 20 s/, advice: /events_expiry=3600/ },
  },
  {
    name: 'scans that read all events again are told',
    facts: withFlags({ events_optimize: 'false' }),
    ...{ check: 'expiry', level: 'warn', seen: /reads all events again/, advice: /events_optimize=true/ },
  },
  {
    name: 'an event that does not come is told',
    facts: withOsquery({ lateness: { lateMs: null, patienceMs: 20_000, trouble: null } }),
    ...{ check: 'lateness', level: 'fail', seen: /did not show .* within 20 s/, advice: /--wait 60/ },
  },
  {
    name: 'events that come late are worth a word',
    facts: withOsquery({ lateness: { lateMs: 14_200, patienceMs: 20_000, trouble: null } }),
    ...{ check: 'lateness', level: 'warn', seen: /after 14\.2 s/, advice: /as late as/ },
  },
  {
    name: 'a program that cannot be run is told',
    facts: withOsquery({ lateness: { lateMs: null, patienceMs: 20_000, trouble: 'spawn ENOENT' } }),
    ...{ check: 'lateness', level: 'warn', seen: /spawn ENOENT/, advice: null },
  },
  {
    name: 'events that were lost are worth a word',
    facts: withHealth({ lost: '3825' }),
    ...{ check: 'health', level: 'warn', seen: /^3825 events .* never came/, advice: /osqueryd\.INFO/ },
  },
  {
    name: 'alerts that were given up are told',
    facts: withHealth({ alerts_dropped: '2' }),
    ...{ check: 'health', level: 'fail', seen: /^2 alerts were given up/, advice: /schedule/ },
  },
  {
    name: 'a set of rules that was refused is told in its own words',
    facts: withHealth({ reload_error: 'a.toml:1:1: TOML_SYNTAX: Expected' }),
    ...{ check: 'health', level: 'fail', seen: /were refused.*a\.toml:1:1/, advice: /osquery-detect check/ },
  },
  {
    name: 'a store that cannot be written is told in its own words',
    facts: withHealth({ store_error: 'database or disk is full' }),
    ...{ check: 'health', level: 'fail', seen: /disk is full/, advice: /Make room/ },
  },
  {
    name: 'a strict watchdog is worth a word',
    facts: withFlags({ enable_extensions_watchdog: 'true', watchdog_level: '1' }),
    ...{ check: 'watchdog', level: 'warn', seen: /100 MB of growth and 5 %/, advice: /watchdog_level=0/ },
  },
  {
    name: "a watchdog with the host's own limits is worth a word",
    facts: withFlags({ enable_extensions_watchdog: 'true', watchdog_memory_limit: '60' }),
    ...{ check: 'watchdog', level: 'warn', seen: /watchdog_memory_limit=60/, advice: /watchdog_level=0/ },
  },
  {
    name: 'a live feed that osqueryd does not know of is told',
    facts: withHost({ live: true }),
    ...{ check: 'loggers', level: 'fail', seen: /filesystem/ },
    advice: /--logger_plugin=osquery_detect,filesystem$/,
  },
  {
    name: 'a logger of ours without the live feed is told',
    facts: withFlags({ logger_plugin: 'osquery_detect,filesystem' }),
    ...{ check: 'loggers', level: 'fail', seen: /osquery_detect/, advice: /of no use without live = true/ },
  },
  {
    name: 'an extension that is the last logger takes osqueryd down',
    facts: live({ logger_plugin: 'filesystem,osquery_detect' }),
    ...{ check: 'loggers', level: 'fail', seen: /filesystem, osquery_detect/ },
    advice: /--logger_plugin=osquery_detect,filesystem$/,
  },
  {
    name: 'an extension that is the only logger takes osqueryd down',
    facts: live({ logger_plugin: 'osquery_detect' }),
    ...{ check: 'loggers', level: 'fail', seen: /osquery_detect/ },
    advice: /--logger_plugin=osquery_detect,filesystem$/,
  },
  {
    name: 'an osqueryd without loggers logs no alert',
    facts: withFlags({ logger_plugin: '' }),
    ...{ check: 'loggers', level: 'fail', seen: /nowhere/, advice: /--logger_plugin/ },
  },
  {
    name: 'a store that is not there beside a running extension is told',
    facts: withHost({ store: { ...HEALTHY_HOST.store, exists: false, health: null } }),
    ...{
      check: 'store',
      level: 'warn',
      seen: /There is no \/var\/osquery\/osquery-detect\.db/,
      advice: /log/,
    },
  },
  {
    name: 'a store that cannot be read is told',
    facts: withHost({
      store: {
        ...HEALTHY_HOST.store,
        health: { ...HEALTHY_HOST.store.health!, trouble: 'file is not a database' },
      },
    }),
    ...{ check: 'store', level: 'fail', seen: /file is not a database/, advice: /root/ },
  },
  {
    name: 'a file system that is nearly full is told',
    facts: withHost({ store: { ...HEALTHY_HOST.store, freeBytes: 10 * 2 ** 20 } }),
    ...{ check: 'store', level: 'warn', seen: /10 MiB left/, advice: /Make room/ },
  },
];

function flags(change: Readonly<Record<string, string>>): Pick<typeof HEALTHY_OSQUERY, 'sight'> {
  const { sight } = HEALTHY_OSQUERY;
  return { sight: { ...sight, flags: new Map([...sight.flags, ...Object.entries(change)]) } };
}

/** With the live feed, and flags of osqueryd. */
function live(change: Readonly<Record<string, string>>): Facts {
  return { ...withFlags(change), host: { ...HEALTHY_HOST, live: true } };
}

for (const { name, facts, check, level, seen, advice } of CASES) {
  test(name, (t) => {
    const found = findingsOf(facts).filter((finding) => finding.level !== 'ok' && finding.check === check);
    t.is(found.length, 1, JSON.stringify(found));
    const [finding] = found;
    t.is(finding!.level, level);
    t.regex(finding!.seen, seen);
    if (advice === null) t.is(finding!.advice, null);
    else t.regex(finding!.advice ?? '', advice);
  });
}

test('without osqueryd the flag file, the extension and the rules are looked at all the same', (t) => {
  const facts: Facts = {
    ...withHost({
      flagFile: { path: '/etc/osquery/osquery.flags', flags: new Map([['disable_audit', 'true']]) },
    }),
    osquery: { trouble: 'connect ENOENT' },
  };
  const findings = findingsOf(facts);
  const levels: Record<string, string> = {};
  for (const { check, level } of findings) levels[check] = level;
  t.deepEqual(levels, {
    ...{ osqueryd: 'fail', auditd: 'ok', extension_file: 'ok', rules: 'ok', events: 'warn', store: 'ok' },
  });
  const advice = findings.find(({ check }) => check === 'events')?.advice ?? '';
  t.regex(
    advice,
    /--disable_audit=false .*--audit_allow_fork_process_events=true >> \/etc\/osquery\/osquery\.flags/,
  );
});

test("audit is nobody's business where no rule needs it", (t) => {
  const facts = withHost({
    processes: [{ pid: 1, name: 'auditd' }],
    rules: { verdicts: [], unsupported: 0, broken: [] },
  });
  t.deepEqual(
    findingsOf(facts).filter(({ check }) => check === 'auditd'),
    [],
  );
});

test('a live feed that is first of several loggers is right', (t) => {
  const found = findingsOf(live({ logger_plugin: 'osquery_detect,filesystem' }));
  t.deepEqual(
    found.filter(({ check }) => check === 'loggers').map(({ level }) => level),
    ['ok'],
  );
});

for (const [version, level] of [
  ['5.0.1', 'ok'],
  ['5.23.0-14-g2b3c', 'ok'],
  ['10.0.0', 'ok'],
  ['5.0.0', 'fail'],
] as const) {
  test(`osquery ${version} is ${level === 'ok' ? 'new enough' : 'too old'}`, (t) => {
    const [finding] = findingsOf(withOsquery({ version }));
    t.is(finding?.level, level);
  });
}

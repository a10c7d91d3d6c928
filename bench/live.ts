/**
 * How soon an alert is logged by the live feed, and what the feed costs: in the sandbox, with the extension as a process
 * of its own behind the manager's socket and Elastic's rules where they are at hand. Latency is from the call that tells
 * of an event to the line that the sandbox logs. The cost is that of the extension's process, and the time that
 * core waits for the answer to an event.
 *
 *     node bench/live.ts [--json]
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FedRow, type Sandbox, startSandbox } from '../src/sandbox/index.ts';
import { createSchema } from '../src/schema/index.ts';
import { corpusPaths } from './engine/recordings.ts';

const ALERTS = 200;
const EVENTS = 5_000;
const SCHEMA = createSchema('linux');
const MAIN = new URL('../src/cli/main.ts', import.meta.url).pathname;
const PACKAGED = new URL('../packs/rules', import.meta.url).pathname;

const folder = mkdtempSync(join(tmpdir(), 'osquery-detect-bench-'));
const rules = corpusPaths() ?? [PACKAGED];
writeFileSync(
  join(folder, 'own.yaml'),
  'id: bench\nname: Bench\nseverity: low\nquery: process where process.name == "bench-alert"\n',
);
writeFileSync(
  join(folder, 'settings.toml'),
  `rules = ${JSON.stringify([...rules, join(folder, 'own.yaml')])}\nlive = true\nlog_level = "error"\nstore = "${join(folder, 'store.db')}"\n`,
);

let logged: (() => void) | undefined;
const sandbox = await startSandbox({
  schema: [...SCHEMA.tables.values()].map(({ name, columns }) => ({ name, columns })),
  flags: {
    ...{ disable_events: 'false', logger_plugin: 'osquery_detect,filesystem', extensions_timeout: '60' },
  },
  startTime: Math.floor(Date.now() / 1000),
  watchIntervalMs: 0,
  extension: {
    command: [process.execPath, MAIN, 'extension', '--allow-unsafe'],
    env: { OSQUERY_DETECT_CONFIG: join(folder, 'settings.toml') },
  },
  onExtensionOutput: () => {},
  onResult(line) {
    if (line.includes('bench-alert')) logged?.();
  },
});
try {
  await sandbox.registered('osquery_detect');
  await measure(sandbox);
} finally {
  await sandbox.stop();
  rmSync(folder, { recursive: true });
}

async function measure(running: Sandbox): Promise<void> {
  await feedQuiet(running, 500);
  const latencies: number[] = [];
  for (let n = 0; n < ALERTS; n += 1) {
    const { promise, resolve } = Promise.withResolvers<void>();
    logged = resolve;
    const startMs = performance.now();
    await running.feed('process_events', [row('/usr/bin/bench-alert', `bench-alert ${n}`, n)]);
    await promise;
    latencies.push(performance.now() - startMs);
  }
  const [cpuBefore, startMs] = [cpuMs(running), performance.now()];
  await feedQuiet(running, EVENTS);
  const waitedMs = performance.now() - startMs;
  await running.query("SELECT events FROM detection_health WHERE stream = 'all'");
  const cpu = cpuMs(running) - cpuBefore;
  const [health] = await running.query(
    "SELECT rules, live_events FROM detection_health WHERE stream = 'all'",
  );
  print({
    rules: Number(health!['rules']),
    alerts: ALERTS,
    latency_ms: {
      median: quantile(latencies, 0.5),
      p95: quantile(latencies, 0.95),
      most: quantile(latencies, 1),
    },
    events: EVENTS,
    core_waits_ms_per_event: round(waitedMs / EVENTS),
    cpu_ms_per_event: round(cpu / EVENTS),
  });
}

/** Events that no rule finds, one a call as core tells of them. */
async function feedQuiet(running: Sandbox, count: number): Promise<void> {
  for (let n = 0; n < count; n += 50) {
    await running.feed(
      'process_events',
      Array.from({ length: 50 }, (_, at) => row('/usr/bin/ls', `ls -l /srv/${n + at}`, n + at)),
    );
  }
}

function row(path: string, cmdline: string, n: number): FedRow {
  const columns = SCHEMA.tables.get('process_events')!.columns.map(({ name }) => name);
  const empty = Object.fromEntries(
    columns.filter((name) => name !== 'eid' && name !== 'time').map((name) => [name, '0']),
  );
  return { ...empty, path, cmdline, pid: 1_000 + (n % 30_000), parent: 1, syscall: 'execve', cwd: '"/"' };
}

/** User and system time of the extension's process, from /proc: 100 ticks a second on every Linux we know of. */
function cpuMs({ extensionPid }: Sandbox): number {
  const fields = readFileSync(`/proc/${extensionPid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!);
}

function round(value: number): number {
  return Math.round(100 * value) / 100;
}

interface Measured {
  readonly rules: number;
  readonly alerts: number;
  readonly latency_ms: { readonly median: number; readonly p95: number; readonly most: number };
  readonly events: number;
  readonly core_waits_ms_per_event: number;
  readonly cpu_ms_per_event: number;
}

function print(measured: Measured): void {
  if (process.argv.includes('--json')) {
    console.log(JSON.stringify(measured, null, 1));
    return;
  }
  const { rules: count, latency_ms: latency } = measured;
  console.log(`${count} rules at work
${measured.alerts} alerts: logged after ${latency.median} ms (median), ${latency.p95} ms (95 of 100), ${latency.most} ms (the last)
${measured.events} events without alert: core waits ${measured.core_waits_ms_per_event} ms for each, the sandbox's own work included; the extension uses ${measured.cpu_ms_per_event} ms of CPU for each`);
}

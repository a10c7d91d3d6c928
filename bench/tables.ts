/**
 * How fast the tables that tell of the extension answer, with 10,000 alerts stored, 50,000 processes remembered and
 * Elastic's rules where they are at hand: from the call over the socket, in a connection of its own as core makes one,
 * to the last byte of the answer. The table's side runs in a thread of its own, whose CPU time is told, too: the time
 * on the wall also holds what others do to the machine.
 *
 *     node bench/tables.ts [--json]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { createDetection } from '../src/agent/index.ts';
import { Outlook } from '../src/agent/outlook.ts';
import { createTables } from '../src/agent/tables/all.ts';
import { loadRules } from '../src/lang/index.ts';
import { serveExtension } from '../src/osquery/index.ts';
import { MessageWriter } from '../src/osquery/thrift/writer.ts';
import type { ExecFacts, ProcessTree } from '../src/process/index.ts';
import { createHost, createSchema } from '../src/schema/index.ts';
import { type NewAlert, openStore, type Store } from '../src/store/index.ts';
import { corpusPaths } from './engine/recordings.ts';

const ALERTS = 10_000;
const PROCESSES = 50_000;
const RUNS = 9;
const TARGET_MS = 100;
const START_MS = 1_795_500_000_000;
const PACKAGED = [new URL('../packs/rules', import.meta.url).pathname];

interface Question {
  readonly name: string;
  readonly table: string;
  /** Of `column = text`. */
  readonly where?: readonly [string, string];
  /** Columns that are read; all but the hidden ones unless given. */
  readonly used?: readonly string[];
}

const QUESTIONS: readonly Question[] = [
  { name: 'SELECT * FROM detection_alerts', table: 'detection_alerts' },
  {
    name: 'SELECT alert_id, time, status FROM detection_alerts',
    table: 'detection_alerts',
    used: ['alert_id', 'time', 'status'],
  },
  {
    name: '… WHERE alert_id = …, with the document',
    table: 'detection_alerts',
    where: ['alert_id', idOf(7_000)],
    used: ['alert_id', 'alert'],
  },
  { name: '… WHERE rule_id = …', table: 'detection_alerts', where: ['rule_id', 'rule-7'] },
  { name: 'SELECT * FROM detection_rules', table: 'detection_rules' },
  { name: 'SELECT * FROM detection_stats', table: 'detection_stats' },
  { name: 'SELECT * FROM detection_health', table: 'detection_health' },
  { name: 'SELECT * FROM detection_processes', table: 'detection_processes' },
  { name: 'SELECT count(*) FROM detection_processes', table: 'detection_processes', used: [] },
  {
    name: 'SELECT pid, parent, path FROM detection_processes',
    table: 'detection_processes',
    used: ['pid', 'parent', 'path'],
  },
  { name: '… WHERE pid = …', table: 'detection_processes', where: ['pid', '41234'] },
  { name: '… WHERE path = …', table: 'detection_processes', where: ['path', '/usr/bin/tool-17'] },
];

function idOf(n: number): string {
  return n.toString(16).padStart(32, '0');
}

/** With a row and a document of the sizes that real ones have. */
function alertOf(n: number): NewAlert {
  const row = {
    ...{
      alert_id: idOf(n),
      rule_id: `rule-${n % 40}`,
      rule_name: 'A rule of some length',
      severity: 'medium',
    },
    ...{ risk_score: '47', time: String(START_MS / 1000 + n), pid: String(1_000 + n), parent: '900' },
    ...{ path: '/usr/bin/kmod', cmdline: `rmmod -f module_${n}`, user_id: '0', parent_name: 'bash' },
    ...{ parent_path: '/usr/bin/bash', parent_cmdline: '/bin/bash /usr/local/bin/job.sh --quiet' },
    matched: 'process.name=kmod|rmmod, process.args=rmmod|-f, process.parent.name=bash',
  };
  return {
    ...{ id: idOf(n), feed: '', timeMs: START_MS + n * 1_000, ruleId: row.rule_id, ruleName: row.rule_name },
    ...{ severity: 'medium', riskScore: 47, row: JSON.stringify(row) },
    document: JSON.stringify({ ...row, padding: 'x'.repeat(3_500) }),
  };
}

function fill(store: Store, tree: ProcessTree): void {
  for (let n = 0; n < ALERTS; n += 1_000)
    store.add(Array.from({ length: 1_000 }, (_, at) => alertOf(n + at)));
  for (let n = 0; n < PROCESSES; n += 1) tree.exec(execOf(n));
}

function execOf(n: number): ExecFacts {
  return {
    ...{ pid: n + 2, parentPid: Math.max(1, n >> 2), path: `/usr/bin/tool-${n % 300}`, form: 'audit' },
    commandLine: `/usr/bin/tool-${n % 300} --input /var/spool/job/${n % 97} --number ${n} --quiet`,
    ...{ workingDirectory: '/var/spool/job', userId: '1000', groupId: '1000', timeMs: START_MS + n },
    place: String(n).padStart(10, '0'),
  };
}

/** In the other thread: serves the tables, and says its CPU time when asked. */
async function serve(folder: string): Promise<void> {
  const schema = createSchema('linux');
  const set = await loadRules(corpusPaths() ?? PACKAGED);
  const store = await openStore({ path: join(folder, 'store.db') });
  const { live } = createDetection({ rules: set.rules, schema, host: createHost('bench'), store });
  fill(store, live.detector.tree);
  const outlook = new Outlook(schema, set);
  await outlook.judge();
  const { detector } = live;
  const plugins = createTables({
    ...{ store, outlook, stats: () => detector.stats, tree: () => detector.tree },
    health: () => ({
      state: 'running' as const,
      ...{
        live: live.health,
        tree: detector.tree.health,
        rules: detector.counters.length,
        faults: 0,
        evicted: 0,
        stopped: 0,
      },
      feed: null,
      reload: { reloads: 0, refusals: 0, loadedMs: START_MS, refusal: null },
      ...{ version: 'bench', startedMs: START_MS },
    }),
  });
  await serveExtension({ path: join(folder, 'socket'), plugins });
  parentPort!.on('message', () => {
    const { user, system } = process.threadCpuUsage();
    parentPort!.postMessage((user + system) / 1_000);
  });
  parentPort!.postMessage(set.rules.length);
}

const HIDDEN: ReadonlySet<string> = new Set([
  'feed',
  'alert',
  'eid',
  'ancestors',
  'description',
  'note',
  'query',
]);

/** The bytes of a call of `generate` as core sends them. */
function callOf({ table, where, used }: Question, columns: readonly string[]): Buffer {
  const context = {
    constraints: columns.map((name) => ({
      ...{ name, affinity: 'TEXT' },
      list: where?.[0] === name ? [{ op: 2, expr: where[1] }] : [],
    })),
    colsUsed: [
      ...(used ?? columns.filter((name) => !HIDDEN.has(name))),
      ...(where === undefined ? [] : [where[0]]),
    ],
  };
  let bytes: Buffer = Buffer.alloc(0);
  const out = new MessageWriter((message) => {
    bytes = message;
  });
  out.writeMessageBegin('call', 1, 0);
  for (const [at, text] of ['table', table].entries()) {
    out.writeFieldBegin('', 11, at + 1);
    out.writeString(text);
  }
  out.writeFieldBegin('', 13, 3);
  out.writeMapBegin(11, 11, 2);
  for (const text of ['action', 'generate', 'context', JSON.stringify(context)]) out.writeString(text);
  out.writeFieldStop();
  out.flush();
  return bytes;
}

/**
 * Calls in a connection of its own; gives the answer's size, and in milliseconds when its last byte came. What comes
 * is read into one buffer and let go, so that only the answering side is measured.
 */
function call(path: string, message: Buffer): Promise<{ readonly bytes: number; readonly ms: number }> {
  return new Promise((resolve, reject) => {
    const startMs = performance.now();
    let bytes = 0;
    const take = (count: number): boolean => {
      bytes += count;
      return true;
    };
    const onread = { buffer: Buffer.alloc(1 << 16), callback: take };
    const socket = createConnection({ path, onread }, () => socket.end(message));
    socket.on('end', () => resolve({ bytes, ms: performance.now() - startMs }));
    socket.on('error', reject);
    socket.resume();
  });
}

interface Measured {
  readonly question: string;
  readonly kilobytes: number;
  readonly ms: number;
  readonly cpu_ms: number;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

async function measure(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'osquery-detect-bench-'));
  const worker = new Worker(new URL(import.meta.url), { workerData: folder });
  const answer = (): Promise<number> => new Promise((resolve) => worker.once('message', resolve));
  const cpuMs = (): Promise<number> => {
    worker.postMessage('');
    return answer();
  };
  try {
    const rules = await answer();
    const tables = new Map(createTables(NOTHING).map((table) => [table.name, table]));
    const results: Measured[] = [];
    for (const question of QUESTIONS) {
      const columns = tables
        .get(question.table)!
        .routes()
        .map(({ name }) => name!);
      const message = callOf(question, columns);
      const runs: { readonly bytes: number; readonly ms: number; readonly cpu: number }[] = [];
      for (let run = 0; run < RUNS; run += 1) {
        const before = await cpuMs();
        const called = await call(join(folder, 'socket'), message);
        runs.push({ ...called, cpu: (await cpuMs()) - before });
      }
      results.push({
        question: question.name,
        kilobytes: Math.round(runs[0]!.bytes / 1_000),
        ms: Math.round(10 * median(runs.map(({ ms }) => ms))) / 10,
        cpu_ms: Math.round(10 * median(runs.map(({ cpu }) => cpu))) / 10,
      });
    }
    print(results, rules);
  } finally {
    await worker.terminate();
    rmSync(folder, { recursive: true });
  }
}

/** Enough for the tables to tell their columns. */
const NOTHING = {} as Parameters<typeof createTables>[0];

function print(results: readonly Measured[], rules: number): void {
  if (process.argv.includes('--json')) {
    console.log(
      JSON.stringify({ alerts: ALERTS, processes: PROCESSES, rules, target_ms: TARGET_MS, results }, null, 1),
    );
    return;
  }
  console.log(
    `${ALERTS} alerts, ${PROCESSES} processes, ${rules} rules; median of ${RUNS} runs, aim ${TARGET_MS} ms\n`,
  );
  console.log('| query | kB | ms | CPU ms |\n| --- | ---: | ---: | ---: |');
  for (const { question, kilobytes, ms, cpu_ms } of results) {
    console.log(`| \`${question}\` | ${kilobytes} | ${ms} | ${cpu_ms} |`);
  }
}

if (isMainThread) await measure();
else await serve(workerData as string);

/**
 * How fast a reply of many rows arrives: our client and the npm library's own, over a UNIX socket, from the call to
 * the last row decoded. Another thread sends bytes made beforehand, so only the receiving side is measured.
 *
 *     node bench/thrift.ts [--json] [--ours]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { connectManager } from '../src/osquery/index.ts';
import { MessageReader } from '../src/osquery/thrift/reader.ts';
import { MessageWriter } from '../src/osquery/thrift/writer.ts';

const SIZES = [1_000, 10_000, 50_000];
/** Of several runs the median is taken; the library's are too slow at the large sizes for more than one. */
const RUNS = 7;
const SEQUENCE_AT = 13;
const TARGET_ROWS = 150_000;

/** A row of process_events, 16 columns. */
function row(n: number): Record<string, string> {
  return {
    eid: String(n).padStart(10, '0'),
    time: String(1_795_489_245 + (n >> 6)),
    pid: String(1000 + (n % 30_000)),
    parent: String(900 + (n % 977)),
    path: n % 3 === 0 ? '/usr/bin/dash' : '/usr/lib/x86_64-linux-gnu/helper',
    cmdline: `/bin/sh -c exec /usr/local/bin/job-${n} --input /var/spool/job/${n % 97} --quiet`,
    cmdline_size: '70',
    cwd: '"/var/spool/job"',
    uid: '1000',
    gid: '1000',
    auid: '4294967295',
    euid: '1000',
    egid: '1000',
    mode: '0100755',
    syscall: 'execve',
    uptime: String(4000 + (n >> 6)),
  };
}

function encodeReply(rows: number): Buffer {
  let reply: Buffer = Buffer.alloc(0);
  const out = new MessageWriter((message) => {
    reply = message;
  });
  out.writeMessageBegin('query', 2, 0);
  out.writeFieldBegin('success', 12, 0);
  out.writeFieldBegin('status', 12, 1);
  out.writeFieldBegin('code', 8, 1);
  out.writeI32(0);
  out.writeFieldStop();
  out.writeFieldBegin('response', 15, 2);
  out.writeListBegin(13, rows);
  for (let n = 0; n < rows; n++) {
    const cells = Object.entries(row(n));
    out.writeMapBegin(11, 11, cells.length);
    for (const [name, value] of cells) {
      out.writeString(name);
      out.writeBinary(value);
    }
  }
  out.writeFieldStop();
  out.writeFieldStop();
  out.flush();
  return reply;
}

/** In the other thread: answers `query("N")` with N rows. */
function serveReplies(path: string): void {
  const replies = new Map(SIZES.map((size) => [String(size), encodeReply(size)]));
  createServer((socket) => {
    socket.on('data', (call) => {
      const reader = new MessageReader(call, 'text');
      const { rseqid } = reader.readMessageBegin();
      reader.readFieldBegin();
      const reply = replies.get(reader.readString())!;
      reply.writeInt32BE(rseqid, SEQUENCE_AT);
      socket.write(reply);
    });
  }).listen(path, () => parentPort?.postMessage('ready'));
}

interface Library {
  createUDSConnection(
    path: string,
    options: object,
  ): { end(): void; on(name: string, act: () => void): void };
  createClient(
    service: unknown,
    connection: unknown,
  ): { query(sql: string): Promise<{ response: unknown[] }> };
  TBinaryProtocol: new (...args: unknown[]) => { readString(): string };
}

/** The library's client as it comes, values read as text as ours are. */
async function connectLibrary(path: string): Promise<Queries> {
  const require = createRequire(import.meta.url);
  const thrift = require('thrift') as Library;
  class TextProtocol extends thrift.TBinaryProtocol {
    readBinary(): string {
      return this.readString();
    }
  }
  const connection = thrift.createUDSConnection(path, { protocol: TextProtocol });
  const client = thrift.createClient(require('../src/osquery/thrift/gen/ExtensionManager.js'), connection);
  return {
    query: async (sql) => (await client.query(sql)).response,
    close: () => connection.end(),
  };
}

interface Queries {
  query(sql: string): Promise<readonly unknown[]>;
  close(): void;
}

/** Rows per second: by the clock, and by what the receiving thread used of its core. */
interface Speed {
  readonly perSecond: number;
  readonly perCpuSecond: number;
}

interface Line {
  readonly rows: number;
  readonly ours: Speed;
  readonly library: Speed | undefined;
}

async function speedOf(client: Queries, rows: number, runs: number): Promise<Speed> {
  const [byClock, byCpu]: [number[], number[]] = [[], []];
  for (let run = 0; run < runs; run++) {
    const [start, cpu] = [performance.now(), process.threadCpuUsage()];
    const got = (await client.query(String(rows))).length;
    if (got !== rows) throw new Error(`${got} rows came instead of ${rows}`);
    const { user, system } = process.threadCpuUsage(cpu);
    byClock.push((rows * 1e3) / (performance.now() - start));
    byCpu.push((rows * 1e6) / (user + system));
  }
  return { perSecond: median(byClock), perCpuSecond: median(byCpu) };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

async function measure(path: string, oursOnly: boolean): Promise<readonly Line[]> {
  const ours = await connectManager(path, { timeoutMs: 600_000 });
  const library = oursOnly ? undefined : await connectLibrary(path);
  const lines: Line[] = [];
  await speedOf(ours, SIZES[0]!, RUNS);
  for (const rows of SIZES) {
    const runs = rows < 10_000 ? RUNS : 1;
    lines.push({
      rows,
      ours: await speedOf(ours, rows, RUNS),
      library: library && (await speedOf(library, rows, runs)),
    });
  }
  ours.close();
  library?.close();
  return lines;
}

function print(lines: readonly Line[]): void {
  const columns = ['rows of 16', 'ours/s', 'ours/CPU s', 'npm thrift/s', 'npm/CPU s', 'ratio'];
  const table = lines.map(({ rows, ours, library }) => [
    rows,
    ours.perSecond,
    ours.perCpuSecond,
    library?.perSecond ?? 0,
    library?.perCpuSecond ?? 0,
    library === undefined ? 0 : ours.perCpuSecond / library.perCpuSecond,
  ]);
  console.log(columns.map((name) => name.padStart(13)).join(''));
  for (const cells of table) console.log(cells.map((cell) => cell.toFixed(0).padStart(13)).join(''));
  const { rows, ours } = lines.at(-1)!;
  const verdict = ours.perCpuSecond >= TARGET_ROWS ? 'met' : 'MISSED';
  console.log(`target at ${rows} rows: ${TARGET_ROWS} rows/s on one core, ${verdict}`);
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'osquery-detect-'));
  const path = join(folder, 'bench.sock');
  const sender = new Worker(new URL(import.meta.url), { workerData: path });
  try {
    await new Promise((resolve) => sender.once('message', resolve));
    const lines = await measure(path, process.argv.includes('--ours'));
    if (process.argv.includes('--json')) console.log(JSON.stringify(lines));
    else print(lines);
  } finally {
    await sender.terminate();
    rmSync(folder, { recursive: true, force: true });
  }
}

if (isMainThread) await main();
else serveReplies(workerData as string);

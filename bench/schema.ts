/**
 * Rows through the schema and a full process tree, on one core: `node --expose-gc bench/schema.ts [--rows N]`.
 *
 * First fills the tree with 50,000 processes and measures its memory, then reads rows as the scan feed brings
 * them (forks and execs in turn, every fourth process a shell that starts the next three) and asks each exec
 * event for the fields that most rules ask for.
 */
import { cpus } from 'node:os';
import { readOptions } from '../scripts/options.ts';
import { createProcessTree } from '../src/process/index.ts';
import { createHost, createReader, createSchema, type OsqueryEvent } from '../src/schema/index.ts';

const values = readOptions(import.meta.filename, { rows: { type: 'string', default: '400000' } });
const ROWS = Number(values.rows);
const CAPACITY = 50_000;
const ASKED = [
  ...['event.type', 'event.action', 'host.os.type', 'process.name', 'process.executable', 'process.args'],
  ...['process.command_line', 'process.parent.name', 'process.parent.executable'],
];
const COLUMNS = [
  ...[
    'eid',
    'time',
    'syscall',
    'pid',
    'parent',
    'path',
    'cmdline',
    'cwd',
    'uid',
    'euid',
    'gid',
    'egid',
    'auid',
  ],
];
const PROGRAMS = ['/usr/bin/dash', '/usr/bin/grep', '/usr/bin/sed', '/usr/lib/gcc/x86_64-linux-gnu/12/cc1'];
const LINES = [
  '/bin/sh -c grep -q pattern /etc/hosts && sed -n 1p /etc/passwd',
  'grep -q pattern /etc/hosts',
  'sed -n 1p /etc/passwd',
  'cc1 -quiet -I. -dumpdir build/ -D_GNU_SOURCE -imultiarch x86_64 file.c -mtune=generic -O2 -o /tmp/a.s -Wall -fPIC',
];

/** Fork and exec of one process after the other; pids wrap around as Linux' do. */
function* stream(count: number): Generator<readonly string[]> {
  let shell = 1000;
  for (let index = 0; index < count; index++) {
    const kind = (index >> 1) % 4;
    const pid = String(1001 + ((index >> 1) % 4_000_000));
    const parent = String(kind === 0 ? 1000 : shell);
    const fork = index % 2 === 0;
    if (kind === 0) shell = Number(pid);
    const path = fork ? PROGRAMS[0]! : PROGRAMS[kind]!;
    const line = fork ? '' : `${LINES[kind]!} ${index}`;
    yield [
      ...[
        String(index + 1).padStart(10, '0'),
        String(1_795_490_000 + (index >> 10)),
        fork ? 'clone' : 'execve',
      ],
      ...[pid, parent, path, line, fork ? '' : '"/root/work"', '0', '0', '0', '0', '4294967295'],
    ];
  }
}

/** Copies of the rows as JSON.parse makes them: every text its own. */
function parsed(rows: Iterable<readonly string[]>): readonly (readonly string[])[] {
  return JSON.parse(JSON.stringify([...rows]));
}

function megabytes(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / 1e6;
}

const schema = createSchema('linux');
const tree = createProcessTree({ capacity: CAPACITY });
const reader = createReader({ schema, tree, host: createHost('bench') });
const read = reader.open('process_events', COLUMNS)!;
const slots = ASKED.map((name) => schema.fields.find(name)!.slot);
let values_ = 0;

function ask(event: OsqueryEvent): void {
  for (const slot of slots) if (event.get(slot) !== null) values_++;
}

const before = megabytes();
let lastRow: readonly string[] = [];
for (let at = 0; at < CAPACITY * 2; at += 20_000) {
  const rows = parsed([...stream(at + 20_000)].slice(at));
  for (const row of rows) {
    const event = read(row);
    if (event !== null && row[6] !== '') ask(event);
    lastRow = row;
  }
}
const memory = megabytes() - before;
const rows = parsed(stream(Math.min(ROWS, 200_000)));
const started = process.cpuUsage();
const from = performance.now();
for (let done = 0; done < ROWS; done += rows.length) {
  for (const row of rows) {
    const event = read(row);
    if (event !== null && row[6] !== '') ask(event);
  }
}
const seconds = (performance.now() - from) / 1000;
const { user, system } = process.cpuUsage(started);
const whole = Math.ceil(ROWS / rows.length) * rows.length;

console.log(
  `${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}, ${new Date().toISOString().slice(0, 10)}`,
);
console.log(
  `tree: ${tree.health.held} processes, ${memory.toFixed(1)} MB of heap${globalThis.gc === undefined ? ' (run with --expose-gc)' : ''}`,
);
console.log(
  `rows: ${whole} in ${seconds.toFixed(2)} s: ${Math.round(whole / seconds)} rows/s (${((user + system) / whole).toFixed(2)} µs of CPU a row), ${slots.length} fields asked of each exec`,
);
console.log(`evicted ${tree.health.evicted}, last eid ${lastRow[0]}, ${values_} values`);

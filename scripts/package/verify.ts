/**
 * Holds the single executable to the extension in the source: the same recorded events give the same alerts.
 *
 * It runs in a root of its own that has nothing but it, the C and C++ libraries and /proc: no Node, no shell, no
 * /tmp, no environment. It is killed some times on the way, and keeps its alerts in SQLite. That takes root; without, it runs with an empty environment only, and `where` says so.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { type FedRow, readRecordedEvents, type Sandbox, startSandbox } from '../../src/sandbox/index.ts';
import { createSchema } from '../../src/schema/index.ts';
import { readStore } from '../../src/store/index.ts';
import { ROOT } from '../bundle.ts';

const EVENTS = join(ROOT, 'test', 'events');
/** After all that was recorded. */
const START_SECONDS = 1_795_600_000;
/** How long a start may take, on a machine that is busy otherwise. */
const PATIENCE_MS = 30_000;
const STARTS = 5;
const INSTALLED = '/usr/lib/osquery-detect/osquery-detect.ext';

export interface Verified {
  /** What the executable had around it. */
  readonly where: string;
  readonly alerts: number;
  /** From its start to being registered and answering, the fastest of some, milliseconds. */
  readonly registeredMs: number;
  /** The CPU time of such a start, the least of some, milliseconds. */
  readonly cpuMs: number;
}

/** Throws when the alerts differ, when there is none, or when not all of them are stored. */
export async function verify(executable: string): Promise<Verified> {
  const folder = mkdtempSync(join(tmpdir(), 'osquery-detect-'));
  try {
    const source = await run(sourcePlace(folder));
    const place =
      process.getuid?.() === 0 ? emptyRoot(folder, executable) : emptyEnvironment(folder, executable);
    const packaged = await run(place);
    if (source.alerts.length === 0) throw new Error('the recorded events gave no alert');
    if (source.alerts.join('\n') !== packaged.alerts.join('\n')) {
      throw new Error(
        `alerts differ: ${source.alerts.length} from source, ${packaged.alerts.length} packaged`,
      );
    }
    const stored = await countStored(place.store);
    if (stored !== packaged.alerts.length) throw new Error(`${stored} alerts are stored: is SQLite there?`);
    const { alerts, ...times } = packaged;
    return { where: place.where, alerts: alerts.length, ...times };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

type Words = readonly [string, ...string[]];

interface Place {
  readonly where: string;
  readonly command: Words;
  /** By this path for the extension and for us. */
  readonly sockets: string;
  readonly store: string;
}

/** A place with a folder for socket and store, and settings in the file `settings`. */
function placeIn(parent: string, name: string, settings: string): Pick<Place, 'sockets' | 'store'> {
  const sockets = join(parent, name);
  const store = join(sockets, 'osquery-detect.db');
  mkdirSync(sockets, { mode: 0o700 });
  mkdirSync(dirname(settings), { recursive: true });
  writeFileSync(settings, `store = ${JSON.stringify(store)}\n`, { mode: 0o644 });
  return { sockets, store };
}

function sourcePlace(folder: string): Place {
  const settings = join(folder, 'source.toml');
  const main = join(ROOT, 'src', 'cli', 'main.ts');
  const command: Words = ['env', `OSQUERY_DETECT_CONFIG=${settings}`, process.execPath, main, 'extension'];
  return { where: 'the source', command, ...placeIn(folder, 'source', settings) };
}

function emptyEnvironment(folder: string, executable: string): Place {
  const settings = join(folder, 'packaged.toml');
  const command: Words = ['env', '-i', `OSQUERY_DETECT_CONFIG=${settings}`, executable];
  const where = 'an empty environment (without root it gets no empty root)';
  return { where, command, ...placeIn(folder, 'packaged', settings) };
}

function emptyRoot(folder: string, executable: string): Place {
  const root = join(folder, 'root');
  for (const path of [executable, ...librariesOf(executable)]) {
    const target = join(root, path === executable ? INSTALLED : path);
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(path, target);
  }
  const place = placeIn(folder, 'packaged', join(root, 'etc', 'osquery-detect.toml'));
  const { sockets } = place;
  for (const path of ['proc', sockets]) mkdirSync(join(root, path), { recursive: true });
  const enter = `mount -t proc proc '${root}/proc' && mount --bind '${sockets}' '${root}${sockets}' &&
    exec env -i "$(command -v chroot)" '${root}' ${INSTALLED} "$@"`;
  const command: Words = ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', enter, 'sh'];
  return { where: 'an empty root', command, ...place };
}

async function countStored(store: string): Promise<number> {
  const reader = await readStore(store);
  try {
    return reader.list().length;
  } finally {
    reader.close();
  }
}

/** The shared libraries and the loader, by the paths that the executable looks for them at. */
function librariesOf(executable: string): readonly string[] {
  const lines = execFileSync('ldd', [executable], { encoding: 'utf8' }).split('\n');
  return lines.flatMap((line) => /(?:=> )?(\/\S+) \(0x/.exec(line)?.[1] ?? []);
}

async function run({ command, sockets }: Place): Promise<Times & { readonly alerts: readonly string[] }> {
  const alerts: string[] = [];
  const output: string[] = [];
  const sandbox = await startSandbox({
    schema: [...createSchema('linux').tables.values()].map(({ name, columns }) => ({ name, columns })),
    rows: { processes: JSON.parse(readFileSync(join(EVENTS, 'processes.json'), 'utf8')) as FedRow[] },
    config: { packs: { linux: JSON.parse(readFileSync(join(ROOT, 'packs', 'linux.conf'), 'utf8')) } },
    flags: { disable_events: 'false', disable_audit: 'false' },
    startTime: START_SECONDS,
    watchIntervalMs: 0,
    socketPath: join(sockets, 'em'),
    extension: { command },
    onExtensionOutput: (line) => output.push(line),
    onResult: (line) => alerts.push(line),
  });
  try {
    await registered(sandbox, output);
    const times = await startAgain(sandbox, output);
    await play(sandbox);
    return { alerts, ...times };
  } finally {
    await sandbox.stop();
  }
}

type Times = Pick<Verified, 'registeredMs' | 'cpuMs'>;

/** Kills the extension and has it started, some times; gives the least times, since other work makes them longer only. */
async function startAgain(sandbox: Sandbox, output: readonly string[]): Promise<Times> {
  let [registeredMs, cpuMs] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let start = 0; start < STARTS; start += 1) {
    sandbox.killExtension('SIGKILL');
    while (sandbox.extensionPid !== undefined) await new Promise(setImmediate);
    const begin = performance.now();
    await sandbox.watch();
    await registered(sandbox, output);
    registeredMs = Math.min(registeredMs, performance.now() - begin);
    cpuMs = Math.min(cpuMs, cpuMsOf(sandbox.extensionPid!));
  }
  return { registeredMs, cpuMs };
}

/** `utime` and `stime` of proc_pid_stat(5), in hundredths of a second. */
function cpuMsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

async function registered(sandbox: Sandbox, output: readonly string[]): Promise<void> {
  const late = new AbortController();
  await Promise.race([
    sandbox.registered('osquery_detect').finally(() => late.abort()),
    setTimeout(PATIENCE_MS, undefined, { signal: late.signal }).then(() => {
      throw new Error(`not registered in ${PATIENCE_MS} ms; it said:\n${output.join('\n')}`);
    }),
  ]).catch((error) => {
    if ((error as Error).name !== 'AbortError') throw error;
  });
}

async function play(sandbox: Sandbox): Promise<void> {
  const rows: FedRow[] = [];
  for await (const { name, row } of readRecordedEvents(join(EVENTS, 'demo.results.log.gz'))) {
    if (name !== 'process_events') continue;
    // The recording is a part of what happened: with its own numbers, the extension would look for the rest.
    const { eid: _, ...unnumbered } = row;
    rows.push(unnumbered);
  }
  await sandbox.feed('process_events', rows);
  await sandbox.runNow();
  // Once more, with no new rows: what a sequence still waited for is certain then.
  await sandbox.advance(60);
}

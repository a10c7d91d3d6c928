import type { LineForm } from './args.ts';
import type { Origin, Process, Signature } from './process.ts';
import { type ForkPids, ProcessRecord } from './record.ts';

/** Grows when the form of a saved record changes. */
const VERSION = 2;
const ORIGINS: readonly Origin[] = ['exec', 'fork', 'seed', 'inferred'];
const FORMS: readonly LineForm[] = ['audit', 'plain', 'windows', 'quoted'];
const FORK_PIDS: readonly ForkPids[] = ['unknown', 'doubtful', 'foreign', 'global'];

interface Loaded {
  readonly lastPid: number;
  readonly era: number;
  readonly records: readonly { readonly record: ProcessRecord; readonly current: boolean }[];
}

/** Records as arrays, in order of use; a parent or previous one is told by its place in the list, -1 for none. */
export function saveRecords(
  records: Iterable<ProcessRecord>,
  find: (pid: number) => ProcessRecord | undefined,
): { readonly version: number; readonly records: unknown[] } {
  const all = [...records];
  const places = new Map(all.map((record, index) => [record, index]));
  const placeOf = (record: ProcessRecord | null): number =>
    record === null ? -1 : (places.get(record) ?? -1);
  return {
    version: VERSION,
    records: all.map((one) => [
      ...[one.pid, one.parentPid, ORIGINS.indexOf(one.origin), one.place, one.startMs],
      ...[one.path, one.title, one.commandLine, FORMS.indexOf(one.form), one.workingDirectory],
      ...[one.userId, one.groupId, placeOf(one.parent), placeOf(one.previous)],
      ...[FORK_PIDS.indexOf(one.forkPids), one.forked, one.exited, one.era, find(one.pid) === one],
      one.args.fidelity === 'exact' && one.form === 'audit' ? one.args.words : null,
      one.signature,
    ]),
  };
}

/** A process with its ancestors and what ran in its pid before, apart from any tree. */
export function saveLineage(process: Process | null): unknown {
  const line: ProcessRecord[] = [];
  const previous = process instanceof ProcessRecord ? process.previous : null;
  for (let one = process; one instanceof ProcessRecord && line.length < LINEAGE; one = one.parent)
    line.push(one);
  if (previous !== null && !line.includes(previous)) line.push(previous);
  return { lastPid: 0, era: 0, ...saveRecords(line, () => undefined) };
}

/** The process that `saveLineage` was given; null for anything else. */
export function loadLineage(saved: unknown): Process | null {
  return loadRecords(saved)?.records[0]?.record ?? null;
}

/** How many ancestors are kept with a process. */
const LINEAGE = 64;

/** Null for anything that `saveRecords` did not write. */
export function loadRecords(state: unknown): Loaded | null {
  if (!isObject(state) || state['version'] !== VERSION || !Array.isArray(state['records'])) return null;
  if (typeof state['lastPid'] !== 'number' || typeof state['era'] !== 'number') return null;
  const rows: readonly unknown[] = state['records'];
  const records: { record: ProcessRecord; current: boolean }[] = [];
  for (const row of rows) {
    const loaded = loadRecord(row);
    if (loaded === null) return null;
    records.push(loaded);
  }
  const at = (place: unknown): ProcessRecord | null => records[Number(place)]?.record ?? null;
  for (const [index, row] of rows.entries()) {
    const { record } = records[index]!;
    const [parent, previous] = [at((row as unknown[])[12]), at((row as unknown[])[13])];
    record.parent = parent;
    record.previous = previous === record ? null : previous;
  }
  return hasCycle(records.map(({ record }) => record))
    ? null
    : { lastPid: state['lastPid'], era: state['era'], records };
}

function loadRecord(row: unknown): { record: ProcessRecord; current: boolean } | null {
  if (!Array.isArray(row) || row.length !== 21) return null;
  const [pid, parentPid, origin, place, startMs, path, name, commandLine, form, workingDirectory] = row;
  const [, , , , , , , , , , userId, groupId, , , forkPids, forked, exited, era, current, words, signature] =
    row;
  const numbers = [pid, parentPid, startMs, era];
  const texts = [place, path, name, commandLine, workingDirectory, userId, groupId];
  if (!numbers.every((one) => typeof one === 'number') || !texts.every((one) => typeof one === 'string'))
    return null;
  const known = { origin: ORIGINS[origin], form: FORMS[form], forkPids: FORK_PIDS[forkPids] };
  if (known.origin === undefined || known.form === undefined || known.forkPids === undefined) return null;
  const record = new ProcessRecord({
    ...{ pid, parentPid, origin: known.origin, place, startMs, path, name, commandLine, form: known.form },
    ...{ workingDirectory, userId, groupId, signature: isSignature(signature) ? signature : null },
  });
  record.forkPids = known.forkPids;
  record.forked = forked === true;
  record.exited = exited === true;
  record.era = era;
  if (Array.isArray(words) && words.every((word) => typeof word === 'string')) record.setExact(words);
  return { record, current: current === true };
}

/** Whether any record is its own ancestor; each is visited once. */
function hasCycle(records: readonly ProcessRecord[]): boolean {
  const done = new Set<ProcessRecord>();
  for (const start of records) {
    const path = new Set<ProcessRecord>();
    let one: ProcessRecord | null = start;
    for (; one !== null && !done.has(one); one = one.parent) {
      if (path.has(one)) return true;
      path.add(one);
    }
    for (const record of path) done.add(record);
  }
  return false;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function isSignature(value: unknown): value is Signature {
  if (!isObject(value) || typeof value['exists'] !== 'boolean') return false;
  if (typeof value['trusted'] !== 'boolean' && value['trusted'] !== null) return false;
  return ['subject', 'id', 'teamId'].every((name) => typeof value[name] === 'string');
}

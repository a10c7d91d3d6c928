import type { LineForm } from './args.ts';
import type { ForkFacts, Origin, Process, Signature } from './process.ts';
import { type ForkPids, ProcessRecord } from './record.ts';
import type { Unplaced } from './unplaced.ts';

/** Grows when the form of a saved record changes. */
const VERSION = 3;
const ORIGINS: readonly Origin[] = ['exec', 'fork', 'seed', 'inferred'];
const FORMS: readonly LineForm[] = ['audit', 'plain', 'windows', 'quoted'];
const FORK_PIDS: readonly ForkPids[] = ['unknown', 'doubtful', 'foreign', 'global'];

interface LoadedRecord {
  readonly record: ProcessRecord;
  readonly current: boolean;
}

/** What a tree knows beside its records; records are told by their places in the list of them. */
export interface TreeState {
  readonly lastPid: number;
  readonly era: number;
  readonly forkRows: boolean;
  /** The last programs started, oldest first. */
  readonly recent: readonly ProcessRecord[];
  readonly unplaced: readonly Unplaced[];
}

export interface LoadedTree extends TreeState {
  readonly records: readonly LoadedRecord[];
}

/** A tree's state as a JSON value; `records` are all that it holds, in order of use. */
export function saveTree(
  records: Iterable<ProcessRecord>,
  find: (pid: number) => ProcessRecord | undefined,
  { lastPid, era, forkRows, recent, unplaced }: TreeState,
): unknown {
  const all = [...records];
  const places = placesOf(all);
  return {
    ...{ lastPid, era, forkRows },
    recent: recent.flatMap((record) => places.get(record) ?? []),
    unplaced: unplaced.flatMap(({ facts, parent }) => {
      const place = places.get(parent);
      return place === undefined ? [] : [[facts, place]];
    }),
    ...saveRecords(all, places, find),
  };
}

/** Null for anything that `saveTree` did not write. */
export function loadTree(state: unknown): LoadedTree | null {
  if (!isObject(state)) return null;
  const { lastPid, era, forkRows, recent, unplaced } = state;
  if (typeof lastPid !== 'number' || typeof era !== 'number' || typeof forkRows !== 'boolean') return null;
  if (!Array.isArray(recent) || !Array.isArray(unplaced)) return null;
  const records = loadRecords(state);
  if (records === null) return null;
  const at = (place: unknown): ProcessRecord[] => {
    const found = records[Number(place)];
    return found === undefined ? [] : [found.record];
  };
  return {
    ...{ lastPid, era, forkRows, records },
    recent: recent.flatMap(at),
    unplaced: unplaced.flatMap((one: unknown) => {
      const [facts, place] = Array.isArray(one) ? one : [];
      return isForkFacts(facts) ? at(place).map((parent) => ({ facts, parent })) : [];
    }),
  };
}

/** Records as arrays, in order of use; a parent or previous one is told by its place in the list, -1 for none. */
function saveRecords(
  all: readonly ProcessRecord[],
  places: ReadonlyMap<ProcessRecord, number>,
  find: (pid: number) => ProcessRecord | undefined,
): { readonly version: number; readonly records: unknown[] } {
  const placeOf = (record: ProcessRecord | null): number =>
    record === null ? -1 : (places.get(record) ?? -1);
  return {
    version: VERSION,
    records: all.map((one) => [
      one.pid,
      one.parentPid,
      ORIGINS.indexOf(one.origin),
      one.place,
      one.startMs,
      one.path,
      one.title,
      one.commandLine,
      FORMS.indexOf(one.form),
      one.workingDirectory,
      one.userId,
      one.groupId,
      placeOf(one.parent),
      placeOf(one.previous),
      FORK_PIDS.indexOf(one.forkPids),
      one.forked,
      one.exited,
      one.era,
      find(one.pid) === one,
      one.exactWords,
      one.signature,
      one.openForks,
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
  return saveRecords(line, placesOf(line), () => undefined);
}

/** The process that `saveLineage` was given; null for anything else. */
export function loadLineage(saved: unknown): Process | null {
  return loadRecords(saved)?.[0]?.record ?? null;
}

function placesOf(records: readonly ProcessRecord[]): ReadonlyMap<ProcessRecord, number> {
  const places = new Map<ProcessRecord, number>();
  for (let at = 0; at < records.length; at += 1) places.set(records[at]!, at);
  return places;
}

/** How many ancestors are kept with a process. */
const LINEAGE = 64;

/** Null for anything that `saveRecords` did not write. */
function loadRecords(state: unknown): readonly LoadedRecord[] | null {
  if (!isObject(state) || state['version'] !== VERSION || !Array.isArray(state['records'])) return null;
  const rows: readonly unknown[] = state['records'];
  const records: LoadedRecord[] = [];
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
  return hasCycle(records.map(({ record }) => record)) ? null : records;
}

function loadRecord(row: unknown): LoadedRecord | null {
  if (!Array.isArray(row) || row.length !== 22) return null;
  const [pid, parentPid, origin, place, startMs, path, name, commandLine, form, workingDirectory] = row;
  const [userId, groupId, , , forkPids, forked, exited, era, current, words, signature, openForks] =
    row.slice(10);
  const numbers = [pid, parentPid, startMs, era, openForks];
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
  record.openForks = openForks;
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

function isForkFacts(value: unknown): value is ForkFacts {
  if (!isObject(value) || typeof value['certain'] !== 'boolean') return false;
  const numbers = ['pid', 'parentPid', 'timeMs'].every((name) => typeof value[name] === 'number');
  return numbers && ['path', 'userId', 'groupId', 'place'].every((name) => typeof value[name] === 'string');
}

function isSignature(value: unknown): value is Signature {
  if (!isObject(value) || typeof value['exists'] !== 'boolean') return false;
  if (typeof value['trusted'] !== 'boolean' && value['trusted'] !== null) return false;
  return ['subject', 'id', 'teamId'].every((name) => typeof value[name] === 'string');
}

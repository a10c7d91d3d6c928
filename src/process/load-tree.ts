import type { ForkFacts, Signature } from './process.ts';
import { ProcessRecord } from './record.ts';
import {
  FORK_PIDS,
  FORMS,
  NUMBER_FACTS,
  type NumberFact,
  ORIGINS,
  TEXT_FACTS,
  type TextFact,
  type TreeState,
  VERSION,
} from './saved-tree.ts';

export interface LoadedTree extends TreeState {
  /** By number: the tree's own and those it had forgotten. */
  readonly records: readonly ProcessRecord[];
  /** The tree's own, in order of use. */
  readonly held: readonly { readonly record: ProcessRecord; readonly current: boolean }[];
}

type Saved = Readonly<Record<string, unknown>>;
type Numbers<Fact extends string> = Readonly<Record<Fact, readonly number[]>>;

/** Null for anything that `savingTree` did not write. */
export function loadTree(state: unknown): LoadedTree | null {
  if (!isObject(state) || state['version'] !== VERSION) return null;
  const { lastPid, era, forkRows, recent, unplaced, held } = state;
  if (!isNumber(lastPid) || !isNumber(era) || typeof forkRows !== 'boolean') return null;
  if (!isNumber(held) || held < 0 || !Array.isArray(recent) || !Array.isArray(unplaced)) return null;
  const loaded = loadRecords(state);
  if (loaded === null) return null;
  const { records, current } = loaded;
  const at = (number: unknown): ProcessRecord[] => {
    const found = records[Number(number)];
    return found === undefined ? [] : [found];
  };
  return {
    ...{ lastPid, era, forkRows, records },
    held: records.slice(0, held).map((record, number) => ({ record, current: current[number] === 1 })),
    recent: recent.flatMap(at),
    unplaced: unplaced.flatMap((one: unknown) => {
      const [facts, number] = Array.isArray(one) ? one : [];
      return isForkFacts(facts) ? at(number).map((parent) => ({ facts, parent })) : [];
    }),
  };
}

function loadRecords(state: Saved): { records: ProcessRecord[]; current: readonly number[] } | null {
  const { places, texts, words, signatures } = state;
  if (!isTexts(places) || !isTexts(texts)) return null;
  const numbers = listsOf(state['numbers'], NUMBER_FACTS, places.length);
  const told = listsOf(state['textNumbers'], TEXT_FACTS, places.length);
  if (numbers === null || told === null || !Array.isArray(words) || !Array.isArray(signatures)) return null;
  const signed = new Map(
    pairsOf(signatures).filter((one): one is [number, Signature] => isSignature(one[1])),
  );
  const records: ProcessRecord[] = [];
  for (const [number, place] of places.entries()) {
    const record = loadRecord(number, { place, numbers, told, texts, signature: signed.get(number) ?? null });
    if (record === null) return null;
    records.push(record);
  }
  for (const [number, record] of records.entries()) {
    const previous = records[numbers.previous[number]!] ?? null;
    record.parent = records[numbers.parent[number]!] ?? null;
    record.previous = previous === record ? null : previous;
  }
  for (const [number, exact] of pairsOf(words)) if (isTexts(exact)) records[number]?.setExact(exact);
  return hasCycle(records) ? null : { records, current: numbers.current };
}

interface RecordLists {
  readonly place: string;
  readonly numbers: Numbers<NumberFact>;
  readonly told: Numbers<TextFact>;
  readonly texts: readonly string[];
  readonly signature: Signature | null;
}

function loadRecord(
  number: number,
  { place, numbers, told, texts, signature }: RecordLists,
): ProcessRecord | null {
  const text = (fact: TextFact): string | undefined => texts[told[fact][number]!];
  const [path, name, commandLine] = [text('path'), text('title'), text('commandLine')];
  const [workingDirectory, userId, groupId] = [text('workingDirectory'), text('userId'), text('groupId')];
  if (path === undefined || name === undefined || commandLine === undefined) return null;
  if (workingDirectory === undefined || userId === undefined || groupId === undefined) return null;
  const origin = ORIGINS[numbers.origin[number]!];
  const form = FORMS[numbers.form[number]!];
  const forkPids = FORK_PIDS[numbers.forkPids[number]!];
  if (origin === undefined || form === undefined || forkPids === undefined) return null;
  const record = new ProcessRecord({
    ...{
      pid: numbers.pid[number]!,
      parentPid: numbers.parentPid[number]!,
      startMs: numbers.startMs[number]!,
    },
    ...{ origin, place, path, name, commandLine, form, workingDirectory, userId, groupId, signature },
  });
  record.forkPids = forkPids;
  record.forked = numbers.forked[number] === 1;
  record.exited = numbers.exited[number] === 1;
  record.era = numbers.era[number]!;
  record.openForks = numbers.openForks[number]!;
  return record;
}

/** Lists of so many numbers, by fact; null when one is not. */
function listsOf<Fact extends string>(
  saved: unknown,
  facts: readonly Fact[],
  length: number,
): Numbers<Fact> | null {
  if (!isObject(saved)) return null;
  const areLists = facts.every((fact) => {
    const list = saved[fact];
    return Array.isArray(list) && list.length === length && list.every(isNumber);
  });
  return areLists ? (saved as Numbers<Fact>) : null;
}

function pairsOf(list: readonly unknown[]): [number, unknown][] {
  return list.filter((one): one is [number, unknown] => Array.isArray(one) && typeof one[0] === 'number');
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

function isObject(value: unknown): value is Saved {
  return typeof value === 'object' && value !== null;
}

/** JSON's `1e999` is infinite, and would not be saved again. */
function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}

function isForkFacts(value: unknown): value is ForkFacts {
  if (!isObject(value) || typeof value['certain'] !== 'boolean') return false;
  const numbers = ['pid', 'parentPid', 'timeMs'].every((name) => isNumber(value[name]));
  return numbers && ['path', 'userId', 'groupId', 'place'].every((name) => typeof value[name] === 'string');
}

function isSignature(value: unknown): value is Signature {
  if (!isObject(value) || typeof value['exists'] !== 'boolean') return false;
  if (typeof value['trusted'] !== 'boolean' && value['trusted'] !== null) return false;
  return ['subject', 'id', 'teamId'].every((name) => typeof value[name] === 'string');
}

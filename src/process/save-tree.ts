import type { Process, SavingProcesses } from './process.ts';
import { ProcessRecord } from './record.ts';
import {
  FORK_PIDS,
  FORMS,
  type NumberFact,
  ORIGINS,
  type SavedRecords,
  type TextFact,
  type TreeState,
  VERSION,
} from './saved-tree.ts';

/**
 * Saves a tree, its records `held` in order of use, and what else of a state tells of processes. `find` tells the
 * record of a pid.
 */
export function savingTree(
  held: Iterable<ProcessRecord>,
  find: (pid: number) => ProcessRecord | undefined,
  rest: TreeState,
): SavingProcesses {
  const records = new NumberedRecords(held);
  return {
    numberOf: (process) => records.numberOf(process),
    finish: () => ({ version: VERSION, ...restOf(rest, records), ...records.save(find) }),
  };
}

function restOf({ lastPid, era, forkRows, recent, unplaced }: TreeState, records: NumberedRecords) {
  return {
    ...{ lastPid, era, forkRows },
    recent: recent.flatMap((record) => records.find(record) ?? []),
    unplaced: unplaced.flatMap(({ facts, parent }) => {
      const number = records.find(parent);
      return number === undefined ? [] : [[facts, number] as const];
    }),
  };
}

/** Records, each with its place among them as its number. */
class NumberedRecords {
  private readonly held: number;
  private readonly all: ProcessRecord[] = [];

  constructor(held: Iterable<ProcessRecord>) {
    for (const record of held) this.add(record);
    this.held = this.all.length;
    this.addBehind(0);
  }

  find(record: ProcessRecord | null): number | undefined {
    // A number may be left from another time.
    return record !== null && this.all[record.number] === record ? record.number : undefined;
  }

  numberOf(process: Process | null): number {
    if (!(process instanceof ProcessRecord)) return -1;
    const known = this.find(process);
    if (known !== undefined) return known;
    this.add(process);
    this.addBehind(process.number);
    return process.number;
  }

  save(find: (pid: number) => ProcessRecord | undefined): SavedRecords {
    const { all, held } = this;
    // Lists that grow are copied again and again.
    const list = (): number[] => new Array<number>(all.length);
    const numbers: Record<NumberFact, number[]> = {
      pid: list(),
      parentPid: list(),
      startMs: list(),
      era: list(),
      openForks: list(),
      origin: list(),
      form: list(),
      forkPids: list(),
      forked: list(),
      exited: list(),
      current: list(),
      parent: list(),
      previous: list(),
    };
    const textNumbers: Record<TextFact, number[]> = {
      path: list(),
      title: list(),
      commandLine: list(),
      workingDirectory: list(),
      userId: list(),
      groupId: list(),
    };
    const texts = new NumberedTexts();
    // All facts of one record before the next: it is fetched from memory once.
    for (let at = 0; at < all.length; at += 1) {
      const one = all[at]!;
      numbers.pid[at] = one.pid;
      numbers.parentPid[at] = one.parentPid;
      numbers.startMs[at] = one.startMs;
      numbers.era[at] = one.era;
      numbers.openForks[at] = one.openForks;
      numbers.origin[at] = ORIGINS.indexOf(one.origin);
      numbers.form[at] = FORMS.indexOf(one.form);
      numbers.forkPids[at] = FORK_PIDS.indexOf(one.forkPids);
      numbers.forked[at] = Number(one.forked);
      numbers.exited[at] = Number(one.exited);
      numbers.current[at] = Number(find(one.pid) === one);
      numbers.parent[at] = this.find(one.parent) ?? -1;
      numbers.previous[at] = this.find(one.previous) ?? -1;
      textNumbers.path[at] = texts.numberOf(one.path);
      textNumbers.title[at] = texts.numberOf(one.title);
      textNumbers.commandLine[at] = texts.numberOf(one.commandLine);
      textNumbers.workingDirectory[at] = texts.numberOf(one.workingDirectory);
      textNumbers.userId[at] = texts.numberOf(one.userId);
      textNumbers.groupId[at] = texts.numberOf(one.groupId);
    }
    return {
      ...{ held, numbers, textNumbers, texts: texts.all, places: all.map(({ place }) => place) },
      words: all.flatMap(({ exactWords }, number) => (exactWords === null ? [] : [[number, exactWords]])),
      signatures: all.flatMap(({ signature }, number) => (signature === null ? [] : [[number, signature]])),
    };
  }

  /** Adds what records from a number on refer to, though the tree has forgotten it. */
  private addBehind(from: number): void {
    for (let number = from; number < this.all.length; number += 1) {
      const { parent, previous } = this.all[number]!;
      if (parent !== null && this.find(parent) === undefined) this.add(parent);
      if (previous !== null && this.find(previous) === undefined) this.add(previous);
    }
  }

  private add(record: ProcessRecord): void {
    record.number = this.all.push(record) - 1;
  }
}

/** Texts, each with its place among them as its number. */
class NumberedTexts {
  private readonly numbers = new Map<string, number>();

  numberOf(text: string): number {
    const known = this.numbers.get(text);
    if (known !== undefined) return known;
    const number = this.numbers.size;
    this.numbers.set(text, number);
    return number;
  }

  get all(): readonly string[] {
    return [...this.numbers.keys()];
  }
}

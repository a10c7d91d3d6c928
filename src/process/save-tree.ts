import type { Process, SavingProcesses } from './process.ts';
import { ProcessRecord } from './record.ts';
import {
  FORK_PIDS,
  FORMS,
  NUMBER_FACTS,
  ORIGINS,
  type SavedRecords,
  TEXT_FACTS,
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
    const [numbers, textNumbers] = [listsOf(NUMBER_FACTS), listsOf(TEXT_FACTS)];
    const texts = new NumberedTexts();
    const places: string[] = [];
    // All facts of one record before the next: it is fetched from memory once.
    for (const one of all) {
      numbers.pid.push(one.pid);
      numbers.parentPid.push(one.parentPid);
      numbers.startMs.push(one.startMs);
      numbers.era.push(one.era);
      numbers.openForks.push(one.openForks);
      numbers.origin.push(ORIGINS.indexOf(one.origin));
      numbers.form.push(FORMS.indexOf(one.form));
      numbers.forkPids.push(FORK_PIDS.indexOf(one.forkPids));
      numbers.forked.push(Number(one.forked));
      numbers.exited.push(Number(one.exited));
      numbers.current.push(Number(find(one.pid) === one));
      numbers.parent.push(this.find(one.parent) ?? -1);
      numbers.previous.push(this.find(one.previous) ?? -1);
      textNumbers.path.push(texts.numberOf(one.path));
      textNumbers.title.push(texts.numberOf(one.title));
      textNumbers.commandLine.push(texts.numberOf(one.commandLine));
      textNumbers.workingDirectory.push(texts.numberOf(one.workingDirectory));
      textNumbers.userId.push(texts.numberOf(one.userId));
      textNumbers.groupId.push(texts.numberOf(one.groupId));
      places.push(one.place);
    }
    return {
      ...{ held, numbers, textNumbers, texts: texts.all, places },
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

function listsOf<Fact extends string>(facts: readonly Fact[]): Record<Fact, number[]> {
  return Object.fromEntries(facts.map((fact) => [fact, []])) as unknown as Record<Fact, number[]>;
}

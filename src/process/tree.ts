import { HeldRecords } from './held.ts';
import { asOf, isAncestor, isNewer, isOutdated, isPid, sameProgram } from './kinship.ts';
import { loadTree } from './load-tree.ts';
import { recordOfExec, recordOfFork, recordOfForker, recordOfInferred, recordOfSeed } from './make-record.ts';
import { PidOrder } from './pid-order.ts';
import type {
  ExecFacts,
  ForkFacts,
  LoadedProcesses,
  Process,
  ProcessTree,
  SavingProcesses,
  SeedFacts,
  TreeHealth,
  TreeOptions,
} from './process.ts';
import { RecentExecs } from './recent.ts';
import { ProcessRecord } from './record.ts';
import { savingTree } from './save-tree.ts';
import { UnplacedForks } from './unplaced.ts';

export function createProcessTree(options: TreeOptions = {}): ProcessTree {
  return new Tree(Math.max(options.capacity ?? 50_000, 16));
}

/**
 * Records that hold their parents, found by pid.
 *
 * Exec rows are always right. So are a fork row's `parent` and `path`, the process that forked and its program;
 * but its `pid` is what the call returned, which inside a PID namespace is another one. Linux hands pids out in
 * order, so a pid that is not a little after the last one is not entered: its fork is set aside until an exec of
 * that pid under that parent proves it (the pids wrapped around), or an exec of another pid disproves
 * it, after which forks of that parent and of all below it are never believed.
 */
class Tree implements ProcessTree {
  readonly #records: HeldRecords;
  readonly #pids = new PidOrder();
  readonly #unplaced = new UnplacedForks();
  readonly #recent = new RecentExecs();
  #forkRows = false;
  #inferred = 0;
  #foreignForks = 0;
  #nonsense = 0;

  constructor(capacity: number) {
    this.#records = new HeldRecords(capacity);
  }

  exec(facts: ExecFacts): Process {
    const record = recordOfExec(facts);
    record.parent = this.#parentOf(facts);
    if (!isPid(facts.pid)) {
      this.#nonsense++;
      return record;
    }
    const before = this.#records.get(facts.pid);
    if (facts.late === true && before !== undefined && isNewer(before, record.place))
      return this.#slipIn(record, before);
    if (before !== undefined && this.#isSame(before, record)) {
      record.forked = before.forked;
      record.forkPids = before.forkPids;
      const seenAlready = before.origin === 'seed' && sameProgram(before, record);
      record.previous = seenAlready ? before.previous : before;
    }
    if (record.parent !== null) this.#learnFromExec(record, record.parent);
    if (facts.late !== true) this.#pids.moveTo(facts.pid);
    this.#enter(record);
    this.#recent.add(record);
    return record;
  }

  fork(facts: ForkFacts): Process | null {
    if (!isPid(facts.pid) || !isPid(facts.parentPid) || facts.pid === facts.parentPid) {
      this.#nonsense++;
      return null;
    }
    this.#forkRows = true;
    const parent = this.#forkerOf(facts);
    parent.openForks++;
    const before = this.#records.get(facts.pid);
    if (before?.origin === 'exec' && !before.forked && before.parentPid === facts.parentPid) {
      before.forked = true;
      parent.forkPids = 'global';
      return before;
    }
    if (facts.late === true && before !== undefined && isNewer(before, facts.place)) return null;
    if (facts.certain || this.#isCredible(facts.pid, parent)) return this.#enterFork(facts, parent);
    this.#foreignForks++;
    if (parent.forkPids === 'unknown') parent.forkPids = 'doubtful';
    if (parent.forkPids === 'doubtful') this.#unplaced.add(facts, parent);
    return null;
  }

  exit(pid: number): Process | null {
    const record = this.#records.get(pid);
    if (record === undefined) return null;
    this.#records.markExited(record);
    return record;
  }

  seed(processes: readonly SeedFacts[]): void {
    const present = new Set<number>();
    const added: ProcessRecord[] = [];
    let newestMs = 0;
    for (const facts of processes) {
      const before = this.#records.get(facts.pid);
      const record = this.#enterSeed(facts);
      if (record === null) continue;
      present.add(facts.pid);
      newestMs = Math.max(newestMs, facts.startMs);
      if (record !== before) added.push(record);
    }
    for (const record of added) this.#linkSeed(record);
    if (processes.length === 0) return;
    for (const record of this.#records.current) {
      if (!present.has(record.pid) && record.startMs < newestMs - 60_000) this.#records.markExited(record);
    }
  }

  observe(facts: SeedFacts): Process | null {
    const before = this.#records.get(facts.pid);
    const record = this.#enterSeed(facts);
    if (record !== null && record !== before) this.#linkSeed(record);
    return record;
  }

  find(pid: number): Process | null {
    return this.#records.get(pid) ?? null;
  }

  all(): Iterable<Process> {
    return this.#records.all;
  }

  isRunning(process: Process): boolean {
    const now = this.#records.get(process.pid);
    return now === process && !now.exited;
  }

  touch(process: Process): void {
    if (process instanceof ProcessRecord) this.#records.use(process);
  }

  get health(): TreeHealth {
    return {
      held: this.#records.size,
      evicted: this.#records.evicted,
      inferred: this.#inferred,
      foreignForks: this.#foreignForks,
      nonsense: this.#nonsense,
    };
  }

  beginSave(): SavingProcesses {
    return savingTree(this.#records.all, (pid) => this.#records.get(pid), {
      lastPid: this.#pids.last,
      era: this.#pids.era,
      forkRows: this.#forkRows,
      recent: this.#recent.all,
      unplaced: this.#unplaced.all,
    });
  }

  load(state: unknown): LoadedProcesses | null {
    const loaded = loadTree(state);
    if (loaded === null) return null;
    const { records, held, recent, unplaced, lastPid, era, forkRows } = loaded;
    this.#records.replaceAll(held);
    this.#recent.clear();
    for (const record of recent) this.#recent.add(record);
    this.#unplaced.clear();
    for (const { facts, parent } of unplaced) this.#unplaced.add(facts, parent);
    this.#pids.last = lastPid;
    this.#pids.era = era;
    this.#forkRows = forkRows;
    return { at: (number) => records[number] ?? null };
  }

  /** The record of the parent's pid, inferred where no row told of it. */
  #parentOf({ pid, parentPid, place, timeMs, late }: ExecFacts): ProcessRecord | null {
    if (parentPid === pid || !isPid(parentPid)) {
      if (parentPid !== 0) this.#nonsense++;
      return null;
    }
    const parent = this.#known(parentPid) ?? this.#infer(parentPid, { path: '', place, timeMs });
    if (parent !== null) this.#records.useAncestry(parent);
    return late === true ? asOf(parent, place) : parent;
  }

  /** Puts an exec behind what later rows told of its pid. */
  #slipIn(record: ProcessRecord, current: ProcessRecord): ProcessRecord {
    let later = current;
    while (later.previous !== null && isNewer(later.previous, record.place)) later = later.previous;
    if (later.parentPid !== record.parentPid) return record;
    record.previous = later.previous;
    later.previous = record;
    this.#records.addPast(record);
    return record;
  }

  /** The process that forked; known at the least by its program, which the fork row tells. */
  #forkerOf(facts: ForkFacts): ProcessRecord {
    const { parentPid, path, place, timeMs } = facts;
    const forker = this.#known(parentPid) ?? this.#infer(parentPid, { path, place, timeMs });
    if (forker !== null) {
      this.#records.useAncestry(forker);
      return forker;
    }
    this.#inferred++;
    const record = recordOfForker(facts);
    this.#enter(record);
    return record;
  }

  #known(pid: number): ProcessRecord | undefined {
    const known = this.#records.get(pid);
    if (known !== undefined) return known;
    const proven = this.#unplaced.take(pid);
    if (proven === null) return undefined;
    this.#foreignForks--;
    return this.#enterFork(proven.facts, proven.parent);
  }

  #infer(pid: number, seen: { path: string; place: string; timeMs: number }): ProcessRecord | null {
    const forker = this.#recent.forkerOf(pid, { path: seen.path, forkRows: this.#forkRows });
    if (forker === null) return null;
    this.#inferred++;
    forker.openForks--;
    const record = recordOfInferred({ ...seen, pid }, forker);
    this.#enter(record);
    return record;
  }

  #enterFork(facts: ForkFacts, parent: ProcessRecord): ProcessRecord {
    const record = recordOfFork(facts, parent);
    parent.openForks--;
    if (facts.late !== true) this.#pids.moveTo(facts.pid);
    this.#enter(record);
    return record;
  }

  #isCredible(pid: number, parent: ProcessRecord): boolean {
    if (parent.forkPids === 'global') return true;
    if (parent.forkPids !== 'unknown') return false;
    return this.#pids.mayBeNext(pid, parent.pid);
  }

  #learnFromExec(record: ProcessRecord, parent: ProcessRecord): void {
    if (record.previous === null) parent.openForks--;
    if (this.#unplaced.prove(record.pid, parent)) {
      this.#foreignForks--;
      parent.forkPids = 'global';
      record.forked = true;
    } else if (parent.forkPids === 'doubtful') {
      parent.forkPids = 'foreign';
    }
    if (parent.forkPids === 'foreign') record.forkPids = 'foreign';
  }

  /** Whether an exec came in the process that its pid's record is of, rather than in a later one with the same pid. */
  #isSame(before: ProcessRecord, record: ProcessRecord): boolean {
    if (before.exited) return false;
    if (before.parentPid !== record.parentPid) {
      return before.origin === 'inferred' || isAncestor(record.parent, before);
    }
    return before.era === this.#pids.era || before.origin !== 'exec' || before.forked;
  }

  #enter(record: ProcessRecord): void {
    record.era = this.#pids.era;
    this.#records.enter(record);
  }

  #enterSeed(facts: SeedFacts): ProcessRecord | null {
    if (!isPid(facts.pid)) {
      if (facts.pid !== 0) this.#nonsense++;
      return null;
    }
    const before = this.#records.get(facts.pid);
    if (before !== undefined && !isOutdated(before, facts)) return before;
    const record = recordOfSeed(facts);
    this.#enter(record);
    return record;
  }

  #linkSeed(record: ProcessRecord): void {
    const parent = this.#records.get(record.parentPid);
    if (parent === undefined || record.usedAt < 0) return;
    if (parent === record || isAncestor(record, parent)) this.#nonsense++;
    else record.parent = parent;
  }
}

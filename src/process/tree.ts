import { asOf, DEPTH, isAncestor, isNewer, isOutdated, isPid, sameProgram } from './kinship.ts';
import type { ExecFacts, ForkFacts, Process, SeedFacts } from './process.ts';
import { RecentExecs } from './recent.ts';
import { ProcessRecord } from './record.ts';
import { loadTree, saveTree } from './snapshot.ts';
import { UnplacedForks } from './unplaced.ts';
import { UseOrder } from './use-order.ts';

export interface TreeOptions {
  /** Processes remembered, live and exited; 50,000 unless given. */
  readonly capacity?: number;
}

/** Who started whom. Feeding never throws; facts that make no sense are counted. */
export interface ProcessTree {
  exec(facts: ExecFacts): Process;
  /** The child; null when the row tells of the parent only, because its child's pid is one of a PID namespace. */
  fork(facts: ForkFacts): Process | null;
  /** The process that exited; null when it was not known. */
  exit(pid: number): Process | null;
  /** A whole snapshot: adds what is unknown, corrects what was guessed or reused, marks exited what is not in it. */
  seed(processes: readonly SeedFacts[]): void;
  /** One row of such a snapshot, which says nothing of other processes; null when its pid makes no sense. */
  observe(facts: SeedFacts): Process | null;
  /** What runs, or last ran, in the pid. */
  find(pid: number): Process | null;
  /** All that it holds, the longest unused first: what runs, and what ran before. */
  all(): Iterable<Process>;
  /** Whether, as far as it knows, the process is still there and has run no other program since. */
  isRunning(process: Process): boolean;
  /** The process was seen to act: it should not be forgotten. */
  touch(process: Process): void;
  readonly health: TreeHealth;
  /** The tree as a JSON value, and back. False, and the tree stays as it is, for a state it did not write. */
  save(): unknown;
  load(state: unknown): boolean;
}

export interface TreeHealth {
  readonly held: number;
  readonly evicted: number;
  /** Processes that no row of their own explained, whose program was inferred. */
  readonly inferred: number;
  /** Fork rows whose pid was, or may have been, one of another namespace. */
  readonly foreignForks: number;
  /** Facts that made no sense, such as pid 0 or a process that is its own parent. */
  readonly nonsense: number;
}

/** How far a fork's pid may lie behind and ahead of the last one: rows of several CPUs interleave, threads take pids too. */
const BEHIND = 64;
const AHEAD = 8_192;
/** A drop from one pid to the next that can only be a wrap. */
const WRAP = 1_024;
/** Characters held, for each process of the capacity. */
const CHARACTERS_EACH = 300;

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
 *
 * Bounded in records and in characters, the longest unused going first and the exited before all. A dropped
 * record loses its own parent, so that children that still refer to it keep one record more, not a chain.
 */
class Tree implements ProcessTree {
  readonly #capacity: number;
  readonly #records = new Map<number, ProcessRecord>();
  readonly #order: UseOrder;
  readonly #unplaced = new UnplacedForks();
  readonly #recent = new RecentExecs();
  #forkRows = false;
  #lastPid = 0;
  #era = 0;
  #weight = 0;
  #evicted = 0;
  #inferred = 0;
  #foreignForks = 0;
  #nonsense = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#order = new UseOrder(capacity >> 3);
  }

  exec(facts: ExecFacts): Process {
    const record = new ProcessRecord({
      pid: facts.pid,
      parentPid: facts.parentPid,
      origin: 'exec',
      place: facts.place,
      startMs: facts.timeMs,
      path: facts.path,
      commandLine: facts.commandLine,
      form: facts.form,
      workingDirectory: facts.workingDirectory,
      userId: facts.userId,
      groupId: facts.groupId,
      signature: facts.signature ?? null,
    });
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
    if (facts.late !== true) this.#moveTo(facts.pid);
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
    this.#markExited(record);
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
    for (const record of this.#records.values()) {
      if (!present.has(record.pid) && record.startMs < newestMs - 60_000) this.#markExited(record);
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
    return this.#order;
  }

  isRunning(process: Process): boolean {
    const now = this.#records.get(process.pid);
    return now === process && !now.exited;
  }

  touch(process: Process): void {
    if (process instanceof ProcessRecord) this.#order.use(process);
  }

  get health(): TreeHealth {
    return {
      held: this.#order.size,
      evicted: this.#evicted,
      inferred: this.#inferred,
      foreignForks: this.#foreignForks,
      nonsense: this.#nonsense,
    };
  }

  save(): unknown {
    return saveTree(this.#order, (pid) => this.#records.get(pid), {
      lastPid: this.#lastPid,
      era: this.#era,
      forkRows: this.#forkRows,
      recent: this.#recent.all,
      unplaced: this.#unplaced.all,
    });
  }

  load(state: unknown): boolean {
    const loaded = loadTree(state);
    if (loaded === null) return false;
    while (this.#order.oldest !== null) this.#drop(this.#order.oldest);
    for (const { record, current } of loaded.records) {
      this.#order.add(record);
      this.#weight += record.weight;
      if (current) this.#records.set(record.pid, record);
    }
    this.#recent.clear();
    for (const record of loaded.recent) this.#recent.add(record);
    this.#unplaced.clear();
    for (const { facts, parent } of loaded.unplaced) this.#unplaced.add(facts, parent);
    this.#lastPid = loaded.lastPid;
    this.#era = loaded.era;
    this.#forkRows = loaded.forkRows;
    this.#shrink();
    return true;
  }

  /** The record of the parent's pid, inferred where no row told of it. */
  #parentOf({ pid, parentPid, place, timeMs, late }: ExecFacts): ProcessRecord | null {
    if (parentPid === pid || !isPid(parentPid)) {
      if (parentPid !== 0) this.#nonsense++;
      return null;
    }
    const parent = this.#known(parentPid) ?? this.#infer(parentPid, { path: '', place, timeMs });
    if (parent !== null) this.#useAncestry(parent);
    return late === true ? asOf(parent, place) : parent;
  }

  /** Puts an exec behind what later rows told of its pid. */
  #slipIn(record: ProcessRecord, current: ProcessRecord): ProcessRecord {
    let later = current;
    while (later.previous !== null && isNewer(later.previous, record.place)) later = later.previous;
    if (later.parentPid !== record.parentPid) return record;
    record.previous = later.previous;
    later.previous = record;
    this.#order.add(record);
    this.#weight += record.weight;
    this.#shrink();
    return record;
  }

  /** The process that forked; known at the least by its program, which the fork row tells. */
  #forkerOf(facts: ForkFacts): ProcessRecord {
    const { parentPid, path, place, timeMs } = facts;
    const forker = this.#known(parentPid) ?? this.#infer(parentPid, { path, place, timeMs });
    if (forker !== null) {
      this.#useAncestry(forker);
      return forker;
    }
    this.#inferred++;
    const record = new ProcessRecord({
      ...{ pid: parentPid, parentPid: 0, origin: 'inferred', place, startMs: timeMs, path },
      ...{ commandLine: '', form: 'plain', workingDirectory: '' },
      ...{ userId: facts.userId, groupId: facts.groupId },
    });
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
    const { path, title: name, commandLine, form, workingDirectory, userId, groupId, signature } = forker;
    const record = new ProcessRecord({
      ...{ pid, parentPid: forker.pid, origin: 'inferred', place: seen.place, startMs: seen.timeMs },
      ...{ path, name, commandLine, form, workingDirectory, userId, groupId, signature },
    });
    record.parent = forker;
    record.forkPids = forker.forkPids === 'foreign' ? 'foreign' : 'unknown';
    this.#enter(record);
    return record;
  }

  #enterFork(facts: ForkFacts, parent: ProcessRecord): ProcessRecord {
    const { pid, path, place, timeMs, userId, groupId } = facts;
    const same = parent.path === path || path === '';
    const record = new ProcessRecord({
      pid,
      parentPid: parent.pid,
      origin: 'fork',
      place,
      startMs: timeMs,
      path: same ? parent.path : path,
      name: parent.title,
      commandLine: same ? parent.commandLine : '',
      form: parent.form,
      workingDirectory: same ? parent.workingDirectory : '',
      userId,
      groupId,
      signature: same ? parent.signature : null,
    });
    record.parent = parent;
    record.forked = true;
    parent.openForks--;
    if (facts.late !== true) this.#moveTo(pid);
    this.#enter(record);
    return record;
  }

  #isCredible(pid: number, parent: ProcessRecord): boolean {
    if (parent.forkPids === 'global') return true;
    if (parent.forkPids !== 'unknown') return false;
    const last = this.#lastPid === 0 ? parent.pid : this.#lastPid;
    return pid >= last - BEHIND && pid <= last + AHEAD;
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
    return before.era === this.#era || before.origin !== 'exec' || before.forked;
  }

  #moveTo(pid: number): void {
    if (pid < this.#lastPid - WRAP) this.#era++;
    this.#lastPid = pid;
  }

  #enter(record: ProcessRecord): void {
    const before = this.#records.get(record.pid);
    if (before !== undefined && before !== record.previous) before.exited = true;
    record.era = this.#era;
    this.#records.set(record.pid, record);
    this.#order.add(record);
    this.#weight += record.weight;
    this.#shrink();
  }

  #shrink(): void {
    const most = this.#capacity * CHARACTERS_EACH;
    while ((this.#order.size > this.#capacity || this.#weight > most) && this.#order.size > 1) {
      this.#evicted++;
      this.#drop(this.#order.oldest!);
    }
  }

  #drop(record: ProcessRecord): void {
    this.#order.remove(record);
    this.#weight -= record.weight;
    if (this.#records.get(record.pid) === record) this.#records.delete(record.pid);
    record.parent = null;
    record.previous = null;
  }

  #markExited(record: ProcessRecord): void {
    record.exited = true;
    this.#order.demote(record);
  }

  #useAncestry(record: ProcessRecord): void {
    let one: ProcessRecord | null = record;
    for (let depth = 0; one !== null && depth < DEPTH; depth++, one = one.parent) this.#order.use(one);
  }

  #enterSeed(facts: SeedFacts): ProcessRecord | null {
    if (!isPid(facts.pid)) {
      if (facts.pid !== 0) this.#nonsense++;
      return null;
    }
    const before = this.#records.get(facts.pid);
    if (before !== undefined && !isOutdated(before, facts)) return before;
    const record = new ProcessRecord({ form: 'plain', ...facts, origin: 'seed', place: '' });
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

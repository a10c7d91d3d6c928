/** How far a fork's pid may lie behind and ahead of the last one: rows of several CPUs interleave, threads take pids too. */
const BEHIND = 64;
const AHEAD = 8_192;
/** A drop from one pid to the next that can only be a wrap. */
const WRAP = 1_024;

/** How far Linux has come in handing out pids, which it does in order and then from the beginning again. */
export class PidOrder {
  /** 0 before the first. */
  last = 0;
  /** How often pids began anew. */
  era = 0;

  moveTo(pid: number): void {
    if (pid < this.last - WRAP) this.era++;
    this.last = pid;
  }

  /** Whether the pid may be the next; `before` stands in for the last where none is known. */
  mayBeNext(pid: number, before: number): boolean {
    const last = this.last === 0 ? before : this.last;
    return pid >= last - BEHIND && pid <= last + AHEAD;
  }
}

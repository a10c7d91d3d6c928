import type { ForkFacts } from './process.ts';
import type { ProcessRecord } from './record.ts';

export interface Unplaced {
  readonly facts: ForkFacts;
  readonly parent: ProcessRecord;
}

const MOST = 512;

/** Fork rows whose pid was not believed, the newest of them, until another row proves or disproves them. */
export class UnplacedForks {
  #forks: Unplaced[] = [];

  add(facts: ForkFacts, parent: ProcessRecord): void {
    if (this.#forks.length >= MOST) this.#forks = this.#forks.slice(MOST / 2);
    this.#forks.push({ facts, parent });
  }

  /** From the oldest to the newest. */
  get all(): readonly Unplaced[] {
    return this.#forks;
  }

  clear(): void {
    this.#forks = [];
  }

  /** The fork that a process of this pid came from, unless its parent's forks are known to be foreign. */
  take(pid: number): Unplaced | null {
    const at = this.#forks.findLastIndex(
      (fork) => fork.facts.pid === pid && fork.parent.forkPids !== 'foreign',
    );
    return at < 0 ? null : (this.#forks.splice(at, 1)[0] ?? null);
  }

  /** Whether this parent's fork of this pid was among them; an exec of that pid proves it right. */
  prove(pid: number, parent: ProcessRecord): boolean {
    if (parent.forkPids !== 'doubtful') return false;
    const at = this.#forks.findLastIndex((fork) => fork.facts.pid === pid && fork.parent === parent);
    if (at >= 0) this.#forks.splice(at, 1);
    return at >= 0;
  }
}

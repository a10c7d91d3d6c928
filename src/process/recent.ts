import { baseName } from './names.ts';
import type { ProcessRecord } from './record.ts';

const SHELLS = new Set(['bash', 'dash', 'sh', 'ash', 'zsh', 'ksh', 'mksh', 'busybox', 'tcsh', 'csh', 'fish']);
const MOST = 40;
const DEPTH = 12;
/** A pid this much greater is from before the pids wrapped around. */
const WRAPPED = 16_384;

/**
 * The last programs started, to guess who forked a process of which only the children are known.
 *
 * A program that works by forking without exec is in most cases a shell with its subshells, and what it started
 * last came shortly before. So from the newest exec backward, each one's ancestors are gone through for the
 * first that could be: the same program where a fork row told which, else a shell; with a smaller pid; and with
 * a fork that is not accounted for, where fork rows are there to tell.
 */
export class RecentExecs {
  readonly #ring: (ProcessRecord | undefined)[] = new Array(MOST);
  #next = 0;

  add(record: ProcessRecord): void {
    this.#ring[this.#next] = record;
    this.#next = (this.#next + 1) % MOST;
  }

  /** From the oldest to the newest. */
  get all(): readonly ProcessRecord[] {
    return [...this.#ring.slice(this.#next), ...this.#ring.slice(0, this.#next)].filter(
      (record) => record !== undefined,
    );
  }

  clear(): void {
    this.#ring.fill(undefined);
  }

  /** Who probably forked the process `pid`, which runs `path` (empty: not known). */
  forkerOf(pid: number, seen: { readonly path: string; readonly forkRows: boolean }): ProcessRecord | null {
    const { path, forkRows } = seen;
    for (let back = 1; back <= MOST; back++) {
      let one: ProcessRecord | null = this.#ring[(this.#next - back + MOST) % MOST] ?? null;
      for (let depth = 0; one !== null && depth < DEPTH; depth++, one = one.parent) {
        const earlier = one.pid < pid || one.pid > pid + WRAPPED;
        if (forkRows && one.openForks <= 0) continue;
        if (earlier && (path === '' ? SHELLS.has(baseName(one.path)) : one.path === path)) return one;
      }
    }
    return null;
  }
}

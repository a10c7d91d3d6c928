/**
 * CPU time of this process, its helper threads (garbage collection, compilation) included, in seconds. Unlike the
 * time on the wall it does not grow when others use the machine, though it still varies with what they do to
 * caches and clocks.
 */
export class CpuClock {
  seconds = 0;
  #from: NodeJS.CpuUsage | null = null;

  /** Runs something on the clock. */
  run<T>(work: () => T): T {
    this.start();
    const value = work();
    this.stop();
    return value;
  }

  start(): void {
    this.#from = process.cpuUsage();
  }

  stop(): void {
    const { user, system } = process.cpuUsage(this.#from ?? undefined);
    this.seconds += (user + system) / 1e6;
    this.#from = null;
  }
}

/** Megabytes of heap in use after a full collection; run with `--expose-gc`. */
export function heapMegabytes(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 1e6;
}

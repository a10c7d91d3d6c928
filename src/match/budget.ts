import { type Runner, SAMPLE_EACH } from './runner.ts';

/** What one rule may cost. */
export interface Budget {
  /** Microseconds, spread over all events of the stream; 250 unless given: a quarter of a core at 1,000 events a second. */
  readonly microsecondsPerEvent?: number;
  /** Events over which the mean is taken; 16,384 unless given. */
  readonly windowEvents?: number;
}

const MICROSECONDS_PER_EVENT = 250;
const WINDOW_EVENTS = 16_384;
/** A rule is stopped when it was over its budget in so many windows, one after the other. */
const WINDOWS = 2;

/**
 * Finds the rules that cost more than they may, from the evaluations whose time was taken. The slowest of each
 * window is left out: it may be the machine that paused, not the rule.
 */
export class BudgetWatch {
  private readonly runners: readonly Runner[];
  private readonly mostMicroseconds: number;
  private readonly windowEvents: number;
  private readonly over = new Map<Runner, number>();
  private events = 0;

  constructor(runners: readonly Runner[], budget: Budget) {
    this.runners = runners;
    this.mostMicroseconds = budget.microsecondsPerEvent ?? MICROSECONDS_PER_EVENT;
    this.windowEvents = budget.windowEvents ?? WINDOW_EVENTS;
  }

  /** Counts an event; at the end of a window stops the rules that were over their budget once too often. */
  count(timeMs: number, stopped: (runner: Runner) => void): void {
    this.events += 1;
    if (this.events < this.windowEvents) return;
    this.events = 0;
    for (const runner of this.runners) {
      if (runner.stopped === null && this.isOver(runner, timeMs)) stopped(runner);
    }
  }

  private isOver(runner: Runner, timeMs: number): boolean {
    const { totalMs, slowestMs } = runner.endWindow();
    const microsecondsPerEvent = ((totalMs - slowestMs) * SAMPLE_EACH * 1000) / this.windowEvents;
    if (microsecondsPerEvent <= this.mostMicroseconds) {
      this.over.delete(runner);
      return false;
    }
    const windows = (this.over.get(runner) ?? 0) + 1;
    this.over.set(runner, windows);
    if (windows < WINDOWS) return false;
    runner.stop({ microsecondsPerEvent, budgetMicroseconds: this.mostMicroseconds, timeMs });
    return true;
  }
}

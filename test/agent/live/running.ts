import type { DetectorBounds } from '../../../src/agent/detector.ts';
import { createDetection, type Detection } from '../../../src/agent/index.ts';
import { parseRuleText } from '../../../src/lang/index.ts';
import type { Rule } from '../../../src/rule/index.ts';
import { createHost } from '../../../src/schema/index.ts';
import type { Store } from '../../../src/store/index.ts';
import { type EventTable, SCHEMA } from './event-table.ts';

export const START_MS = 1_795_500_000_000;

/** A clock that only moves when it is told to. Nobody sleeps for long, unless it `stands`: then until it was moved on. */
export class TestClock {
  readonly slept: number[] = [];
  #ms = START_MS;
  #stands = false;
  readonly #sleepers = new Map<() => void, number>();

  get ms(): number {
    return this.#ms;
  }

  set ms(ms: number) {
    this.#ms = ms;
    this.#wake();
  }

  set stands(stands: boolean) {
    this.#stands = stands;
    this.#wake();
  }

  readonly nowMs = (): number => this.#ms;

  readonly sleep = async (ms: number): Promise<void> => {
    this.slept.push(ms);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#sleepers.set(resolve, this.#ms + ms);
    this.#wake();
    await promise;
    await new Promise(setImmediate);
  };

  #wake(): void {
    for (const [resolve, untilMs] of this.#sleepers) {
      if (this.#stands && this.#ms < untilMs) continue;
      this.#sleepers.delete(resolve);
      resolve();
    }
  }
}

export function rulesOf(text: string): readonly Rule[] {
  const { rules, problems } = parseRuleText('rules.yaml', text);
  if (problems[0] !== undefined) throw problems[0].error;
  return rules;
}

/** Any `bad`, and any program that `bad` started. */
export const RULES = rulesOf(`
id: bad
name: Bad
severity: high
query: process where process.name == "bad"
---
id: child
name: Child of bad
severity: high
query: process where process.parent.name == "bad"
`);

export interface Process {
  readonly detection: Detection;
  /** One run of the scheduled query: the ids of the alerts that osquery would log. */
  scan(batch?: Buffer): Promise<readonly string[]>;
}

export interface ProcessOptions {
  readonly store: Store;
  readonly table: EventTable;
  readonly clock: TestClock;
  readonly rules?: readonly Rule[];
  readonly fills?: boolean;
  readonly budgetMs?: number;
  readonly bounds?: DetectorBounds;
}

/** An extension's process, as far as the live engine goes: what was saved is restored, and it is registered. */
export async function startProcess({ store, table, clock, ...rest }: ProcessOptions): Promise<Process> {
  const { rules = RULES, fills = true, budgetMs = 60_000, bounds = {} } = rest;
  const host = createHost('here');
  const asking = fills ? { ask: table.ask } : {};
  const detection = createDetection({
    rules,
    schema: SCHEMA,
    host,
    store,
    clock,
    budgetMs,
    bounds,
    ...asking,
  });
  detection.live.pause();
  detection.registered();
  await detection.live.restore();
  detection.live.go();
  return {
    detection,
    async scan(batch = table.scan()) {
      const rows = await detection.detect({ batch, stream: 'process_events', rule: undefined });
      return rows.map(({ alert_id }) => alert_id!);
    },
  };
}

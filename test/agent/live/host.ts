import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore, type Store } from '../../../src/store/index.ts';
import { EventTable, type Exec } from './event-table.ts';
import { type Process, type ProcessOptions, rulesOf, startProcess, TestClock } from './running.ts';

/** Alerts of one row, of two rows in turn by one `key`, and of rows counted by it. */
const rulesBy = (key: string): string => `
id: bad
name: Bad
severity: high
query: process where process.name == "bad"
---
id: pair
name: Two in turn
severity: low
query: |
  sequence by ${key} with maxspan=1h
    [process where process.name == "bad"]
    [process where process.name == "ls"]
---
id: often
name: Often
severity: low
query: "process.name: ls"
language: kql
threshold: { by: [${key}], at_least: 4, within: 1h }
`;
/** And of a row and its parent's. */
const RULES = rulesOf(`${rulesBy('process.parent.pid')}
---
id: child
name: Child of bad
severity: high
query: process where process.parent.name == "bad"
`);
/** What they ask for is all in the row: one that waited for its parent's row for half a minute goes on without. */
const PATIENT = rulesOf(rulesBy('process.pid'));
/** How many steps osquery answers nothing for: longer than rows wait, shorter than the order does. */
const DEAF_STEPS = 10;

export type Step =
  | { readonly kind: 'events'; readonly execs: readonly Exec[] }
  /** `answered`: osquery logs the answer. `unread`: its worker dies before. `unheard`: we die before it goes out. */
  | { readonly kind: 'scan'; readonly end: 'answered' | 'unread' | 'unheard'; readonly batch: number }
  /** osquery refuses to answer our questions for a while, or leaves them without an answer. */
  | { readonly kind: 'refuses' | 'hangs' }
  /** Killed between two calls, with or without core's own end. */
  | { readonly kind: 'kill' | 'end' | 'snapshot' | 'registered' | 'byHand' | 'failed' };

/** A host: osquery with its event table and its log, and one extension's process after the other. */
export class Host {
  readonly table = new EventTable();
  readonly clock = new TestClock();
  readonly logged: string[] = [];
  disturbed = false;
  readonly #folder = mkdtempSync(join(tmpdir(), 'crash-'));
  #images = 0;
  /** How often the schedule's query ran since the first row. */
  #scans = 0;
  #path = join(this.#folder, 'store0.db');
  #store!: Store;
  #process!: Process;
  readonly #options: Pick<ProcessOptions, 'rules' | 'budgetMs'>;
  #deafSteps = 0;
  #answer = (): void => {};

  /** `isDeaf`: a host whose osquery is deaf at times. */
  constructor({ isDeaf = false } = {}) {
    this.#options = isDeaf ? { rules: PATIENT, budgetMs: 80 } : { rules: RULES };
  }

  async start(): Promise<void> {
    const { table, clock } = this;
    this.#store = await openStore({ path: this.#path, nowMs: clock.nowMs });
    this.#process = await startProcess({ store: this.#store, table, clock, ...this.#options });
  }

  async take(step: Step): Promise<void> {
    this.clock.ms += 10_000;
    if (this.#deafSteps === 1) await this.#hear();
    else if (this.#deafSteps > 0) this.#deafSteps--;
    await this.#step(step);
    // Ten seconds are time enough for the background.
    if (this.#deafSteps === 0) await this.#idle();
  }

  async #step(step: Step): Promise<void> {
    switch (step.kind) {
      case 'events':
        return this.table.store(step.execs, this.clock.ms);
      case 'scan':
        return this.#scan(step.end, step.batch);
      case 'byHand':
        // Before and right after the very first scan nobody can tell which of the two was the schedule's.
        this.disturbed ||= this.#scans < 2;
        await this.#process.scan(this.table.scanByHand());
        return;
      case 'failed':
        // Core reads the rows, and the call does not come through. What came before the first call was not ours yet.
        if (this.#scans > 0) this.table.scan();
        return;
      case 'refuses':
      case 'hangs':
        if (this.#deafSteps === 0) this.#deafen(step.kind);
        return;
      case 'registered':
        this.disturbed = true;
        return this.#process.detection.registered();
      case 'snapshot':
        return this.#process.detection.live.save();
      case 'kill':
        return this.#kill();
      case 'end':
        this.disturbed = true;
        await this.#process.detection.live.save();
        this.#store.close();
        return this.start();
    }
  }

  #deafen(kind: 'refuses' | 'hangs'): void {
    this.#deafSteps = DEAF_STEPS;
    this.clock.stands = true;
    if (kind === 'hangs') this.#answer = this.table.answerNothing();
    else this.table.failure = new Error('refused');
  }

  /** osquery answers again, and what was wanted meanwhile is looked for. */
  async #hear(): Promise<void> {
    this.#deafSteps = 0;
    this.table.failure = null;
    this.#answer();
    this.clock.stands = false;
    await this.#idle();
  }

  /** Runs the schedule until nothing comes any more. */
  async settle(): Promise<void> {
    await this.#hear();
    this.#process.detection.live.catchUp();
    await this.#idle();
    for (let quiet = 0; quiet < 3; ) {
      const before = this.logged.length;
      await this.take({ kind: 'scan', end: 'answered', batch: 20_000 });
      quiet = this.logged.length === before ? quiet + 1 : 0;
    }
  }

  /** Waits until nothing is looked for any more. */
  async #idle(): Promise<void> {
    const { live } = this.#process.detection;
    for (let turn = 0; turn < 10 || live.health.filler?.table !== null; turn++)
      await new Promise(setImmediate);
  }

  close(): void {
    this.#store.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  get process(): Process {
    return this.#process;
  }

  async #scan(end: 'answered' | 'unread' | 'unheard', batch: number): Promise<void> {
    const rows = await this.#process.scan(this.table.scan(this.#scans > 0 ? batch : 20_000));
    if (this.table.rows.length > 0) this.#scans++;
    if (end === 'answered') {
      this.logged.push(...rows);
    } else if (end === 'unread') {
      this.disturbed = true;
      this.#process.detection.registered();
    } else {
      await this.#kill();
    }
  }

  /** A new process on what this one left on disk at this moment. */
  async #kill(): Promise<void> {
    this.disturbed = true;
    const image = join(this.#folder, `store${++this.#images}.db`);
    for (const suffix of ['', '-wal']) {
      if (existsSync(`${this.#path}${suffix}`)) copyFileSync(`${this.#path}${suffix}`, `${image}${suffix}`);
    }
    this.#store.close();
    this.#path = image;
    await this.start();
  }
}

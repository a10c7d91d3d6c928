import {
  type Budget,
  createEngine,
  createEngineInTurns,
  type Engine,
  type EngineOptions,
  type EventCodec,
  type Match,
  type RuleCounters,
  type RuleFault,
  type RuleStopped,
} from '../match/index.ts';
import { createProcessTree, type Process, type ProcessTree } from '../process/index.ts';
import type { EventQuery, Rule } from '../rule/index.ts';
import {
  createReader,
  type Host,
  type OsqueryEvent,
  type Reader,
  type ReaderState,
  type RowReader,
  type Schema,
  tablesThatHold,
} from '../schema/index.ts';
import { type Alert, createAlert } from './alert.ts';
import type { RowValues } from './batch/index.ts';
import { narrowToIndices } from './indices.ts';
import { createFieldReader, type FieldReader } from './overrides.ts';
import { RuleOutput, type Suppression } from './rule-output.ts';
import { type RuleStats, RuleTotals } from './rule-stats.ts';
import { createTurns } from './turns.ts';

export interface DetectorOptions {
  readonly rules: readonly Rule[];
  readonly schema: Schema;
  readonly host: Host;
  readonly onAlert: (alert: Alert) => void;
  /** Called when reading a row or making an alert failed: the others go on. Without it, such a failure is thrown. */
  readonly onFailure?: (error: unknown) => void;
  /** Called for each process whose own row was read. */
  readonly onProcess?: (process: Process) => void;
  /** Called for each rule that was stopped for its cost. */
  readonly onStop?: (rule: Rule, stopped: RuleStopped) => void;
  readonly bounds?: DetectorBounds;
}

/** Rows of one table, their values in the order of `columns`. */
export interface RowBlock {
  readonly table: string;
  readonly columns: readonly string[];
  readonly rows: readonly RowValues[];
}

/** How rows come that are not simply in their order. */
export interface Arrival {
  /** After later ones of their table. */
  readonly late?: boolean;
  /** No row of their table that comes later belongs before them. */
  readonly complete?: boolean;
}

/** What a detector may hold, and for how long it waits. */
export interface DetectorBounds {
  /** How much older than the newest row a row may be and still be put in its place; 2 minutes unless given. */
  readonly slackMs?: number;
  /** How long new-terms rules only learn; a day, or their history where that is shorter, unless given. */
  readonly learnMs?: number;
  /** Open sequences, keys or terms that each rule may hold; 10,000 unless given. */
  readonly mostHeld?: number;
  /** Processes that are remembered; 50,000 unless given. */
  readonly mostProcesses?: number;
  /** What each rule may cost; a quarter of a core at 1,000 events a second unless given. */
  readonly budget?: Budget;
}

/** What a detector knows, as JSON values. */
export interface DetectorState extends ReaderState {
  readonly engine: unknown;
  /** By rule id: what its suppression and its bound of alerts remember. */
  readonly outputs: Readonly<Record<string, unknown>>;
}

type RulesState = Omit<DetectorState, keyof ReaderState>;

/** Events that stay in this process need not be told of. */
const AS_THEY_ARE: EventCodec = { save: (event) => event, load: (saved) => saved as OsqueryEvent };

export const SLACK_MS = 120_000;

/**
 * Rules at work on osquery's rows: reads them into events, keeps the process tree, runs the engine, makes alerts.
 *
 * The rules can be replaced while it runs; the state of those that stay the same lives on, in the new ones.
 */
export class Detector {
  readonly tree: ProcessTree;
  readonly #reader: Reader;
  #engine: Engine;
  readonly #host: Host;
  readonly #schema: Schema;
  readonly #bounds: Omit<EngineOptions, 'rules' | 'fields' | 'onStop'>;
  readonly #fields: FieldReader;
  readonly #onAlert: (alert: Alert) => void;
  readonly #onFailure: ((error: unknown) => void) | undefined;
  readonly #onStop: DetectorOptions['onStop'];
  readonly #onProcess: ((process: Process) => void) | undefined;
  #outputs: ReadonlyMap<Rule, RuleOutput>;
  readonly #totals = new RuleTotals();
  readonly #pushed = new Set<RuleOutput>();
  readonly #rowReaders = new WeakMap<readonly string[], RowReader>();

  constructor({ rules, schema, host, bounds = {}, ...told }: DetectorOptions) {
    const { mostProcesses, ...engineBounds } = bounds;
    this.tree = createProcessTree(mostProcesses === undefined ? {} : { capacity: mostProcesses });
    this.#host = host;
    this.#reader = createReader({ schema, tree: this.tree, host });
    this.#schema = schema;
    this.#bounds = { slackMs: SLACK_MS, ...engineBounds };
    this.#onStop = told.onStop;
    const enabled = enabledOf(rules);
    this.#engine = createEngine(this.#engineOptions(enabled));
    this.#outputs = this.#outputsOf(enabled);
    this.#fields = createFieldReader(schema.fields);
    this.#onAlert = told.onAlert;
    this.#onFailure = told.onFailure;
    this.#onProcess = told.onProcess;
  }

  /**
   * Reads the rows in the order given and reports what matches. With `onFailure`, one row that fails, or one alert, does
   * not stop the others.
   */
  take({ table, columns, rows }: RowBlock, { late = false, complete = false }: Arrival = {}): void {
    const read = this.#rowReader(table, columns);
    if (read === null) return;
    for (const row of rows) {
      try {
        const event = read(row, late);
        if (event === null) continue;
        this.#engine.push(event, this.#found, complete);
        // The row of the exec itself: the process was first seen there.
        if (event.process !== null && event.process.place === event.eid) this.#onProcess?.(event.process);
      } catch (error) {
        this.#fail(error);
      }
    }
    this.#flush();
  }

  /** Says that no row from before `nowMs` will come any more. */
  advance(nowMs: number): void {
    this.#engine.advance(nowMs, this.#found);
    this.#flush();
  }

  /** Tells the tree of the processes that are there: rows of the table `processes`. */
  seed(processes: readonly Readonly<Record<string, unknown>>[]): void {
    this.#reader.seed(processes);
  }

  /**
   * Takes other rules. Those that are the same, but for what does not change what they match, keep their state. They
   * are compiled a few milliseconds at a time, and until then the rules before go on; one set after the other.
   */
  async replaceRules(rules: readonly Rule[]): Promise<void> {
    const enabled = enabledOf(rules);
    const compiled = await createEngineInTurns(this.#engineOptions(enabled), createTurns());
    const { engine, outputs } = this.#saveRules(AS_THEY_ARE);
    this.#totals.keep(this.counters, this.#outputs);
    this.#engine = compiled;
    this.#outputs = this.#outputsOf(enabled);
    this.#loadRules({ engine, outputs }, AS_THEY_ARE);
  }

  /** The state between two batches. */
  save(): DetectorState {
    const events = this.#reader.beginSave();
    const rules = this.#saveRules({ ...AS_THEY_ARE, save: (event) => events.save(event as OsqueryEvent) });
    return { ...events.finish(), ...rules };
  }

  /**
   * Takes a saved state back into a detector that has read nothing. Gives what of it was refused, `tree` or ids
   * of rules that have changed since: those begin without.
   */
  load(state: DetectorState): readonly string[] {
    const events = this.#reader.load(state);
    const refused = this.#loadRules(state, {
      ...AS_THEY_ARE,
      load(saved) {
        const event = events.load(saved);
        if (event === null) throw new Error('a saved event that cannot be read');
        return event;
      },
    });
    return events.hasTree ? refused : ['tree', ...refused];
  }

  get counters(): readonly RuleCounters[] {
    return this.#engine.counters;
  }

  /** Events that wait for their place in the order. */
  get waiting(): number {
    return this.#engine.waiting;
  }

  /** What each rule has done, also before it was replaced by another version of itself. */
  get stats(): readonly RuleStats[] {
    return this.#totals.of(this.counters, this.#outputs);
  }

  /** Rules that could not be compiled. */
  get faults(): readonly RuleFault[] {
    return this.#engine.faults;
  }

  get reader(): Reader {
    return this.#reader;
  }

  #engineOptions(rules: readonly Rule[]): EngineOptions {
    const onStop = ({ rule, stopped }: RuleCounters): void => {
      if (stopped !== null) this.#onStop?.(rule, stopped);
    };
    const schema = this.#schema;
    const sourcesOf = (query: EventQuery): readonly string[] => tablesThatHold(query, schema);
    return { rules, fields: schema.fields, sourcesOf, onStop, ...this.#bounds };
  }

  #outputsOf(rules: readonly Rule[]): ReadonlyMap<Rule, RuleOutput> {
    const { fields } = this.#schema;
    const tell = this.#tell.bind(this);
    return new Map(rules.map((rule) => [rule, new RuleOutput(rule, fields, tell)]));
  }

  #saveRules(codec: EventCodec): RulesState {
    const outputs = [...this.#outputs].map(([rule, output]) => [rule.id, output.save()] as const);
    return { engine: this.#engine.save(codec), outputs: Object.fromEntries(outputs) };
  }

  #loadRules({ engine, outputs }: RulesState, codec: EventCodec): readonly string[] {
    const refused = new Set(this.#engine.load(engine, codec));
    for (const [rule, output] of this.#outputs) {
      const saved = outputs[rule.id];
      if (saved !== undefined && !output.load(saved)) refused.add(rule.id);
    }
    return [...refused];
  }

  /** A row reader is made once for each list of columns; the columns of a stream are always the same list. */
  #rowReader(table: string, columns: readonly string[]): RowReader | null {
    const known = this.#rowReaders.get(columns);
    if (known !== undefined) return known;
    const made = this.#reader.open(table, columns);
    if (made !== null) this.#rowReaders.set(columns, made);
    return made;
  }

  readonly #found = (rule: Rule, match: Match): void => {
    const output = this.#outputs.get(rule)!;
    output.push(match);
    this.#pushed.add(output);
  };

  /** Ends the batch for the rules that matched in it. */
  #flush(): void {
    for (const output of this.#pushed) output.flush();
    this.#pushed.clear();
  }

  #tell(rule: Rule, match: Match, suppression: Suppression | null): void {
    try {
      const context = { hostId: this.#host.id, read: this.#fields, suppression };
      this.#onAlert(createAlert(rule, match, context));
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    if (this.#onFailure === undefined) throw error;
    this.#onFailure(error);
  }
}

function enabledOf(rules: readonly Rule[]): readonly Rule[] {
  return rules.filter((rule) => rule.enabled).map(narrowToIndices);
}

import { createEngine, type Engine, type Match, type RuleCounters, type RuleFault } from '../match/index.ts';
import { createProcessTree, type ProcessTree } from '../process/index.ts';
import type { Rule } from '../rule/index.ts';
import { createReader, type Host, type Reader, type RowReader, type Schema } from '../schema/index.ts';
import { type Alert, createAlert } from './alert.ts';
import type { Batch } from './batch.ts';
import { narrowToIndices } from './indices.ts';
import { createFieldReader, type FieldReader } from './overrides.ts';
import { RuleOutput, type Suppression } from './rule-output.ts';

export interface DetectorOptions {
  readonly rules: readonly Rule[];
  readonly schema: Schema;
  readonly host: Host;
  readonly onAlert: (alert: Alert) => void;
  /** How much older than the newest row a row may be and still be put in its place; 2 minutes unless given. */
  readonly slackMs?: number;
}

const SLACK_MS = 120_000;

/** Rules at work on osquery's rows: reads them into events, keeps the process tree, runs the engine, makes alerts. */
export class Detector {
  readonly tree: ProcessTree;
  readonly #reader: Reader;
  readonly #engine: Engine;
  readonly #host: Host;
  readonly #fields: FieldReader;
  readonly #onAlert: (alert: Alert) => void;
  readonly #outputs: ReadonlyMap<Rule, RuleOutput>;
  readonly #pushed = new Set<RuleOutput>();
  readonly #rowReaders = new WeakMap<readonly string[], RowReader>();

  constructor({ rules, schema, host, onAlert, slackMs = SLACK_MS }: DetectorOptions) {
    this.tree = createProcessTree();
    this.#host = host;
    this.#reader = createReader({ schema, tree: this.tree, host });
    const enabled = rules.filter((rule) => rule.enabled).map(narrowToIndices);
    this.#engine = createEngine({ rules: enabled, fields: schema.fields, slackMs });
    this.#outputs = new Map(
      enabled.map((rule) => [rule, new RuleOutput(rule, schema.fields, (...told) => this.#tell(...told))]),
    );
    this.#fields = createFieldReader(schema.fields);
    this.#onAlert = onAlert;
  }

  /** Reads the rows in the order given and reports what matches. */
  take({ table, columns, rows }: Batch): void {
    const read = this.#rowReader(table, columns);
    if (read === null) return;
    for (const row of rows) {
      const event = read(row);
      if (event !== null) this.#engine.push(event, this.#found);
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

  get counters(): readonly RuleCounters[] {
    return this.#engine.counters;
  }

  /** Rules that could not be compiled. */
  get faults(): readonly RuleFault[] {
    return this.#engine.faults;
  }

  get reader(): Reader {
    return this.#reader;
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
    this.#onAlert(
      createAlert(rule, match, {
        hostId: this.#host.id,
        read: this.#fields,
        suppression,
      }),
    );
  }
}

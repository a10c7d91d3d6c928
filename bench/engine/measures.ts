import { ROWS_AT_ONCE } from '../../src/agent/batch/index.ts';
import { createDetection, createDetectionsTable, readBatch } from '../../src/agent/index.ts';
import { createEngine, type Engine, type EngineOptions } from '../../src/match/index.ts';
import { createTable, type Plugin } from '../../src/osquery/index.ts';
import {
  createHost,
  createSchema,
  type OsqueryEvent,
  type Schema,
  tablesThatHold,
} from '../../src/schema/index.ts';
import { openStore } from '../../src/store/index.ts';
import { CpuClock } from './cpu.ts';
import { type RecordedBatch, Recordings, recordedProcesses } from './recordings.ts';
import { loadBenchRules, rulesOf } from './rules.ts';
import { measureSequences } from './sequences.ts';
import { askPerRule } from './sqlite.ts';
import { eventStream } from './stream.ts';

/** How much is measured. */
export interface Scale {
  readonly events: number;
  readonly slowEvents: number;
  readonly sequenceEvents: number;
}

export const WHOLE: Scale = {
  events: 1_000_000,
  slowEvents: 66_000,
  sequenceEvents: 1_000_000,
};
export const QUICK: Scale = {
  events: 88_000,
  slowEvents: 6000,
  sequenceEvents: 120_000,
};

/** What a measure found: numbers by name, units in the names. */
export type Figures = Readonly<Record<string, number>>;
export type Measure = (scale: Scale) => Promise<Figures>;

/** What the small scale leaves out: they only show how the others come about. */
export const LEFT_OUT_WHEN_QUICK: readonly string[] = ['engineUnlike', 'growth1000', 'copies10000'];

/** Held against each other, and short: they are measured `TURNS` times, by turns, and the median of each is told. */
export const MEASURED_BY_TURNS: readonly string[] = ['growth100', 'growth1000', 'growth10000', 'copies10000'];
export const TURNS = 3;

/** Each runs in a process of its own, so that none finds the caches and the optimized code of another. */
export const MEASURES: Readonly<Record<string, Measure>> = {
  engine: (scale) => measureEngine(scale.events, {}),
  engineUnlike: (scale) => measureEngine(scale.events / 4, { unlike: true }),
  unindexed: (scale) => measureEngine(scale.slowEvents, { index: false }),
  sqlite: measureSqlite,
  decodeLines: measureLines,
  decodeContext: measureContext,
  whole: measureWhole,
  growth100: (scale) => measureSize(100, scale),
  growth1000: (scale) => measureSize(1000, scale),
  growth10000: (scale) => measureSize(10_000, scale),
  copies10000: (scale) => measureSize(10_000, scale, 100),
  sequences: async ({ sequenceEvents }) => measureSequences(sequenceEvents),
};

/** As in the detector. */
function engineOptions(schema: Schema): Omit<EngineOptions, 'rules'> {
  return {
    fields: schema.fields,
    slackMs: 120_000,
    sourcesOf: (query) => tablesThatHold(query, schema),
  };
}

/** Events before the clock runs, for the compiler. */
const WARM_UP = 44_000;
/** More, where few events are measured. */
const LONG_WARM_UP = 132_000;

interface EngineSetting {
  readonly index?: boolean;
  readonly unlike?: boolean;
}

async function measureEngine(events: number, { index = true, unlike = false }: EngineSetting) {
  const schema = createSchema('linux');
  const { rules, corpus } = await loadBenchRules(schema);
  const engine = createEngine({ rules, ...engineOptions(schema), index });
  const warmUp = index ? WARM_UP : 4000;
  const { cost, matches } = push(engine, { schema, events: events + warmUp, warmUp, unlike });
  const evaluated = engine.counters.reduce((sum, one) => sum + one.evaluated, 0);
  return {
    rules: rules.length,
    isElastic: corpus === 'elastic' ? 1 : 0,
    events,
    matches,
    evaluatedPerEvent: evaluated / (events + warmUp),
    ...cost,
  };
}

/** Pushes events and gives the cost of those after the warm-up. */
function push(
  engine: Engine,
  { warmUp, ...options }: { schema: Schema; events: number; warmUp: number; unlike?: boolean },
) {
  const clock = new CpuClock();
  let matches = 0;
  let pushed = 0;
  let timed = 0;
  const found = (): void => {
    matches += 1;
  };
  const take = (events: readonly OsqueryEvent[]): void => {
    for (const event of events) engine.push(event, found, true);
  };
  for (const events of eventStream(options)) {
    if (pushed < warmUp) take(events);
    else {
      clock.run(() => take(events));
      timed += events.length;
    }
    pushed += events.length;
  }
  return { matches, cost: perEvent(clock, timed) };
}

function perEvent({ seconds }: CpuClock, events: number) {
  return { microsecondsPerEvent: (seconds / events) * 1e6, eventsPerSecond: events / seconds };
}

async function measureSqlite({ slowEvents }: Scale) {
  const schema = createSchema('linux');
  const { rules } = await loadBenchRules(schema);
  const { queries, rows, seconds } = askPerRule(rules, schema, slowEvents / 4);
  return {
    queries,
    events: rows,
    microsecondsPerEvent: (seconds / rows) * 1e6,
    eventsPerSecond: rows / seconds,
  };
}

async function measureLines({ events }: Scale) {
  const clock = new CpuClock();
  let rows = 0;
  let timed = 0;
  for (const batch of decodable(events)) {
    const lines = batch.lines();
    const parse = (): void => {
      for (const line of lines) rows += typeof JSON.parse(line) === 'object' ? 1 : 0;
    };
    if (rows < WARM_UP) parse();
    else {
      clock.run(parse);
      timed += lines.length;
    }
  }
  return { events: timed, ...perEvent(clock, timed) };
}

function decodable(events: number): Iterable<RecordedBatch> {
  return new Recordings({ schema: createSchema('linux'), batchSize: 20_000 }).rows(events / 2 + WARM_UP);
}

/** The scan feed's context to rows, the way the extension decodes it, and nothing more. */
async function measureContext({ events }: Scale) {
  const schema = createSchema('linux');
  let rows = 0;
  const table = createTable({
    name: 'detections',
    columns: [],
    generate({ constraints }) {
      const batch = constraints.get('batch')!.list[0]!.bytes;
      const stream = constraints.get('stream')!.list[0]!.text;
      const read = readBatch(batch, stream, (name) => schema.tables.get(name)?.reads).rows;
      for (let at = 0; at < read.length; at += ROWS_AT_ONCE) {
        rows += read.read(at, Math.min(at + ROWS_AT_ONCE, read.length)).length;
      }
      return [];
    },
  });
  const clock = new CpuClock();
  let timed = 0;
  for (const batch of decodable(events)) {
    const isTimed = rows >= WARM_UP;
    await generate(table, batch.context(), isTimed ? clock : new CpuClock());
    if (isTimed) timed += batch.size;
  }
  return { events: timed, ...perEvent(clock, timed) };
}

async function measureWhole({ events }: Scale) {
  const schema = createSchema('linux');
  const { rules } = await loadBenchRules(schema);
  let nowMs = 0;
  const store = await openStore({ path: null });
  const now = { clock: { nowMs: () => nowMs, sleep: async () => {} }, budgetMs: 600_000 };
  const detection = createDetection({ rules, schema, host: createHost('bench'), store, ...now });
  detection.live.detector.seed(recordedProcesses());
  const table = createDetectionsTable(detection.detect);
  const clock = new CpuClock();
  let alerts = 0;
  let pushed = 0;
  let timed = 0;
  for (const batch of new Recordings({ schema, batchSize: 20_000 }).rows(events / 2 + WARM_UP)) {
    nowMs = batch.lastSecond * 1000;
    const isTimed = pushed >= WARM_UP;
    alerts += await generate(table, batch.context(), isTimed ? clock : new CpuClock());
    pushed += batch.size;
    if (isTimed) timed += batch.size;
  }
  return { rules: rules.length, events: timed, alerts, ...perEvent(clock, timed) };
}

/** The answer's rows. */
async function generate(table: Plugin, context: Buffer, clock: CpuClock): Promise<number> {
  const action = Buffer.from('generate');
  clock.start();
  const { status, rows } = await table.call(
    new Map([
      ['action', action],
      ['context', context],
    ]),
  );
  clock.stop();
  if (status.code !== 0) throw new Error(status.message);
  return rows.length;
}

/** `real`: how many of the rules are the corpus's own, all of it unless given; the others are copies. */
async function measureSize(count: number, { events }: Scale, real?: number) {
  const schema = createSchema('linux');
  const rules = rulesOf((await loadBenchRules(schema)).rules, count, real);
  const load = new CpuClock();
  const engine = load.run(() => {
    const made = createEngine({ rules, ...engineOptions(schema) });
    // What loading leaves behind is its own cost, not that of some event after it.
    globalThis.gc?.();
    return made;
  });
  const timed = events / 4;
  const { cost } = push(engine, { schema, events: timed + LONG_WARM_UP, warmUp: LONG_WARM_UP });
  const evaluated = engine.counters.reduce((sum, one) => sum + one.evaluated, 0);
  return {
    rules: rules.length,
    loadSeconds: load.seconds,
    evaluatedPerEvent: evaluated / (timed + LONG_WARM_UP),
    ...cost,
  };
}

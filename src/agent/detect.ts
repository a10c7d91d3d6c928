import { createHash } from 'node:crypto';
import { compileRuleText } from '../lang/index.ts';
import type { Rule } from '../rule/index.ts';
import { createStreamOrder, type Host, type Schema, type StreamOrder } from '../schema/index.ts';
import { RuleError } from '../text/index.ts';
import type { Alert } from './alert.ts';
import { type Batch, BatchError, readBatch } from './batch.ts';
import type { Detect, Request } from './detections-table.ts';
import { Detector } from './detector.ts';

/** How many rules given by queries keep a stream of their own. The longest unused makes room for a new one. */
const MOST_AD_HOC = 64;
/** A stream that was not heard of for so long holds nobody back. */
const FORGET_STREAM_MS = 300_000;

export interface DetectOptions {
  readonly rules: readonly Rule[];
  readonly schema: Schema;
  readonly host: Host;
  readonly nowMs?: () => number;
}

/** The answer to queries over `detections`, and the live detector with the installed rules behind it. */
export interface Detection {
  readonly detect: Detect;
  readonly live: Detector;
}

/**
 * Makes what answers queries over `detections`.
 *
 * With `stream`, rows go to the live detector (or to the one that the query's `rule` keeps): its process tree
 * and state live on, and only rows newer than the stream's position count, so that running a pack's query by
 * hand repeats nothing. Without, the rows given are all there is: a fresh detector judges them in their order
 * and is forgotten.
 */
export function createDetection(options: DetectOptions): Detection {
  const { schema, host, nowMs = Date.now } = options;
  const installed = new LiveStreams(options.rules, schema, host);
  const adHoc = new Map<string, LiveStreams>();

  const ruleOf = (text: string): Rule => options.rules.find(({ id }) => id === text) ?? compile(text);

  const streamsOf = (text: string | undefined): LiveStreams => {
    if (text === undefined) return installed;
    const key = createHash('sha256').update(text).digest('hex');
    const streams = adHoc.get(key) ?? new LiveStreams([ruleOf(text)], schema, host);
    refuseFaults(streams.detector);
    adHoc.delete(key);
    adHoc.set(key, streams);
    if (adHoc.size > MOST_AD_HOC) adHoc.delete(adHoc.keys().next().value!);
    return streams;
  };

  const detect = ({ batch: json, stream, rule }: Request): readonly Alert[] => {
    const batch = readBatch(json, stream, (table) => schema.tables.get(table)?.reads);
    if (stream !== undefined) return streamsOf(rule).take(batch, nowMs());
    return judge(batch, rule === undefined ? options.rules : [ruleOf(rule)]);
  };

  /** Stateless: rows in their order, all of them certain at once. */
  const judge = (batch: Batch, rules: readonly Rule[]): readonly Alert[] => {
    const alerts: Alert[] = [];
    const detector = new Detector({ rules, schema, host, onAlert: (alert) => alerts.push(alert) });
    if (rules !== options.rules) refuseFaults(detector);
    detector.take(batch);
    detector.advance(Number.MAX_SAFE_INTEGER);
    return alerts;
  };

  return { detect, live: installed.detector };
}

/** One detector and how far each of its streams has come. */
class LiveStreams {
  readonly detector: Detector;
  readonly #orders = new Map<string, StreamOrder>();
  readonly #heardMs = new Map<string, number>();
  #alerts: Alert[] = [];

  constructor(rules: readonly Rule[], schema: Schema, host: Host) {
    this.detector = new Detector({ rules, schema, host, onAlert: (alert) => this.#alerts.push(alert) });
  }

  /** Takes what is new of a batch, and gives the alerts that are complete by now. */
  take(batch: Batch, nowMs: number): readonly Alert[] {
    this.#heardMs.set(batch.table, nowMs);
    this.detector.take({ ...batch, rows: this.#fresh(batch) });
    this.detector.advance(this.#settledMs(nowMs));
    const alerts = this.#alerts;
    this.#alerts = [];
    return alerts;
  }

  /** The rows that were not taken before, oldest first. A bounded scan query gives the newest first. */
  #fresh({ table, columns, rows }: Batch): Batch['rows'] {
    const eid = columns.indexOf('eid');
    const time = columns.indexOf('time');
    if (eid < 0) return rows;
    const order = this.#orders.get(table) ?? createStreamOrder();
    this.#orders.set(table, order);
    const placed = rows.map((row) => ({ row, serial: Number(row[eid]) }));
    placed.sort((a, b) => a.serial - b.serial);
    return placed
      .filter(({ row, serial }) => order.place(serial, Number(row[time]) * 1000) !== 'duplicate')
      .map(({ row }) => row);
  }

  /**
   * The moment before which nothing new can come: osquery stamps a row when it stores it, so a scan brings all
   * that was stored before it ran. The stream that was scanned longest ago decides.
   */
  #settledMs(nowMs: number): number {
    let settled = nowMs;
    for (const [table, heardMs] of this.#heardMs) {
      if (nowMs - heardMs > FORGET_STREAM_MS) this.#heardMs.delete(table);
      else settled = Math.min(settled, heardMs);
    }
    return settled - 1000;
  }
}

function compile(text: string): Rule {
  try {
    return compileRuleText(text);
  } catch (error) {
    if (error instanceof RuleError) throw new BatchError(error.headline(), { cause: error });
    throw error;
  }
}

/** A rule that a query brings along and that cannot run is the error of that query. */
function refuseFaults(detector: Detector): void {
  const fault = detector.faults[0];
  if (fault === undefined) return;
  const { error } = fault;
  const reason = error instanceof Error ? error.message : String(error);
  throw new BatchError(`rule "${fault.rule.name}": ${reason}`, { cause: error });
}

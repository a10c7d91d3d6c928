import { createHash } from 'node:crypto';
import { compileRuleText } from '../lang/index.ts';
import type { Rule } from '../rule/index.ts';
import { RuleError } from '../text/index.ts';
import type { Alert } from './alert.ts';
import { type AlertRow, alertDocument, alertRow } from './alert-row.ts';
import { type Batch, BatchError, readBatch } from './batch.ts';
import type { Detect } from './detections-table.ts';
import { Detector } from './detector.ts';
import { Live, type LiveOptions } from './live/live.ts';

/** How many rules given by queries keep a stream of their own. The longest unused makes room for a new one. */
const MOST_AD_HOC = 64;
/** How many processes each of them remembers. */
const MOST_AD_HOC_PROCESSES = 4_000;

/** As for one live engine; `ask`, without which missing rows are not looked for, is for that of the installed rules. */
export type DetectOptions = Omit<LiveOptions, 'feed' | 'keepsState'>;

/** The answer to queries over `detections`, and the live engine with the installed rules behind it. */
export interface Detection {
  readonly detect: Detect;
  readonly live: Live;
  /** Registered with osquery anew: alerts whose arrival did not show are returned again. */
  registered(): void;
  /** Takes other installed rules; the state of those that stay the same lives on. */
  replaceRules(rules: readonly Rule[]): void;
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
  const { schema, host } = options;
  // Rules that queries bring along have no background of their own: what it does grows with the installed rules alone.
  const { ask: _ask, proc: _proc, ...shared } = options;
  const bounds = { ...options.bounds, mostProcesses: MOST_AD_HOC_PROCESSES };
  let { rules } = options;
  const live = new Live({ ...options, feed: '', keepsState: true });
  const adHoc = new Map<string, Live>();
  /** Those of them whose query means an installed rule by its id. */
  const namedById = new Set<string>();

  const ruleOf = (text: string): Rule => rules.find(({ id }) => id === text) ?? compile(text);

  const liveOf = (text: string | undefined): Live => {
    if (text === undefined) return live;
    const feed = createHash('sha256').update(text).digest('hex');
    const known = adHoc.get(feed);
    if (known === undefined && rules.some(({ id }) => id === text)) namedById.add(feed);
    const found = known ?? new Live({ ...shared, bounds, rules: [ruleOf(text)], feed });
    refuseFaults(found.detector);
    adHoc.delete(feed);
    adHoc.set(feed, found);
    if (adHoc.size > MOST_AD_HOC) adHoc.delete(adHoc.keys().next().value!);
    return found;
  };

  /** Stateless: rows in their order, all of them certain at once. */
  const judge = (batch: Batch, text: string | undefined): readonly AlertRow[] => {
    const judging = text === undefined ? rules : [ruleOf(text)];
    const rows: AlertRow[] = [];
    const onAlert = (alert: Alert) => rows.push({ ...alertRow(alert), alert: alertDocument(alert) });
    const detector = new Detector({ rules: judging, schema, host, onAlert });
    if (text !== undefined) refuseFaults(detector);
    detector.take(batch);
    detector.advance(Number.MAX_SAFE_INTEGER);
    return rows;
  };

  return {
    live,
    detect({ batch: json, stream, rule, sent }) {
      const batch = readBatch(json, stream, (table) => schema.tables.get(table)?.reads);
      if (stream !== undefined) return liveOf(rule).answer(batch, sent);
      return judge(batch, rule);
    },
    registered() {
      for (const one of [live, ...adHoc.values()]) one.registered();
    },
    replaceRules(others) {
      rules = others;
      live.replaceRules(others);
      for (const feed of namedById) adHoc.delete(feed);
      namedById.clear();
    },
  };
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

import { createHash } from 'node:crypto';
import { compileRuleText } from '../lang/index.ts';
import type { Rule } from '../rule/index.ts';
import { RuleError } from '../text/index.ts';
import type { Alert } from './alert.ts';
import { type AlertRow, alertDocument, alertRow } from './alert-row.ts';
import { type Batch, BatchError, ROWS_AT_ONCE, type Rows, type RowValues, readBatch } from './batch/index.ts';
import type { Detect } from './detections-table.ts';
import { Detector } from './detector.ts';
import { BUDGET_MS, Live } from './live/live.ts';
import type { LiveOptions } from './live/live-options.ts';
import { withPatience } from './patience.ts';

/** How many rules given by queries keep a stream of their own. The longest unused makes room for a new one. */
const MOST_AD_HOC = 64;
/** How many processes each of them remembers. */
const MOST_AD_HOC_PROCESSES = 4_000;

/** How far the installed rules are, where they are loaded while queries may come already. */
export interface Installing {
  /** Resolves when they are at work. */
  readonly ready: Promise<void>;
  /** Why there are none; null when there are, or when that is not known yet. */
  readonly refusal: string | null;
}

/** As for one live engine; `ask`, without which missing rows are not looked for, is for that of the installed rules. */
export interface DetectOptions extends Omit<LiveOptions, 'feed' | 'keepsState'> {
  /** Without it `rules` are the installed ones. */
  readonly installing?: Installing;
}

/** The answer to queries over `detections`, and the live engine with the installed rules behind it. */
export interface Detection {
  readonly detect: Detect;
  readonly live: Live;
  /** Registered with osquery anew: alerts whose arrival did not show are returned again. */
  registered(): void;
  /** Takes other installed rules; the state of those that stay the same lives on. */
  replaceRules(rules: readonly Rule[]): Promise<void>;
}

/**
 * Makes what answers queries over `detections`.
 *
 * With `stream`, rows go to the live detector (or to the one that the query's `rule` keeps): its process tree
 * and state live on, and only rows newer than the stream's position count, so that running a pack's query by
 * hand repeats nothing. Without, the rows given are all there is: a fresh detector judges them in their order
 * and is forgotten.
 *
 * While the installed rules are loaded, a stream's rows wait; a query that needs the rules waits for them, within the
 * budget. Where there are none to run, both fail with the reason: rows that were taken and judged by nothing would be
 * gone from osquery's buffer without a word.
 */
export function createDetection(options: DetectOptions): Detection {
  const { schema, host, installing } = options;
  // Rules that queries bring along have no background of their own: what it does grows with the installed rules alone.
  const { ask: _ask, proc: _proc, ...shared } = options;
  const bounds = { ...options.bounds, mostProcesses: MOST_AD_HOC_PROCESSES };
  let { rules } = options;
  const live = new Live({ ...options, feed: '', keepsState: true });
  const adHoc = new Map<string, Live>();
  /** Those of them whose query means an installed rule by its id. */
  const namedById = new Set<string>();

  let isInstalled = installing === undefined;
  void installing?.ready.then(() => {
    isInstalled = true;
  });

  /** Waits for the installed rules while they are loaded, as long as there is time. */
  const awaitRules = async (): Promise<void> => {
    if (installing === undefined || isInstalled || installing.refusal !== null) return;
    await withPatience(options.budgetMs ?? BUDGET_MS, installing.ready);
  };

  const installed = async (): Promise<readonly Rule[]> => {
    await awaitRules();
    if (isInstalled) return rules;
    throw new BatchError(
      installing?.refusal ?? 'the rules are still being loaded: ask again in a few seconds',
    );
  };

  const ruleOf = async (text: string): Promise<Rule> => {
    await awaitRules();
    return rules.find(({ id }) => id === text) ?? compile(text);
  };

  const liveOf = async (text: string | undefined): Promise<Live> => {
    if (text === undefined) return live;
    const feed = createHash('sha256').update(text).digest('hex');
    const rule = adHoc.has(feed) ? null : await ruleOf(text);
    if (rule?.id === text) namedById.add(feed);
    const found = adHoc.get(feed) ?? new Live({ ...shared, bounds, rules: [rule!], feed });
    refuseFaults(found.detector);
    adHoc.delete(feed);
    adHoc.set(feed, found);
    if (adHoc.size > MOST_AD_HOC) adHoc.delete(adHoc.keys().next().value!);
    return found;
  };

  /** Stateless: rows in their order, all of them certain at once. */
  const judge = async (batch: Batch, text: string | undefined): Promise<readonly AlertRow[]> => {
    const judging = text === undefined ? await installed() : [await ruleOf(text)];
    const rows: AlertRow[] = [];
    const onAlert = (alert: Alert) => rows.push({ ...alertRow(alert), alert: alertDocument(alert) });
    const detector = new Detector({ rules: judging, schema, host, onAlert });
    if (text !== undefined) refuseFaults(detector);
    detector.take({ ...batch, rows: readAll(batch.rows) });
    detector.advance(Number.MAX_SAFE_INTEGER);
    return rows;
  };

  return {
    live,
    async detect({ batch: json, stream, rule, sent }) {
      const batch = readBatch(json, stream, (table) => schema.tables.get(table)?.reads);
      if (stream === undefined) return judge(batch, rule);
      const refusal = installing?.refusal ?? null;
      if (rule === undefined && refusal !== null) {
        live.pass(batch);
        throw new BatchError(refusal);
      }
      return (await liveOf(rule)).answer(batch, sent);
    },
    registered() {
      for (const one of [live, ...adHoc.values()]) one.registered();
    },
    async replaceRules(others) {
      await live.replaceRules(others);
      rules = others;
      for (const feed of namedById) adHoc.delete(feed);
      namedById.clear();
    },
  };
}

/** A part at a time: the text of a whole batch is megabytes. */
function readAll(rows: Rows): readonly RowValues[] {
  const all: RowValues[] = [];
  for (let at = 0; at < rows.length; at += ROWS_AT_ONCE) {
    for (const row of rows.read(at, Math.min(at + ROWS_AT_ONCE, rows.length))) all.push(row);
  }
  return all;
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

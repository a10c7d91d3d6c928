import { compileEql, type EqlLimit } from '../../src/lang/eql/index.ts';
import { createEngine, type Match } from '../../src/match/index.ts';
import type { Query } from '../../src/rule/index.ts';
import { createSource, RuleError } from '../../src/text/index.ts';
import { ruleOf } from '../match/rules.ts';
import { type Case, type CorpusEvent, loadSuites, type Suite } from './corpus.ts';

/** What became of one case. */
export interface Outcome {
  readonly name: string;
  readonly kind: 'passed' | 'failed' | 'unsupported';
  /** What differs, or what is not supported. */
  readonly reason: string;
}

/** Cases that are refused here on purpose, each with the reason. One that is no longer refused is a failure. */
const REFUSED: Readonly<Record<string, string>> = {};

export interface Report {
  readonly file: string;
  readonly outcomes: readonly Outcome[];
}

/** Runs all of Elasticsearch's tests. */
export function runConformance(): readonly Report[] {
  return loadSuites().map((suite) => ({
    file: suite.file,
    outcomes: suite.cases.map((one) => runCase(suite, one)),
  }));
}

function runCase(suite: Suite, one: Case): Outcome {
  const { name } = one;
  try {
    const { query, limits } = compileEql(createSource(name, one.query), { fields: suite.fields });
    const matches = resultsOf(query, limits, suite).slice(0, one.size);
    const reason = name in REFUSED ? 'it is no longer refused' : differenceOf(one, query, matches);
    return reason === null ? { name, kind: 'passed', reason: '' } : { name, kind: 'failed', reason };
  } catch (error) {
    if (error instanceof RuleError && error.code === 'EQL_UNSUPPORTED') {
      return { name, kind: 'unsupported', reason: error.message };
    }
    if (error instanceof RuleError && REFUSED[name] !== undefined) {
      return { name, kind: 'unsupported', reason: REFUSED[name] };
    }
    const reason = error instanceof RuleError ? error.headline() : String((error as Error).stack ?? error);
    return { name, kind: 'failed', reason };
  }
}

function resultsOf(query: Query, limits: readonly EqlLimit[], { fields, events }: Suite): readonly Match[] {
  const matches: Match[] = [];
  const engine = createEngine({
    rules: [ruleOf('conformance', query)],
    fields,
    categoryField: 'event_type',
    slackMs: Number.POSITIVE_INFINITY,
  });
  for (const { error } of engine.faults) throw error;
  for (const event of events) engine.push(event, (_, match) => matches.push(match));
  engine.advance(Number.POSITIVE_INFINITY, (_, match) => matches.push(match));
  for (const { failed, lastFailure } of engine.counters) if (failed > 0) throw lastFailure;
  const found = query.kind === 'sample' ? inOrderOfKeys(matches) : matches;
  return limits.reduce<readonly Match[]>(
    (some, { kind, count }) =>
      kind === 'head' ? some.slice(0, count) : some.slice(Math.max(0, some.length - count)),
    found,
  );
}

/** Samples come as they complete; a search of Elasticsearch gives them by their keys, null first. */
function inOrderOfKeys(matches: readonly Match[]): readonly Match[] {
  const keysOf = ({ keys }: Match): string[] => keys.map((key) => (key === null ? '' : `=${key}`));
  return [...matches].sort((a, b) => {
    const [left, right] = [keysOf(a), keysOf(b)];
    for (const [i, key] of left.entries()) if (key !== right[i]) return key < right[i]! ? -1 : 1;
    return 0;
  });
}

function differenceOf(one: Case, query: Query, matches: readonly Match[]): string | null {
  const ids = matches.flatMap(({ events }) => events.map((event) => (event as CorpusEvent).id));
  if (!one.expected.some((expected) => same(expected, ids))) {
    return `expected ${one.expected.map((each) => `[${each}]`).join(' or ')}, found [${ids}]`;
  }
  if (one.joinKeys === null || query.kind === 'event') return null;
  const keys = matches.flatMap((match) => match.keys.map(String));
  return same(one.joinKeys, keys) ? null : `expected keys [${one.joinKeys}], found [${keys}]`;
}

function same<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}

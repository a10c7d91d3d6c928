/**
 * One pair for every key of a rule document that is honoured: two rules that differ in this key alone, and events
 * that tell them apart, through the detector that runs live.
 */
import test from 'ava';
import { type Alert, Detector } from '../../../src/agent/index.ts';
import { parseRuleText, type RuleSet } from '../../../src/lang/index.ts';
import { createHost, createSchema } from '../../../src/schema/index.ts';

export type Keys = Readonly<Record<string, unknown>>;
export type Row = Readonly<Record<string, string>>;

export interface Pair {
  readonly key: string;
  readonly what: string;
  readonly one: Keys;
  readonly other: Keys;
  readonly rows: readonly Row[];
  /** What is told of the alerts of each. */
  readonly tell: (alert: Alert) => unknown;
  readonly want: readonly [readonly unknown[], readonly unknown[]];
}

const START_S = 1_795_490_000;
export const LINUX = createSchema('linux');

/** An exec, `atS` seconds after the beginning. */
export function exec(atS: number, commandLine: string, more: Row = {}): Row {
  const path = commandLine.split(' ')[0]!;
  return {
    ...{ time: String(START_S + atS), syscall: 'execve', pid: String(1000 + atS), parent: '1', path },
    ...{ cmdline: commandLine, cwd: '"/"', uid: '0', euid: '0', gid: '0', egid: '0', auid: '0', ...more },
  };
}

const BASE: Keys = {
  ...{ rule_id: 'r', name: 'A rule', type: 'eql', language: 'eql', severity: 'low', risk_score: 21 },
  query: 'process where process.name == "nc"',
};
export const KQL: Keys = { type: 'query', language: 'kuery', query: 'process.name: nc' };

export function load(keys: Keys, ...more: readonly Keys[]): RuleSet {
  const lines = [{ ...BASE, ...keys }, ...more].map((document) => JSON.stringify(document));
  return parseRuleText('rules.ndjson', lines.join('\n'), { nowMs: START_S * 1000 });
}

export function run({ rules }: RuleSet, rows: readonly Row[]): readonly Alert[] {
  const alerts: Alert[] = [];
  const host = createHost('host-1');
  host.learn('users', [
    { uid: '0', username: 'root' },
    { uid: '1000', username: 'eve' },
  ]);
  const onAlert = (alert: Alert): void => void alerts.push(alert);
  const detector = new Detector({ rules, schema: LINUX, host, onAlert });
  rows.forEach((row, at) => {
    const numbered = { ...row, eid: String(at + 1).padStart(10, '0') };
    const table = 'target_path' in row ? 'file_events' : 'process_events';
    detector.take({ table, columns: Object.keys(numbered), rows: [Object.values(numbered)] });
  });
  detector.advance(Number.MAX_SAFE_INTEGER);
  return alerts;
}

export const eidOf = ({ event }: Alert): number => Number(event.eid);
export const detailOf = ({ document }: Alert): Keys => document['osquery_detect'] as Keys;
export const NC = exec(0, '/bin/nc');

export const newTerms = (fields: readonly string[], window: string): Keys => ({
  ...{ ...KQL, type: 'new_terms', new_terms_fields: fields, history_window_start: window },
});
export const threshold = (more: Keys): Keys => ({
  ...{ ...KQL, type: 'threshold', from: 'now-6m', interval: '5m' },
  threshold: { field: ['user.id'], value: 2, ...more },
});
export const DAY_S = 24 * 3_600;

/** A test for each pair. */
export function testPairs(pairs: readonly Pair[]): void {
  for (const { key, what, one, other, rows, tell, want } of pairs) {
    test(`${key}: ${what}`, (t) => {
      const [first, second] = [load(one), load(other)];
      t.deepEqual(
        [...first.problems, ...second.problems].map(({ error }) => error.headline()),
        [],
      );
      t.deepEqual(run(first, rows).map(tell), want[0]);
      t.deepEqual(run(second, rows).map(tell), want[1]);
    });
  }
}

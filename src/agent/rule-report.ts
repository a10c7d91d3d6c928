import type { Problem, RuleSet } from '../lang/index.ts';
import type { Rule } from '../rule/index.ts';
import type { Platform, Schema } from '../schema/index.ts';
import { judgeRule, type RuleVerdict } from './verdict.ts';

/** What becomes of one rule document, on all platforms that were asked about. */
export interface RuleReport {
  /** As far as the document says so. */
  readonly id: string | null;
  readonly name: string | null;
  readonly file: string;
  /** As documents write it, such as `new_terms`. */
  readonly type: string | null;
  readonly language: string | null;
  /**
   * `unsupported` when it runs on no platform that it is meant for, `runs` when it runs as meant on all of them;
   * `broken` when the document has no rule that could be read.
   */
  readonly verdict: RuleVerdict['verdict'] | 'broken';
  /** A sentence each; what is not so on all of `platforms` names those where it is. */
  readonly reasons: readonly string[];
  /** The tables that can show its events, on any of the platforms. */
  readonly tables: readonly string[];
  /** The platforms where it runs, with or without caveats. */
  readonly platforms: readonly Platform[];
  /** Of the platforms that the rule is meant for. */
  readonly byPlatform: ReadonlyMap<Platform, RuleVerdict>;
  /** What keeps it from running on any platform: fields that no table carries, tests that no event passes. */
  readonly blockedBy: readonly string[];
}

/** Judges every document of a set, in the order of files and names. */
export function reportRules(set: RuleSet, schemas: readonly Schema[]): readonly RuleReport[] {
  const reports = [
    ...set.rules.map((rule) => reportRule(rule, schemas)),
    ...set.problems.filter(({ kind }) => kind !== 'notice').map(reportProblem),
  ];
  return reports.sort((a, b) => compare(a.file, b.file) || compare(a.name ?? '', b.name ?? ''));
}

function reportRule(rule: Rule, schemas: readonly Schema[]): RuleReport {
  const all = schemas.map(
    (schema): Judged => ({ platform: schema.platform, judged: judgeRule(rule, schema) }),
  );
  const meant = all.filter(({ judged }) => judged.meant);
  const asked = meant.length > 0 ? meant : all;
  const running = asked.filter(({ judged }) => judged.verdict !== 'unsupported');
  const runs = asked.every(({ judged }) => judged.verdict === 'runs');
  return {
    ...{ id: rule.id, name: rule.name, file: rule.source.name },
    ...{ type: rule.type === 'newTerms' ? 'new_terms' : rule.type, language: rule.language },
    verdict: runs ? 'runs' : running.length > 0 ? 'caveats' : 'unsupported',
    reasons: reasonsOf(asked, running.length > 0),
    tables: unique(running.flatMap(({ judged }) => judged.needs.flatMap(({ tables }) => tables))),
    platforms: running.map(({ platform }) => platform),
    byPlatform: new Map(meant.map(({ platform, judged }) => [platform, judged])),
    blockedBy: running.length > 0 ? [] : leastBlocks(asked),
  };
}

/** Of the platform where the least is missing. */
function leastBlocks(asked: readonly Judged[]): readonly string[] {
  const [least] = asked.map(({ judged }) => judged.blockedBy).sort((a, b) => a.length - b.length);
  return least ?? [];
}

interface Judged {
  readonly platform: Platform;
  readonly judged: RuleVerdict;
}

/** Every reason once, with the platforms where it is so unless it is so on all. */
function reasonsOf(verdicts: readonly Judged[], runsSomewhere: boolean): readonly string[] {
  const platforms = new Map<string, Platform[]>();
  for (const { platform, judged } of verdicts) {
    const fails = runsSomewhere && judged.verdict === 'unsupported';
    for (const reason of judged.reasons) {
      const text = fails ? `does not run. ${reason}` : reason;
      platforms.set(text, [...(platforms.get(text) ?? []), platform]);
    }
  }
  return [...platforms].map(([text, on]) =>
    on.length === verdicts.length ? text : `${on.join(', ')}: ${text}`,
  );
}

function reportProblem({ kind, error, file, ruleId, ruleName, type, language }: Problem): RuleReport {
  return {
    ...{ id: ruleId, name: ruleName, file, type, language },
    verdict: kind === 'unsupported' ? 'unsupported' : 'broken',
    reasons: [error.hint === undefined ? error.message : `${error.message} ${error.hint}`],
    ...{ tables: [], platforms: [], byPlatform: new Map(), blockedBy: [] },
  };
}

function unique<T>(values: Iterable<T>): readonly T[] {
  return [...new Set(values)];
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

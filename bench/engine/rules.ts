import { judgeRule } from '../../src/agent/index.ts';
import { narrowToIndices } from '../../src/agent/indices.ts';
import { loadRules } from '../../src/lang/index.ts';
import { transformQuery } from '../../src/match/index.ts';
import { eventQueriesOf } from '../../src/match/transform-query.ts';
import {
  type Condition,
  type Operand,
  type Pattern,
  type Rule,
  transform,
  walk,
} from '../../src/rule/index.ts';
import type { Schema } from '../../src/schema/index.ts';
import { corpusPaths } from './recordings.ts';

const PACKAGED = [new URL('../../packs/rules', import.meta.url).pathname];

export interface BenchRules {
  /** `elastic`: the Linux and cross-platform folders of Elastic's corpus; `packaged`: ours, where that is absent. */
  readonly corpus: 'elastic' | 'packaged';
  /** Those that run on Linux, with or without caveats, as the detector hands them to the engine. */
  readonly rules: readonly Rule[];
}

export async function loadBenchRules(schema: Schema): Promise<BenchRules> {
  const paths = corpusPaths();
  const { rules } = await loadRules(paths ?? PACKAGED);
  const running = rules.filter((rule) => judgeRule(rule, schema).verdict !== 'unsupported');
  return { corpus: paths === null ? 'packaged' : 'elastic', rules: running.map(narrowToIndices) };
}

/** Fields by which rules say what kind of event they mean: copies ask the same of them. */
const KIND = /^(event\.|host\.|data_stream\.|auditd\.data\.syscall|user\.id|process\.\w*\.?user\.id)/;

/**
 * So many rules: the corpus itself, or a sample of `real` of its rules, followed by copies of the corpus. A copy asks for
 * other texts (`rmmod` becomes `rmmod-7`, and the longest text of a wildcard pattern likewise), so that it is as
 * selective as its model and as seldom a candidate, but never a match by itself. Rules with a part that names no text,
 * such as any exec, have no copies: those would be the rule itself again.
 */
export function rulesOf(rules: readonly Rule[], count: number, real = rules.length): readonly Rule[] {
  const all = [...spread(rules, Math.min(real, count))];
  const models = rules.filter(hasTexts);
  for (let i = 0; all.length < count; i += 1) {
    all.push(copyOf(models[i % models.length]!, Math.floor(i / models.length) + 1));
  }
  return all;
}

/** So many of them, from all over the list; all where there are fewer. */
function spread(rules: readonly Rule[], count: number): readonly Rule[] {
  const step = Math.max(1, rules.length / count);
  return Array.from({ length: Math.min(count, rules.length) }, (_, i) => rules[Math.floor(i * step)]!);
}

/** Whether renaming changes every part of the rule. */
function hasTexts({ query }: Rule): boolean {
  return eventQueriesOf(query).every(({ condition }) => {
    let changes = false;
    walk(condition, (one) => {
      if (rename(one, 1) !== one) changes = true;
    });
    return changes;
  });
}

function copyOf(rule: Rule, number: number): Rule {
  const renamed = (condition: Condition): Condition => transform(condition, (one) => rename(one, number));
  const query = transformQuery(rule.query, renamed);
  return { ...rule, id: `${rule.id}-${number}`, query, exceptions: rule.exceptions.map(renamed) };
}

function rename(condition: Condition, number: number): Condition {
  switch (condition.kind) {
    case 'compare': {
      const { left, right } = condition;
      if (right.kind !== 'literal' || typeof right.value !== 'string' || !isFree(left)) return condition;
      return { ...condition, right: { ...right, value: `${right.value}-${number}` } };
    }
    case 'oneOf':
      if (!isFree(condition.operand)) return condition;
      return {
        ...condition,
        values: condition.values.map((value) => (typeof value === 'string' ? `${value}-${number}` : value)),
      };
    case 'like':
      if (!isFree(condition.operand)) return condition;
      return { ...condition, patterns: condition.patterns.map((pattern) => renamePattern(pattern, number)) };
    default:
      return condition;
  }
}

function isFree(operand: Operand): boolean {
  return operand.kind === 'field' && !KIND.test(operand.name);
}

function renamePattern(pattern: Pattern, number: number): Pattern {
  const lengths = pattern.map((part) => (typeof part === 'string' ? part.length : 0));
  const longest = lengths.indexOf(Math.max(...lengths));
  return pattern.map((part, at) => (at === longest && typeof part === 'string' ? `${part}-${number}` : part));
}

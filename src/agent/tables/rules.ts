import type { Plugin } from '../../osquery/index.ts';
import type { Rule } from '../../rule/index.ts';
import { locate } from '../../text/index.ts';
import type { Outlook, RuleOutlook } from '../outlook.ts';
import { createListing, type ListColumn, type Ready } from './listing.ts';

/** The table `detection_rules`: every rule document that was read, and what becomes of it on this host. */
export function createRulesTable(outlook: Outlook, ready?: Ready): Plugin {
  return createListing({ name: 'detection_rules', columns: COLUMNS, list: () => outlook.all(), ready });
}

const COLUMNS: readonly ListColumn<RuleOutlook>[] = [
  {
    name: 'rule_id',
    type: 'TEXT',
    index: true,
    of: ({ rule, problem }) => rule?.id ?? problem?.ruleId ?? '',
  },
  { name: 'rule_name', type: 'TEXT', of: ({ rule, problem }) => rule?.name ?? problem?.ruleName ?? '' },
  ofRule('version', 'INTEGER', ({ version }) => version),
  {
    name: 'type',
    type: 'TEXT',
    of: ({ rule, problem }) => (rule === null ? (problem?.type ?? '') : typeOf(rule)),
  },
  { name: 'language', type: 'TEXT', of: ({ rule, problem }) => rule?.language ?? problem?.language ?? '' },
  ofRule('severity', 'TEXT', ({ severity }) => severity),
  ofRule('risk_score', 'INTEGER', ({ riskScore }) => riskScore),
  { name: 'enabled', type: 'INTEGER', of: ({ rule }) => (rule?.enabled === true ? 1 : 0) },
  { name: 'verdict', type: 'TEXT', of: verdictOf },
  { name: 'observable', type: 'INTEGER', of: observableOf },
  { name: 'blind', type: 'TEXT', of: ({ blind }) => blind?.join(' ') ?? '' },
  { name: 'reasons', type: 'TEXT', of: reasonsOf },
  { name: 'tables', type: 'TEXT', of: tablesOf },
  ofRule('techniques', 'TEXT', techniquesOf),
  ofRule('tags', 'TEXT', ({ tags }) => tags.join(', ')),
  { name: 'file', type: 'TEXT', of: fileOf },
  ofRule('description', 'TEXT', ({ description }) => description, 'hidden'),
  ofRule('note', 'TEXT', ({ note }) => note, 'hidden'),
  ofRule('query', 'TEXT', ({ source }) => source.text, 'hidden'),
];

function ofRule(
  name: string,
  type: 'TEXT' | 'INTEGER',
  of: (rule: Rule) => string | number,
  hidden?: 'hidden',
): ListColumn<RuleOutlook> {
  return {
    name,
    type,
    hidden: hidden !== undefined,
    of: ({ rule }) => (rule === null ? null : of(rule)),
  };
}

/** As documents write it. */
function typeOf({ type }: Rule): string {
  return type === 'newTerms' ? 'new_terms' : type;
}

function verdictOf({ verdict, problem }: RuleOutlook): string {
  if (problem !== null) return problem.kind === 'unsupported' ? 'unsupported' : 'broken';
  return verdict?.verdict ?? 'pending';
}

/** 1 when the host sees what the rule needs, 0 when it does not, NULL while that is not known. */
function observableOf({ problem, verdict, blind }: RuleOutlook): number | null {
  if (problem !== null || verdict?.verdict === 'unsupported') return 0;
  return blind === null ? null : Number(blind.length === 0);
}

function reasonsOf({ verdict, problem }: RuleOutlook): string {
  return problem === null ? (verdict?.reasons.join(' ') ?? '') : problem.error.headline();
}

/** Those that can show its events. */
function tablesOf({ verdict }: RuleOutlook): string {
  return [...new Set(verdict?.needs.flatMap(({ tables }) => tables) ?? [])].join(', ');
}

function techniquesOf({ threats }: Rule): string {
  return [...new Set(threats.flatMap(({ techniques }) => techniques.map(({ id }) => id)))].join(', ');
}

/** With the line of its query. */
function fileOf({ rule, problem }: RuleOutlook): string {
  if (rule === null) return problem?.file ?? '';
  const { source, line } = locate(rule.source, 0);
  return `${source.name}:${line}`;
}

import { explain, type Plugin } from '../../osquery/index.ts';
import type { RuleStats } from '../rule-stats.ts';
import { createListing, type ListColumn, type Ready } from './listing.ts';

/** The table `detection_stats`: what each rule that runs has done and cost since the extension started. */
export function createStatsTable(stats: () => Iterable<RuleStats>, ready?: Ready): Plugin {
  return createListing({ name: 'detection_stats', columns: COLUMNS, list: stats, ready });
}

const COLUMNS: readonly ListColumn<RuleStats>[] = [
  { name: 'rule_id', type: 'TEXT', index: true, of: ({ rule }) => rule.id },
  { name: 'rule_name', type: 'TEXT', of: ({ rule }) => rule.name },
  { name: 'evaluations', type: 'BIGINT', of: ({ evaluations }) => evaluations },
  { name: 'matches', type: 'BIGINT', of: ({ matches }) => matches },
  { name: 'alerts', type: 'BIGINT', of: ({ alerts }) => alerts },
  { name: 'suppressed', type: 'BIGINT', of: ({ suppressed }) => suppressed },
  { name: 'over_limit', type: 'BIGINT', of: ({ overLimit }) => overLimit },
  { name: 'cost_ms', type: 'DOUBLE', of: ({ costMs }) => (costMs === null ? null : costMs.toFixed(3)) },
  { name: 'state', type: 'BIGINT', of: ({ state }) => state },
  { name: 'evicted', type: 'BIGINT', of: ({ evicted }) => evicted },
  {
    name: 'stopped_time',
    type: 'BIGINT',
    of: ({ stopped }) => (stopped === null ? null : Math.floor(stopped.timeMs / 1000)),
  },
  {
    name: 'stopped_cost',
    type: 'DOUBLE',
    of: ({ stopped }) => stopped?.microsecondsPerEvent.toFixed(1) ?? null,
  },
  { name: 'failed', type: 'BIGINT', of: ({ failed }) => failed },
  {
    name: 'last_failure',
    type: 'TEXT',
    of: ({ lastFailure }) => (lastFailure === undefined || lastFailure === null ? '' : explain(lastFailure)),
  },
];

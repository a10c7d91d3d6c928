import type { Plugin } from '../../osquery/index.ts';
import type { ProcessTree } from '../../process/index.ts';
import type { StoreReader } from '../../store/index.ts';
import type { Outlook } from '../outlook.ts';
import type { RuleStats } from '../rule-stats.ts';
import { createAlertsTable } from './alerts.ts';
import { type AgentHealth, createHealthTable } from './health.ts';
import type { Ready } from './listing.ts';
import { createProcessesTable } from './processes.ts';
import { createRulesTable } from './rules.ts';
import { createStatsTable } from './stats.ts';

export interface TableSources {
  readonly store: StoreReader;
  readonly outlook: Outlook;
  readonly stats: () => Iterable<RuleStats>;
  readonly health: () => AgentHealth;
  readonly tree: () => ProcessTree;
  /** Waits for the rules while they are loaded, as long as there is time. */
  readonly ready?: Ready;
}

/** The tables that tell of the extension itself: `detection_*`. */
export function createTables({
  store,
  outlook,
  stats,
  health,
  tree,
  ready,
}: TableSources): readonly Plugin[] {
  return [
    createAlertsTable(store),
    createRulesTable(outlook, ready),
    createStatsTable(stats, ready),
    createHealthTable(health),
    createProcessesTable(tree),
  ];
}

import type { Plugin } from '../../osquery/index.ts';
import type { ProcessTree } from '../../process/index.ts';
import type { StoreReader } from '../../store/index.ts';
import type { Outlook } from '../outlook.ts';
import type { RuleStats } from '../rule-stats.ts';
import { createAlertsTable } from './alerts.ts';
import { type AgentHealth, createHealthTable } from './health.ts';
import { createProcessesTable } from './processes.ts';
import { createRulesTable } from './rules.ts';
import { createStatsTable } from './stats.ts';

export interface TableSources {
  readonly store: StoreReader;
  readonly outlook: Outlook;
  readonly stats: () => Iterable<RuleStats>;
  readonly health: () => AgentHealth;
  readonly tree: () => ProcessTree;
}

/** The tables that tell of the extension itself: `detection_*`. */
export function createTables({ store, outlook, stats, health, tree }: TableSources): readonly Plugin[] {
  return [
    createAlertsTable(store),
    createRulesTable(outlook),
    createStatsTable(stats),
    createHealthTable(health),
    createProcessesTable(tree),
  ];
}

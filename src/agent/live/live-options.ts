import type { RuleStopped } from '../../match/index.ts';
import type { Rule } from '../../rule/index.ts';
import type { Host, ReaderHealth, Schema } from '../../schema/index.ts';
import type { Store, StoreHealth } from '../../store/index.ts';
import type { DetectorBounds } from '../detector.ts';
import type { Ask } from './core.ts';
import type { DeliveryHealth } from './delivery.ts';
import type { Clock, FillerHealth } from './filler.ts';
import type { ArgsHealth, LookingProcReader } from './proc.ts';
import type { SnapshotHealth } from './snapshots.ts';
import type { StreamHealth } from './stream.ts';

export interface LiveOptions {
  readonly rules: readonly Rule[];
  readonly schema: Schema;
  readonly host: Host;
  readonly store: Store;
  /** Names the alerts of these rules in the store; empty for the installed ones. */
  readonly feed: string;
  /** Asks osquery in the background; null: missing rows are counted and not looked for. */
  readonly ask?: Ask | null;
  /** Reads exact arguments in the background; without it they are what rows say. */
  readonly proc?: LookingProcReader;
  /** Whether the state is kept in the store. */
  readonly keepsState?: boolean;
  readonly clock?: Clock;
  /** How long an answer may take, milliseconds; 2,000 unless given. */
  readonly budgetMs?: number;
  /** How old the last event of an alert may be before it is marked `late`, milliseconds; 10 minutes unless given. */
  readonly lateMs?: number;
  readonly bounds?: DetectorBounds;
  /** Told of each rule that was stopped for its cost. */
  readonly onStop?: (rule: Rule, stopped: RuleStopped) => void;
  /** Told when alerts were stored that wait to be delivered. */
  readonly onAlerts?: () => void;
}

/** What the live engine knows of itself. */
export interface LiveHealth {
  readonly streams: readonly StreamHealth[];
  readonly delivery: DeliveryHealth;
  readonly reader: ReaderHealth;
  readonly store: StoreHealth;
  /** Null when missing rows are not looked for. */
  readonly filler: FillerHealth | null;
  /** Null when the state is not kept. */
  readonly snapshot: SnapshotHealth | null;
  /** Null when exact arguments are not read. */
  readonly args: ArgsHealth | null;
  /** Alerts of events that were old when they were read. */
  readonly lateAlerts: number;
  /** Failures of our own while rows were read, and the last of them; the rest went on. */
  readonly failures: { readonly count: number; readonly last: unknown };
}

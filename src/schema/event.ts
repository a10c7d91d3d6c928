import type { ArgsFidelity, Process } from '../process/index.ts';
import type { Event } from '../rule/index.ts';

/** A row of osquery as an event. Fields are derived when first asked for. */
export interface OsqueryEvent extends Event {
  /** The table the row came from. */
  readonly table: string;
  /** As osquery wrote it; empty where the table has none. */
  readonly eid: string;
  /** The process that acted, as it was then; null where the table does not say or the tree does not know. */
  readonly process: Process | null;
  /** How faithful `process.args` is; null without a process. */
  readonly argsFidelity: ArgsFidelity | null;
  /** The column's text as it came; null when the row lacks it or it is empty. */
  column(name: string): string | null;
  /** All columns that came, by name. */
  columns(): Readonly<Record<string, string>>;
  /** The event as a nested ECS document for an alert, with parents, ancestors and the fidelity of the arguments. */
  toEcs(): Readonly<Record<string, unknown>>;
}

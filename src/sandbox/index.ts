/**
 * A stand-in for osqueryd, for the demo and for tests of an extension over the real socket.
 *
 * Owns the manager socket and the extensions behind it, the extension's process, SQL over given rows, fed events
 * and tables of extensions, the schedule with its per-query pointers and differentials, and loggers. Behaves as
 * osqueryd was observed to, awkward sides included. Collects nothing from the machine and knows no rule.
 */
export { startSandbox } from './core.ts';
export type { ColumnSchema, TableSchema } from './core-tables.ts';
export type { ExtensionCommand } from './extension-process.ts';
export { type RecordedEvent, readRecordedEvents } from './recorded.ts';
export type { Sandbox, SandboxOptions } from './sandbox.ts';
export type { Config, Pack, ScheduledQuery, ScheduleEntry } from './schedule.ts';
export type { Cell, CellRow, FedRow, FedValue } from './sql/messages.ts';
export { printStatusLine, type StatusLine } from './status-line.ts';

/**
 * What osquery knows, in the words that rules use.
 *
 * Owns osquery's event tables (columns, category, flags they need), the ECS fields made from them and how
 * faithful each is, and the reading of rows into events, which feeds the process tree. Knows no rule, no
 * SQL, no socket.
 */

export { bindCondition, decideTest } from './bind.ts';
export { canHold, switchesFor, tablesThatHold } from './can-hold.ts';
export type { OsqueryEvent } from './event.ts';
export { type FieldMapRow, fieldMap } from './field-map.ts';
export { createHost, type Host, type HostQuery } from './host.ts';
export {
  createStreamOrder,
  type Gap,
  type Placement,
  type StreamOrder,
  type StreamOrderHealth,
} from './order.ts';
export {
  createReader,
  type Reader,
  type ReaderHealth,
  type ReaderOptions,
  type RowReader,
} from './reader.ts';
export type { LoadedEvents, ReaderState, SavingEvents } from './saved-events.ts';
export { createSchema, type Explanation, type Schema } from './schema.ts';
export type {
  Category,
  ColumnSpec,
  Derivation,
  Fidelity,
  FieldSource,
  Platform,
  TableSpec,
} from './table.ts';

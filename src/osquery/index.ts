/**
 * The wire between osquery and its extensions.
 *
 * Owns the Thrift API over UNIX sockets in both directions: the client of osqueryd's manager socket, the server of
 * an extension's plugins, the manager's side for a stand-in of osqueryd, table and logger plugins, and the
 * supervisor that keeps an extension registered. Values are bytes: osquery does not check that they are UTF-8.
 * Knows no rule, no event and no schema.
 */
export { CallError, type ConnectOptions } from './channel.ts';
export {
  connectExtension,
  connectManager,
  type ExtensionClient,
  type ManagerClient,
  type QueryColumn,
  StatusError,
} from './client.ts';
export type { EncodedRows } from './encoded-rows.ts';
export { createLogger, type LoggerOptions } from './logger.ts';
export type {
  CallFate,
  ExtensionInfo,
  Log,
  Option,
  Plugin,
  PluginRequest,
  PluginRow,
  RegistryRoutes,
  Reply,
  Row,
  RowBytes,
  Status,
} from './plugin.ts';
export { explain, failure, success } from './plugin.ts';
export {
  type NewResultLine,
  parseResultLine,
  printResultLine,
  type ResultLine,
  type ResultRow,
} from './result-line.ts';
export type { RowWriter } from './row-writer.ts';
export {
  type ManagerHandlers,
  type Registration,
  type ServeExtensionOptions,
  type ServeOptions,
  type Server,
  serveExtension,
  serveManager,
} from './server.ts';
export { type RunningExtension, type RunOptions, runExtension } from './supervise.ts';
export {
  COLUMN_OPTIONS,
  type ColumnConstraints,
  type ColumnType,
  type Constraint,
  createTable,
  type Encode,
  type Generated,
  OPERATORS,
  type QueryContext,
  type TableColumn,
  type TableOptions,
} from './table.ts';

import type {
  ExtensionInfo,
  Log,
  Option,
  Plugin,
  PluginRequest,
  RegistryRoutes,
  Reply,
  Status,
} from './plugin.ts';

export interface ServeOptions {
  /** Where the UNIX socket is made, mode 0600. A stale file of a dead server is replaced; a live one is an error. */
  readonly path: string;
  readonly log?: Log;
  /** The largest message taken, in bytes; 64 MiB when absent. */
  readonly maxMessageBytes?: number;
  /** How many connections may be open at once; 1,024 when absent. More are closed at once. */
  readonly maxConnections?: number;
}

/** A listening server. */
export interface Server {
  readonly path: string;
  /** Stops listening, ends open connections, removes the socket file. */
  close(): Promise<void>;
}

/** The manager's side of the API. A handler that throws answers a failure with its message. */
export interface ManagerHandlers {
  call(registry: string, item: string, request: PluginRequest): Reply | Promise<Reply>;
  extensions(): ReadonlyMap<number, ExtensionInfo> | Promise<ReadonlyMap<number, ExtensionInfo>>;
  options(): ReadonlyMap<string, Option> | Promise<ReadonlyMap<string, Option>>;
  registerExtension(info: ExtensionInfo, registry: RegistryRoutes): Registration | Promise<Registration>;
  deregisterExtension(uuid: number): Status | Promise<Status>;
  query(sql: string): Reply | Promise<Reply>;
  /** One row per column, each `{NAME: TYPE}`. */
  getQueryColumns(sql: string): Reply | Promise<Reply>;
}

/** What a registration answers: a status, and the UUID when it is 0. */
export interface Registration extends Status {
  readonly uuid: number;
}

/** Serves `Extension` (ping, call, shutdown) on a UNIX socket, calls going to the plugins. */
export async function serveExtension(
  options: ServeOptions & { readonly plugins: readonly Plugin[]; onShutdown?(): void },
): Promise<Server> {
  throw new Error(`not written yet: ${options}`);
}

/** Serves `ExtensionManager` on a UNIX socket, as osqueryd does. */
export async function serveManager(
  options: ServeOptions & { readonly handlers: ManagerHandlers },
): Promise<Server> {
  throw new Error(`not written yet: ${options}`);
}

import type { Socket } from 'node:net';
import { createListener, listen } from './listen.ts';
import {
  type CallFate,
  type ExtensionInfo,
  explain,
  failure,
  type Log,
  NO_LOG,
  OK,
  type Option,
  type Plugin,
  type PluginRequest,
  type RegistryRoutes,
  type Reply,
  type Row,
  type Status,
} from './plugin.ts';
import { type MakeProcessor, Session } from './session.ts';
import { Processor as ExtensionProcessor } from './thrift/gen/Extension.js';
import {
  type Handler,
  Processor as ManagerProcessor,
  type WireMap,
  type WireRegistry,
  type WireResponse,
  type WireStatus,
} from './thrift/gen/ExtensionManager.js';

export interface ServeOptions {
  /** Where the UNIX socket is made, mode 0600. A stale file of a dead server is replaced; a live one is an error. */
  readonly path: string;
  readonly log?: Log;
  /** The largest message taken, in bytes; 64 MiB when absent. */
  readonly maxMessageBytes?: number;
  /** How many connections may be open at once; 1,024 when absent. More are closed at once. */
  readonly maxConnections?: number;
}

export interface ServeExtensionOptions extends ServeOptions {
  readonly plugins: readonly Plugin[];
  /** Core asked for the end; called after it was answered. */
  onShutdown?(): void;
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

type ExtensionHandler = Pick<Handler, 'ping' | 'call' | 'shutdown'>;
type Call = (
  registry: string,
  item: string,
  request: PluginRequest,
  fate: CallFate,
) => Reply | Promise<Reply>;

const DEFAULT_CONNECTIONS = 1024;

/** Serves `Extension` (ping, call, shutdown) on a UNIX socket, calls going to the plugins. */
export async function serveExtension(options: ServeExtensionOptions): Promise<Server> {
  const plugins = new Map(options.plugins.map((plugin) => [`${plugin.registry}/${plugin.name}`, plugin]));
  const call: Call = (registry, item, request, fate) => {
    const plugin = plugins.get(`${registry}/${item}`);
    return (
      plugin?.call(request, fate) ?? failure(`no ${registry} plugin is named ${JSON.stringify(item)} here`)
    );
  };
  // The answer is on its way when this runs.
  const onShutdown = (): void => void setImmediate(() => options.onShutdown?.());
  return serve(
    options,
    (fate) => new ExtensionProcessor(extensionHandler(call, { pong: 'OK', onShutdown, fate })),
  );
}

/** Serves `ExtensionManager` on a UNIX socket, as osqueryd does. */
export async function serveManager(
  options: ServeOptions & { readonly handlers: ManagerHandlers },
): Promise<Server> {
  return serve(options, (fate) => new ManagerProcessor(managerHandler(options.handlers, fate)));
}

async function serve(options: ServeOptions, makeProcessor: MakeProcessor): Promise<Server> {
  const { path, log = NO_LOG, maxMessageBytes } = options;
  const open = new Set<Socket>();
  const listener = createListener((socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    new Session(socket, makeProcessor, { log, maxMessageBytes });
  });
  listener.maxConnections = options.maxConnections ?? DEFAULT_CONNECTIONS;
  listener.on('drop', () => log.warn({ connections: open.size }, 'refusing a connection: too many are open'));
  await listen(path, listener);
  return {
    path,
    close: () =>
      new Promise((resolve) => {
        listener.close(() => resolve());
        for (const socket of open) socket.destroySoon();
      }),
  };
}

interface Answering {
  readonly pong: string;
  readonly onShutdown: () => void;
  readonly fate: () => CallFate;
}

function extensionHandler(call: Call, { pong, onShutdown, fate }: Answering): ExtensionHandler {
  return {
    ping: async () => wireStatus({ code: 0, message: pong }),
    call: (registry, item, request) =>
      answer(() => call(registry ?? '', item ?? '', new Map(Object.entries(request ?? {})), fate())),
    shutdown: async () => onShutdown(),
  };
}

function managerHandler(handlers: ManagerHandlers, fate: () => CallFate): Handler {
  const call: Call = (registry, item, request) => handlers.call(registry, item, request);
  return {
    ...extensionHandler(call, { pong: 'pong', onShutdown() {}, fate }),
    extensions: async () => {
      const list = [...(await handlers.extensions())];
      return Object.fromEntries(
        list.map(([uuid, info]) => [
          uuid,
          {
            name: info.name,
            version: info.version,
            sdk_version: info.sdkVersion,
            min_sdk_version: info.minSdkVersion,
          },
        ]),
      );
    },
    options: async () => {
      const list = [...(await handlers.options())];
      return Object.fromEntries(
        list.map(([name, { value, defaultValue, type }]) => [
          name,
          { value, default_value: defaultValue, type },
        ]),
      );
    },
    registerExtension: async (info, registry) => {
      const asked = {
        name: info?.name ?? '',
        version: info?.version ?? '',
        sdkVersion: info?.sdk_version ?? '',
        minSdkVersion: info?.min_sdk_version ?? '',
      };
      const status = await attempt(
        () => handlers.registerExtension(asked, routesOf(registry ?? {})),
        (message) => ({ code: 1, message, uuid: 0 }),
      );
      return { code: status.code, message: status.message, uuid: status.uuid };
    },
    deregisterExtension: async (uuid) =>
      wireStatus(
        await attempt(
          () => handlers.deregisterExtension(uuid ?? 0),
          (message) => ({ code: 1, message }),
        ),
      ),
    query: (sql) => answer(() => handlers.query(sql ?? '')),
    getQueryColumns: (sql) => answer(() => handlers.getQueryColumns(sql ?? '')),
  };
}

/** Nothing that a plugin does may reach the other side as less than an answer: core takes that for a dead extension. */
async function answer(ask: () => Reply | Promise<Reply>): Promise<WireResponse<string | Uint8Array>> {
  const { status, rows, encoded }: Reply = await attempt(ask, (message) => failure(message));
  return { status: wireStatus(status), response: encoded ?? rows };
}

async function attempt<T>(act: () => T | Promise<T>, otherwise: (message: string) => T): Promise<T> {
  try {
    return await act();
  } catch (error) {
    return otherwise(explain(error));
  }
}

function wireStatus({ code, message }: Status = OK): WireStatus {
  return { code, message, uuid: 0 };
}

function routesOf(registry: WireRegistry<Buffer>): RegistryRoutes {
  const text = (row: WireMap<Buffer>): Row =>
    Object.fromEntries(Object.entries(row).map(([name, value]) => [name, value.toString()]));
  return new Map(
    Object.entries(registry).map(([name, plugins]) => [
      name,
      new Map(Object.entries(plugins).map(([item, rows]) => [item, rows.map(text)])),
    ]),
  );
}

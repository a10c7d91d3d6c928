import { type Channel, type ConnectOptions, openChannel } from './channel.ts';
import type { ExtensionInfo, Option, RegistryRoutes, Reply, Row, RowBytes, Status } from './plugin.ts';
import type { WireMap, WireResponse, WireStatus } from './thrift/gen/ExtensionManager.js';

/** An answer that says no; the message is osquery's own. */
export class StatusError extends Error {
  readonly code: number;

  constructor(message: string, code: number) {
    super(message);
    this.code = code;
  }
}

/** What a plugin is asked, as the asking side writes it. */
export type Request = Readonly<Record<string, string | Uint8Array>>;

/** Core's side of an extension's socket. Every promise rejects with `CallError` when no answer comes. */
export interface ExtensionClient {
  ping(): Promise<Status>;
  /** A plugin's answer, whatever its status. */
  call(registry: string, item: string, request: Request): Promise<Reply<Row>>;
  /** The same, values in the very bytes of the wire. */
  callForBytes(registry: string, item: string, request: Request): Promise<Reply<RowBytes>>;
  shutdown(): Promise<void>;
  /** Settles when the connection has ended: with the reason, or with nothing after `close()`. */
  readonly closed: Promise<Error | undefined>;
  close(): void;
}

/** An extension's side of the manager socket. What core refuses rejects with `StatusError`, except `call` and `ping`. */
export interface ManagerClient extends ExtensionClient {
  /** The UUID that core gave; the extension then serves on `PATH.UUID`. */
  registerExtension(info: ExtensionInfo, registry: RegistryRoutes): Promise<number>;
  deregisterExtension(uuid: number): Promise<void>;
  extensions(): Promise<ReadonlyMap<number, ExtensionInfo>>;
  options(): Promise<ReadonlyMap<string, Option>>;
  query(sql: string): Promise<readonly Row[]>;
  getQueryColumns(sql: string): Promise<readonly QueryColumn[]>;
}

/** A column of a query's result. */
export interface QueryColumn {
  readonly name: string;
  readonly type: string;
}

/** Connects to an extension's socket, as core does for each call. */
export async function connectExtension(path: string, options?: ConnectOptions): Promise<ExtensionClient> {
  return extensionClient(await openChannel(path, options));
}

/** Connects to the manager socket of osqueryd. */
export async function connectManager(path: string, options?: ConnectOptions): Promise<ManagerClient> {
  const channel = await openChannel(path, options);
  return {
    ...extensionClient(channel),
    registerExtension: async (info, registry) => {
      const wireInfo = {
        name: info.name,
        version: info.version,
        sdk_version: info.sdkVersion,
        min_sdk_version: info.minSdkVersion,
      };
      const routes = Object.fromEntries(
        [...registry].map(([name, plugins]) => [name, Object.fromEntries(plugins)]),
      );
      const status = await channel.call('registerExtension', (client) =>
        client.registerExtension(wireInfo, routes),
      );
      return accept(status).uuid ?? 0;
    },
    deregisterExtension: async (uuid) => {
      accept(await channel.call('deregisterExtension', (client) => client.deregisterExtension(uuid)));
    },
    extensions: async () => {
      const list = await channel.call('extensions', (client) => client.extensions());
      return new Map(
        Object.entries(list).map(([uuid, info]) => [
          Number(uuid),
          {
            name: info.name ?? '',
            version: info.version ?? '',
            sdkVersion: info.sdk_version ?? '',
            minSdkVersion: info.min_sdk_version ?? '',
          },
        ]),
      );
    },
    options: async () => {
      const list = await channel.call('options', (client) => client.options());
      return new Map(
        Object.entries(list).map(([name, option]) => [
          name,
          {
            value: option.value ?? '',
            defaultValue: option.default_value ?? '',
            type: option.type ?? '',
          },
        ]),
      );
    },
    query: async (sql) => {
      const response = await channel.call('query', (client) => client.query(sql));
      accept(response.status);
      return rowsOf<string>(response);
    },
    getQueryColumns: async (sql) => {
      const response = await channel.call('getQueryColumns', (client) => client.getQueryColumns(sql));
      accept(response.status);
      return rowsOf<string>(response).flatMap((row) =>
        Object.entries(row).map(([name, type]) => ({ name, type })),
      );
    },
  };
}

function extensionClient(channel: Channel): ExtensionClient {
  return {
    closed: channel.closed,
    close: () => channel.close(),
    ping: async () => statusOf(await channel.call('ping', (client) => client.ping())),
    call: async (registry, item, request) =>
      replyOf<string>(await channel.call('call', (client) => client.call(registry, item, request))),
    callForBytes: async (registry, item, request) =>
      replyOf<Buffer>(await channel.call('call', (client) => client.call(registry, item, request), 'bytes')),
    shutdown: () => channel.call('shutdown', (client) => client.shutdown()),
  };
}

/** The cells are what the reader was told to make of them: text, or bytes. */
function replyOf<V>(response: WireResponse<unknown>): Reply<WireMap<V>> {
  return { status: statusOf(response.status), rows: rowsOf<V>(response) };
}

function rowsOf<V>(response: WireResponse<unknown>): readonly WireMap<V>[] {
  return (response.response ?? []) as readonly WireMap<V>[];
}

function statusOf(status: WireStatus | null): Status {
  return { code: status?.code ?? 1, message: status?.message ?? '' };
}

function accept(status: WireStatus | null): WireStatus {
  const { code, message } = statusOf(status);
  if (status === null || code !== 0) throw new StatusError(message, code);
  return status;
}

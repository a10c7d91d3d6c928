import type { ExtensionInfo, Option, RegistryRoutes, Reply, Row, RowBytes, Status } from './plugin.ts';

export interface ConnectOptions {
  /** How long one call may take, in milliseconds; 30,000 when absent. */
  readonly timeoutMs?: number;
  /** The largest reply taken, in bytes; 64 MiB when absent. */
  readonly maxMessageBytes?: number;
}

/** A call that got no answer: the connection broke, or the time was up, or what came was no Thrift. */
export class CallError extends Error {}

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
  getQueryColumns(sql: string): Promise<readonly { readonly name: string; readonly type: string }[]>;
}

export async function connectExtension(path: string, options?: ConnectOptions): Promise<ExtensionClient> {
  throw new Error(`not written yet: ${path} ${options}`);
}

export async function connectManager(path: string, options?: ConnectOptions): Promise<ManagerClient> {
  throw new Error(`not written yet: ${path} ${options}`);
}

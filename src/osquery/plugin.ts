import type { EncodedRows } from './encoded-rows.ts';

/** How a call went: osquery's `ExtensionStatus`. Code 0 is success; a logger's `features` answer puts its bits there. */
export interface Status {
  readonly code: number;
  readonly message: string;
}

/** What a plugin is asked: osquery's `PluginRequest`. Values are the bytes of the wire, which need not be valid UTF-8. */
export type PluginRequest = ReadonlyMap<string, Buffer>;

/** A row as it comes back: column name to text, invalid UTF-8 replaced. */
export type Row = Readonly<Record<string, string>>;

/** A row as it comes back, each value in the very bytes of the wire. */
export type RowBytes = Readonly<Record<string, Buffer>>;

/** A row that a plugin answers with. A `Uint8Array` goes out byte for byte, a string as UTF-8. */
export type PluginRow = Readonly<Record<string, string | Uint8Array>>;

/** What a call answers: a status, and rows when there are any. */
export interface Reply<R = PluginRow> {
  readonly status: Status;
  readonly rows: readonly R[];
  /** In the place of `rows`: what a table answers that has very many. */
  readonly encoded?: EncodedRows;
}

/** What is known of a call beside what it asks. */
export interface CallFate {
  /** Whether the answer went out: false when the other side was gone by then. It may die before it reads the answer. */
  readonly sent: Promise<boolean>;
}

/** Something an extension puts in osquery's registry. `call` answers a failure as a status; a throw is turned into one. */
export interface Plugin {
  /** `table`, `logger`, `config` … */
  readonly registry: string;
  readonly name: string;
  /** What `registerExtension` tells core about the plugin: a table's columns, nothing for a logger. */
  routes(): readonly Row[];
  call(request: PluginRequest, fate?: CallFate): Reply | Promise<Reply>;
}

/** Plugins as `registerExtension` lists them: registry name → plugin name → routes. */
export type RegistryRoutes = ReadonlyMap<string, ReadonlyMap<string, readonly Row[]>>;

/** An extension, as it presents itself and as `extensions()` lists it. */
export interface ExtensionInfo {
  readonly name: string;
  readonly version: string;
  readonly sdkVersion: string;
  readonly minSdkVersion: string;
}

/** A setting of osqueryd. */
export interface Option {
  readonly value: string;
  readonly defaultValue: string;
  readonly type: string;
}

/** Where operational news go; pino's logger fits. Keys of `fields` are snake_case. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export const OK: Status = Object.freeze({ code: 0, message: 'OK' });
export const NO_LOG: Log = Object.freeze({ debug() {}, info() {}, warn() {}, error() {} });

/** A failure status (code 1) with this message. */
export function failure(message: string): Reply<never> {
  return { status: { code: 1, message }, rows: [] };
}

/** A success with these rows. */
export function success<R = PluginRow>(rows: readonly R[] = []): Reply<R> {
  return { status: OK, rows };
}

/** Says an error and its causes in one line. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${explain(error.cause)}`;
}

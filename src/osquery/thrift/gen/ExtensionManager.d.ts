/**
 * Types of the generated code, by hand: what of it is used. Structs are written as plain objects; `null` is a
 * field that the other side left out.
 */
import type { Blocks } from '../writer.ts';

export interface WireStatus {
  readonly code: number | null;
  readonly message: string | null;
  readonly uuid: number | null;
}

export interface WireExtensionInfo {
  readonly name: string | null;
  readonly version: string | null;
  readonly sdk_version: string | null;
  readonly min_sdk_version: string | null;
}

export interface WireOption {
  readonly value: string | null;
  readonly default_value: string | null;
  readonly type: string | null;
}

/** `V` is what `readBinary` and `writeBinary` take: text or bytes. */
export type WireMap<V> = { readonly [name: string]: V };

export interface WireResponse<V> {
  readonly status: WireStatus | null;
  readonly response: readonly WireMap<V>[] | WireRows | null;
}

/** Rows that are bytes of the wire already; only ever written. */
export interface WireRows extends Blocks {
  readonly length: number;
}

export type WireRegistry<V> = WireMap<WireMap<readonly WireMap<V>[]>>;

type Cell = string | Uint8Array;

/** What `Processor` calls; it counts the parameters of each method to see that a promise comes back. */
export interface Handler {
  ping(): Promise<WireStatus>;
  call(
    registry: string | null,
    item: string | null,
    request: WireMap<Buffer> | null,
  ): Promise<WireResponse<Cell>>;
  shutdown(): Promise<void>;
  extensions(): Promise<{ readonly [uuid: string]: WireExtensionInfo }>;
  options(): Promise<WireMap<WireOption>>;
  registerExtension(
    info: WireExtensionInfo | null,
    registry: WireRegistry<Buffer> | null,
  ): Promise<WireStatus>;
  deregisterExtension(uuid: number | null): Promise<WireStatus>;
  query(sql: string | null): Promise<WireResponse<Cell>>;
  getQueryColumns(sql: string | null): Promise<WireResponse<Cell>>;
}

/** Sends calls to `output` and gives promises, which `recv_NAME` settles through `_reqs`. */
export declare class Client {
  constructor(output: object, protocol: new (output: never) => object);
  /** Whom an answer is for, by sequence number. */
  readonly _reqs: Record<number, (error: unknown, result?: unknown) => void>;
  /** The sequence number of the call last sent. */
  seqid(): number;
  ping(): Promise<WireStatus>;
  call(registry: string, item: string, request: WireMap<Cell>): Promise<WireResponse<Cell>>;
  shutdown(): Promise<void>;
  extensions(): Promise<{ readonly [uuid: string]: WireExtensionInfo }>;
  options(): Promise<WireMap<WireOption>>;
  registerExtension(info: WireExtensionInfo, registry: WireRegistry<Cell>): Promise<WireStatus>;
  deregisterExtension(uuid: number): Promise<WireStatus>;
  query(sql: string): Promise<WireResponse<Cell>>;
  getQueryColumns(sql: string): Promise<WireResponse<Cell>>;
}

/** Reads one call from `input`, calls the handler, writes the answer to `output` and flushes it. */
export declare class Processor {
  constructor(handler: Handler);
  process(input: object, output: object): void;
}

/** A query that tells about the host; run in the background, now and then, its rows given to `Host.learn`. */
export interface HostQuery {
  readonly table: string;
  readonly sql: string;
  /** How often to ask again. */
  readonly intervalSeconds: number;
}

/** What is known of the host: its id, names, system, users and groups. */
export interface Host {
  readonly id: string;
  readonly queries: readonly HostQuery[];
  /** Takes the rows that a query of `queries` gave. */
  learn(table: string, rows: readonly Readonly<Record<string, unknown>>[]): void;
  userName(id: string): string | null;
  groupName(id: string): string | null;
  userId(name: string): string | null;
  /** `host.*` of an alert document. */
  toEcs(): Readonly<Record<string, unknown>>;
}

/** `id` is the host identifier that osquery logs under, until `system_info` tells a better one. */
export declare function createHost(id: string): Host;

import { readdir, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import {
  connectExtension,
  type ExtensionClient,
  type ExtensionInfo,
  failure,
  type ManagerHandlers,
  type PluginRequest,
  type Registration,
  type RegistryRoutes,
  type Reply,
  type Row,
  type Server,
  type Status,
  serveManager,
  success,
} from '../osquery/index.ts';
import type { KnownColumn } from './sql/known-table.ts';

/** What the manager needs of the rest of core. */
export interface ManagerHost {
  attach(table: string, columns: readonly KnownColumn[], eventBased: boolean): Promise<void>;
  detach(table: string): Promise<void>;
  /** Whether core has a plugin of that name itself. */
  isTaken(registry: string, name: string): boolean;
  query(sql: string): Promise<Reply>;
  columns(sql: string): Promise<Reply>;
  options(): ReturnType<ManagerHandlers['options']>;
  callLogger(item: string, request: PluginRequest): Promise<Reply>;
  status(severity: 0 | 1 | 2, message: string): void;
}

interface Registered {
  readonly uuid: number;
  readonly info: ExtensionInfo;
  readonly routes: RegistryRoutes;
  /** Whether it ever answered: until then it may be late. */
  answered: boolean;
}

export type PluginReply = Reply<Readonly<Record<string, Buffer>>>;

const OLDEST_SDK = [1, 7, 7];
/** `TableAttributes::EVENT_BASED` */
const EVENT_BASED = 4;
const HIGHEST_UUID = 0xffff;
/** Core looks for a new extension's socket every 20 ms (`kExtensionInitializeLatency`). */
const FIRST_PING_RETRY_MS = 20;

/**
 * The extensions that core knows, and the manager socket where they register.
 * Source: osquery/extensions/interface.cpp, osquery/extensions/extensions.cpp.
 */
export class ExtensionManager {
  readonly #host: ManagerHost;
  readonly #path: string;
  readonly #callTimeoutMs: number;
  readonly #extensions = new Map<number, Registered>();
  readonly #waiters: (() => void)[] = [];
  #server: Server | undefined;

  constructor(host: ManagerHost, path: string, callTimeoutMs: number) {
    this.#host = host;
    this.#path = path;
    this.#callTimeoutMs = callTimeoutMs;
  }

  get extensions(): ReadonlyMap<number, ExtensionInfo> {
    return new Map([...this.#extensions].map(([uuid, { info }]) => [uuid, info]));
  }

  async listen(): Promise<void> {
    await removeStale(this.#path);
    this.#server = await serveManager({
      path: this.#path,
      handlers: {
        call: (registry, item, request) => this.#callCore(registry, item, request),
        extensions: () => this.extensions,
        options: () => this.#host.options(),
        registerExtension: (info, routes) => this.#register(info, routes),
        deregisterExtension: (uuid) => this.#deregister(uuid),
        query: (sql) => this.#host.query(sql),
        getQueryColumns: (sql) => this.#host.columns(sql),
      },
    });
  }

  /** Asks every extension to end, as core does when it ends, and stops listening. */
  async close(): Promise<void> {
    await Promise.allSettled(
      [...this.#extensions.keys()].map((uuid) => this.#connected(uuid, (client) => client.shutdown())),
    );
    await this.#server?.close();
  }

  /** Settles when an extension of that name (of any, without one) is registered and has answered. */
  async registered(name?: string): Promise<number> {
    for (;;) {
      const found = [...this.#extensions.values()].find(
        ({ info, answered }) => answered && (name === undefined || info.name === name),
      );
      if (found !== undefined) return found.uuid;
      await new Promise<void>((resolve) => this.#waiters.push(resolve));
    }
  }

  hasPlugin(registry: string, name: string): boolean {
    return this.#ownerOf(registry, name) !== undefined;
  }

  /** Calls a plugin of an extension: a new connection each time, as core does. Rejects when no answer comes. */
  async callPlugin(
    registry: string,
    name: string,
    request: Readonly<Record<string, string | Uint8Array>>,
  ): Promise<PluginReply> {
    const owner = this.#ownerOf(registry, name);
    if (owner === undefined) throw new Error(`Cannot call registry item: ${registry}/${name}`);
    return this.#connected(owner.uuid, (client) => client.callForBytes(registry, name, request));
  }

  /** Pings every extension; one failed ping and it is gone, without being told. */
  async ping(): Promise<void> {
    for (const extension of [...this.#extensions.values()].filter(({ answered }) => answered)) {
      if (!(await this.#pings(extension))) await this.#remove(extension);
    }
  }

  async #pings({ uuid }: Registered): Promise<boolean> {
    try {
      return (await this.#connected(uuid, (client) => client.ping())).code === 0;
    } catch {
      return false;
    }
  }

  async #connected<T>(uuid: number, act: (client: ExtensionClient) => Promise<T>): Promise<T> {
    const client = await connectExtension(`${this.#path}.${uuid}`, { timeoutMs: this.#callTimeoutMs });
    try {
      return await act(client);
    } finally {
      client.close();
    }
  }

  #ownerOf(registry: string, name: string): Registered | undefined {
    return [...this.#extensions.values()].find(({ routes }) => routes.get(registry)?.has(name));
  }

  #callCore(registry: string, item: string, request: PluginRequest): Reply | Promise<Reply> {
    if (registry === 'logger') return this.#host.callLogger(item, request);
    return failure(`Cannot call registry item: ${registry}/${item}`);
  }

  async #register(info: ExtensionInfo, routes: RegistryRoutes): Promise<Registration> {
    const refuse = (message: string, why: string): Registration => {
      this.#host.status(1, why);
      return { code: 1, message, uuid: 0 };
    };
    if ([...this.#extensions.values()].some((other) => other.info.name === info.name)) {
      return refuse(
        'Duplicate extension registered',
        `Refusing to register duplicate extension ${info.name}`,
      );
    }
    if (!isAtLeast(info.sdkVersion, OLDEST_SDK)) {
      const why = `Could not add extension ${info.name}: incompatible extension SDK ${info.sdkVersion}`;
      return refuse('Incompatible extension SDK version', why);
    }
    for (const [registry, plugins] of routes) {
      for (const name of plugins.keys()) {
        if (!this.#host.isTaken(registry, name) && !this.hasPlugin(registry, name)) continue;
        const why = `Could not add extension ${info.name}: invalid extension registry`;
        return refuse('Failed adding registry broadcast', why);
      }
    }
    const extension = { uuid: this.#newUuid(), info, routes, answered: false };
    this.#extensions.set(extension.uuid, extension);
    for (const [name, rows] of routes.get('table') ?? []) {
      await this.#host.attach(name, rows.flatMap(columnFrom), rows.some(isEventBased));
    }
    this.#host.status(0, `Registering extension (${info.name}, ${extension.uuid}, version=${info.version})`);
    void this.#awaitFirstAnswer(extension);
    return { code: 0, message: 'OK', uuid: extension.uuid };
  }

  /** The socket `PATH.UUID` can only be made once the UUID is known, so the first ping may come too early. */
  async #awaitFirstAnswer(extension: Registered): Promise<void> {
    const deadline = performance.now() + this.#callTimeoutMs;
    while (this.#extensions.get(extension.uuid) === extension) {
      if (await this.#pings(extension)) {
        extension.answered = true;
        for (const wake of this.#waiters.splice(0)) wake();
        return;
      }
      if (performance.now() > deadline) return void this.#remove(extension);
      await new Promise((resolve) => setTimeout(resolve, FIRST_PING_RETRY_MS));
    }
  }

  async #deregister(uuid: number): Promise<Status> {
    const extension = this.#extensions.get(uuid);
    if (extension === undefined) return { code: 1, message: 'No extension UUID registered' };
    await this.#forget(extension);
    return { code: 0, message: 'OK' };
  }

  async #remove(extension: Registered): Promise<void> {
    this.#host.status(0, `Extension UUID ${extension.uuid} has gone away`);
    await this.#forget(extension);
  }

  async #forget({ uuid, routes }: Registered): Promise<void> {
    this.#extensions.delete(uuid);
    for (const name of routes.get('table')?.keys() ?? []) await this.#host.detach(name);
  }

  #newUuid(): number {
    for (;;) {
      const uuid = 1 + Math.floor(Math.random() * HIGHEST_UUID);
      if (!this.#extensions.has(uuid)) return uuid;
    }
  }
}

/** A refused or failed call of a plugin as an error. */
export function rowsOf(reply: PluginReply): readonly Readonly<Record<string, Buffer>>[] {
  if (reply.status.code !== 0) throw new Error(reply.status.message);
  return reply.rows;
}

/** Rows as the manager answers them. */
export function replyWith(rows: readonly Readonly<Record<string, string | Uint8Array>>[]): Reply {
  return success(rows);
}

function columnFrom(route: Row): readonly KnownColumn[] {
  if (route['id'] !== 'column' || route['name'] === undefined) return [];
  const type = (route['type'] ?? 'TEXT').replace(' ', '_');
  return [{ name: route['name'], type, options: Number(route['op'] ?? 0) || 0 }];
}

function isEventBased(route: Row): boolean {
  return route['id'] === 'attributes' && (Number(route['attributes']) & EVENT_BASED) !== 0;
}

function isAtLeast(version: string, oldest: readonly number[]): boolean {
  const parts = version.split('.').map((part) => Number.parseInt(part, 10) || 0);
  for (const [index, wanted] of oldest.entries()) {
    const part = parts[index] ?? 0;
    if (part !== wanted) return part > wanted;
  }
  return true;
}

/**
 * Core removes the sockets of all extensions before its manager listens: those of a worker before, whoever still
 * serves there. Source: `removeStalePaths` in osquery/extensions/interface.cpp.
 */
async function removeStale(manager: string): Promise<void> {
  const folder = dirname(manager);
  const prefix = `${basename(manager)}.`;
  const stale = (await readdir(folder)).filter((name) => name.startsWith(prefix));
  for (const name of stale) await unlink(join(folder, name)).catch(() => {});
}

import type { ExecutionContext } from 'ava';
import {
  connectExtension,
  type ExtensionInfo,
  failure,
  type ManagerHandlers,
  type RegistryRoutes,
  type Row,
  type Server,
  serveManager,
  success,
} from '../../src/osquery/index.ts';

export interface Registered {
  readonly info: ExtensionInfo;
  readonly registry: RegistryRoutes;
}

/** As much of osqueryd as registration needs: duplicates refused, one failed ping and an extension is out, in silence. */
export class TestManager {
  readonly path: string;
  readonly extensions = new Map<number, Registered>();
  readonly refused: string[] = [];
  #server: Server | undefined;
  #nextUuid = 40_000;

  constructor(path: string) {
    this.path = path;
  }

  static async start(t: ExecutionContext, path: string): Promise<TestManager> {
    const manager = new TestManager(path);
    await manager.listen();
    t.teardown(() => manager.close());
    return manager;
  }

  /** Also what a new worker does: same path, empty registry. */
  async listen(): Promise<void> {
    this.extensions.clear();
    this.#server = await serveManager({ path: this.path, handlers: this.#handlers() });
  }

  async close(): Promise<void> {
    await this.#server?.close();
  }

  /** Core's watcher: whoever does not answer is dropped. */
  async pingAll(): Promise<void> {
    for (const uuid of this.extensions.keys()) {
      try {
        const extension = await connectExtension(`${this.path}.${uuid}`);
        await extension.ping();
        extension.close();
      } catch {
        this.extensions.delete(uuid);
      }
    }
  }

  /** As core calls a table: a new connection for each call. */
  async generate(uuid: number, table: string, context = '{}'): Promise<readonly Row[]> {
    const extension = await connectExtension(`${this.path}.${uuid}`);
    const { rows } = await extension.call('table', table, { action: 'generate', context });
    extension.close();
    return rows;
  }

  #handlers(): ManagerHandlers {
    return {
      call: () => success(),
      options: () => new Map([['verbose', { value: 'true', defaultValue: 'false', type: 'bool' }]]),
      extensions: () => new Map([...this.extensions].map(([uuid, { info }]) => [uuid, info])),
      registerExtension: (info, registry) => {
        if ([...this.extensions.values()].some((other) => other.info.name === info.name)) {
          this.refused.push(info.name);
          return { code: 1, message: 'Duplicate extension registered', uuid: 0 };
        }
        const uuid = this.#nextUuid++;
        this.extensions.set(uuid, { info, registry });
        return { code: 0, message: 'OK', uuid };
      },
      deregisterExtension: (uuid) =>
        this.extensions.delete(uuid)
          ? { code: 0, message: 'OK' }
          : { code: 1, message: 'No extension UUID registered' },
      query: (sql) =>
        sql === 'SELECT 1 AS one' ? success([{ one: '1' }]) : failure('near "x": syntax error'),
      getQueryColumns: () => success([{ one: 'INTEGER' }, { two: 'TEXT' }]),
    };
  }
}

import type { AlertFilter, StoredAlert } from './alert.ts';
import type { Sqlite, StoreDatabase } from './database.ts';
import { explain } from './failure.ts';
import { openForReading } from './file.ts';
import type { Snapshot, StoreHealth, StoreReader } from './store.ts';

/** The store of another process. It is opened when first asked, and again after it failed. */
export class FileReader implements StoreReader {
  readonly #path: string;
  readonly #sqlite: Sqlite | Error;
  #database: StoreDatabase | null = null;
  #trouble: string | null = null;

  constructor(path: string, sqlite: Sqlite | Error) {
    this.#path = path;
    this.#sqlite = sqlite;
  }

  list(filter: AlertFilter = {}): readonly StoredAlert[] {
    return this.#read((database) => database.list(filter)) ?? [];
  }

  loadSnapshot(): Snapshot | null {
    return this.#read((database) => database.loadSnapshot()) ?? null;
  }

  get health(): StoreHealth {
    const counts = this.#read((database) => ({ ...database.counts(), bytes: database.bytes }));
    return {
      ...{ path: this.#path, state: 'reading', trouble: this.#trouble },
      ...(counts ?? { alerts: 0, waiting: 0, bytes: 0 }),
      ...{ unwritten: 0, dropped: 0, putAside: null, snapshotMs: 0, snapshotBytes: 0 },
    };
  }

  close(): void {
    this.#database?.close();
    this.#database = null;
  }

  #read<T>(act: (database: StoreDatabase) => T): T | undefined {
    try {
      if (this.#sqlite instanceof Error) throw this.#sqlite;
      this.#database ??= openForReading(this.#path, this.#sqlite);
      const found = act(this.#database);
      this.#trouble = null;
      return found;
    } catch (error) {
      this.#trouble = explain(error);
      this.close();
      return undefined;
    }
  }
}

import { chmodSync, closeSync, lstatSync, openSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Database } from 'better-sqlite3';
import { type Sqlite, StoreDatabase } from './database.ts';
import { migrate } from './migrations.ts';

/** A file or folder that is not safe to use; the message says what to do. */
class UnsafePath extends Error {}

/** Another process writes to the file. */
export class Owned extends Error {}

export interface FileOptions {
  readonly sqlite: Sqlite;
  readonly mostBytes: number;
}

/** The file, open and owned by this process. */
export interface OwnedFile {
  readonly database: StoreDatabase;
  close(): void;
}

const BUSY_MS = 1_000;
const MOST_WAL_BYTES = 4 << 20;
const MOST_ASIDE = 2;
const OTHERS_MAY_WRITE = 0o022;

/**
 * Opens or makes the file, mode 0600, in a folder that only its owner and root may write to.
 *
 * One process owns it, by an exclusive lock on a file beside it which the system lets go with the process;
 * others may read. Throws what SQLite throws, UnsafePath, or Owned.
 */
export function openFile(path: string, { sqlite, mostBytes }: FileOptions): OwnedFile {
  refuseUnsafe(path);
  createEmpty(path);
  const lock = own(`${path}.lock`, sqlite);
  try {
    const db = new sqlite(path, { timeout: BUSY_MS });
    try {
      for (const pragma of ['journal_mode = WAL', 'synchronous = NORMAL', 'trusted_schema = OFF']) {
        db.pragma(pragma);
      }
      db.pragma(`journal_size_limit = ${MOST_WAL_BYTES}`);
      migrate(db);
      // Not before: bringing a file to a new form takes room for both.
      db.pragma(
        `max_page_count = ${Math.ceil(mostBytes / Number(db.pragma('page_size', { simple: true })))}`,
      );
    } catch (error) {
      db.close();
      throw error;
    }
    return ownedFile(new StoreDatabase(db), lock);
  } catch (error) {
    lock.close();
    throw error;
  }
}

/** Opens the file that another process owns, to read. */
export function openForReading(path: string, sqlite: Sqlite): StoreDatabase {
  refuseUnsafe(path);
  return new StoreDatabase(new sqlite(path, { readonly: true, fileMustExist: true, timeout: BUSY_MS }));
}

/** Renames a file that cannot be used, with what belongs to it, and gives its new name. Only the last few are kept. */
export function putAside(path: string, nowMs: number): string {
  const date = new Date(nowMs).toISOString().replace(/[-:]|\.\d+/g, '');
  const aside = `${path}.put-aside-${date}`;
  renameSync(path, aside);
  for (const suffix of ['-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true });
  const prefix = `${basename(path)}.put-aside-`;
  const old = readdirSync(dirname(path)).filter((name) => name.startsWith(prefix));
  for (const name of old.sort().slice(0, -MOST_ASIDE)) rmSync(join(dirname(path), name), { force: true });
  return aside;
}

function ownedFile(database: StoreDatabase, lock: Database): OwnedFile {
  return {
    database,
    close() {
      database.close();
      lock.close();
    },
  };
}

/** Holds a transaction that excludes all others for as long as the process lives. */
function own(path: string, sqlite: Sqlite): Database {
  createEmpty(path);
  const lock = new sqlite(path, { timeout: 0 });
  try {
    lock.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch (cause) {
    lock.close();
    if ((cause as { readonly code?: unknown }).code === 'SQLITE_BUSY') {
      throw new Owned('another process writes to it', { cause });
    }
    // It holds nothing: bytes in it are not ours, and the next try makes it anew.
    rmSync(path, { force: true });
    throw new Error('locking the store', { cause });
  }
}

function createEmpty(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    chmodSync(path, 0o600);
  }
}

/** Who may write to the folder could put another file, or a link, in the place of ours. */
function refuseUnsafe(path: string): void {
  if (process.platform === 'win32') return;
  const folder = lstatSync(dirname(path));
  if (!folder.isDirectory()) throw new UnsafePath(`${dirname(path)} is no folder`);
  refuseForeign(dirname(path), folder);
  const file = lstatSync(path, { throwIfNoEntry: false });
  if (file === undefined) return;
  if (!file.isFile()) throw new UnsafePath(`${path} is no ordinary file`);
  refuseForeign(path, file);
}

function refuseForeign(path: string, { uid, mode }: { readonly uid: number; readonly mode: number }): void {
  if (uid !== 0 && uid !== process.getuid?.()) {
    throw new UnsafePath(`${path} belongs to user ${uid}; it must belong to root or to who runs this`);
  }
  if ((mode & OTHERS_MAY_WRITE) !== 0) {
    throw new UnsafePath(`others may write to ${path}; take that away: chmod go-w ${path}`);
  }
}

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Schema, TableSpec } from '../../src/schema/index.ts';

const ROOT = join(import.meta.dirname, '..', '..');
/** One row in so many is of the attack recording; the others are of everyday work. */
const ATTACK_SHARE = 100;
/** Every second command line gets a last word that never came before, as temporary files and numbers do. */
const FRESH_SHARE = 2;
const FIRST_PID = 40_000;
const LAST_PID = 4_194_303;

/** A scan's new rows of one table, if any, oldest first, in the order of `table.reads`. */
export interface FedBatch {
  readonly table: TableSpec;
  readonly rows: readonly FedRow[];
}

/** Numbers and texts as SQLite's `json_array` writes them. */
type FedRow = readonly (string | number | null)[];

type Columns = Readonly<Record<string, string>>;

interface RecordedRow {
  readonly table: TableSpec;
  readonly columns: Columns;
}

/**
 * Recorded rows without an end, as a host would go on making them: event numbers without a gap, times of now, and
 * pids that rise and wrap as the kernel's do, each parent's the one that its own row had.
 */
export class Feed {
  /** Execs among all rows of the recordings. */
  readonly execShare: number;
  /** The command line of each canary begins so; each must raise its own alert. */
  static readonly CANARY = '/usr/bin/soak-canary';
  readonly #everyday: Player;
  readonly #attack: Player;
  /** Each is scanned every time, as osquery does it, whether it has new rows or not. */
  readonly #tables: ReadonlySet<TableSpec>;
  readonly #serials = new Map<string, number>();
  readonly #texts = new Map<TableSpec, ReadonlySet<string>>();
  #rows = 0;
  #canaries = 0;

  constructor(schema: Schema) {
    const pids = new Pids();
    const everyday = recorded('everyday', schema);
    this.#everyday = new Player(everyday, pids);
    const attack = [...recorded('seed', schema), ...recorded('attack', schema)];
    this.#attack = new Player(attack, pids);
    this.#tables = new Set([...everyday, ...attack].map(({ table }) => table));
    this.execShare =
      everyday.filter(({ columns }) => columns['syscall'] === 'execve').length / everyday.length;
  }

  get canaries(): number {
    return this.#canaries;
  }

  /** The rows of the next interval, by table, with a canary in each second. */
  next(count: number, fromSecond: number, seconds: number): readonly FedBatch[] {
    const batches = new Map<TableSpec, FedRow[]>([...this.#tables].map((table) => [table, []]));
    const aSecond = Math.max(1, Math.floor(count / seconds));
    for (let at = 0; at < count; at += 1) {
      const player = ++this.#rows % ATTACK_SHARE === 0 ? this.#attack : this.#everyday;
      const { table, columns } = at % aSecond === 0 ? this.#canary() : player.next();
      batches.get(table)!.push(this.#stamp(table, columns, fromSecond + Math.floor((at * seconds) / count)));
    }
    return [...batches].map(([table, rows]) => ({ table, rows }));
  }

  #canary(): RecordedRow {
    const { table, columns } = this.#everyday.exec();
    this.#canaries += 1;
    return { table, columns: { ...columns, path: Feed.CANARY, cmdline: `${Feed.CANARY} ${this.#canaries}` } };
  }

  #stamp(table: TableSpec, columns: Columns, second: number): FedRow {
    const serial = (this.#serials.get(table.name) ?? 0) + 1;
    this.#serials.set(table.name, serial);
    const own: Columns = { eid: String(serial).padStart(10, '0'), time: String(second) };
    const texts = this.#textsOf(table);
    return table.reads.map((column) => {
      const value = own[column] ?? columns[column] ?? '';
      if (texts.has(column)) return value;
      return value === '' ? null : Number(value);
    });
  }

  #textsOf(table: TableSpec): ReadonlySet<string> {
    let texts = this.#texts.get(table);
    if (texts === undefined) {
      texts = new Set(table.columns.filter(({ type }) => type === 'TEXT').map(({ name }) => name));
      this.#texts.set(table, texts);
    }
    return texts;
  }
}

/** Plays one recording over and over. */
class Player {
  readonly #rows: readonly RecordedRow[];
  readonly #pids: Pids;
  #at = 0;
  #lines = 0;
  #moved = new Map<string, string>();

  constructor(rows: readonly RecordedRow[], pids: Pids) {
    this.#rows = rows;
    this.#pids = pids;
  }

  next(): RecordedRow {
    if (this.#at === this.#rows.length) {
      this.#at = 0;
      this.#moved = new Map();
    }
    const { table, columns } = this.#rows[this.#at++]!;
    const moved: Record<string, string> = { ...columns };
    for (const name of ['parent', 'pid']) {
      const pid = columns[name];
      if (pid !== undefined) moved[name] = this.#move(pid, name === 'pid');
    }
    const line = columns['cmdline'] ?? '';
    // Of the lines, not of the rows: those are by turns of a fork and of an exec.
    if (line !== '' && ++this.#lines % FRESH_SHARE === 0) moved['cmdline'] = `${line} ${this.#lines}`;
    return { table, columns: moved };
  }

  /** The next exec row, whatever lies before it left out. */
  exec(): RecordedRow {
    for (;;) {
      const row = this.next();
      if (row.columns['syscall'] === 'execve') return row;
    }
  }

  /** A parent that no row brought was there before the recording, and keeps its pid. */
  #move(pid: string, isNew: boolean): string {
    const known = this.#moved.get(pid);
    if (known !== undefined || !isNew) return known ?? pid;
    const moved = this.#pids.next();
    this.#moved.set(pid, moved);
    return moved;
  }
}

class Pids {
  #last = FIRST_PID;

  next(): string {
    this.#last = this.#last === LAST_PID ? FIRST_PID : this.#last + 1;
    return String(this.#last);
  }
}

/** The whole recording where it lies beside the checkout, the part of it that is kept here otherwise. */
function recorded(name: string, schema: Schema): readonly RecordedRow[] {
  const folders = [join(ROOT, '..', 'shared', 'events'), join(ROOT, 'test', 'events')];
  const file = folders.map((folder) => join(folder, `${name}.results.log.gz`)).find(existsSync)!;
  return gunzipSync(readFileSync(file))
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '')
    .flatMap((line): RecordedRow[] => {
      const row = JSON.parse(line) as { readonly name: string; readonly columns: Columns };
      const table = schema.tables.get(row.name);
      return table === undefined ? [] : [{ table, columns: row.columns }];
    });
}

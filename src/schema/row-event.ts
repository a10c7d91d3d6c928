import type { ArgsFidelity, Process, ProcessTree, Signature } from '../process/index.ts';
import type { Field, Likeness, Value } from '../rule/index.ts';
import { ancestorsOf, type Leaders, leadersOf } from './ancestry.ts';
import { columnId } from './column-ids.ts';
import type { OsqueryEvent } from './event.ts';
import type { Host } from './host.ts';
import type { Likenesses } from './likeness.ts';
import { signatureOf } from './signature.ts';
import type { TableSpec } from './table.ts';
import { textOf } from './text-of.ts';

export type Read = (event: RowEvent) => Value;

/** A table ready to be read. */
export interface CompiledTable {
  readonly spec: TableSpec;
  /** By slot; undefined where the table lacks the field. */
  readonly readers: readonly (Read | undefined)[];
  /** Places that an event's cache needs. */
  readonly cached: number;
  /** `path`: where it stands in a document. `list`: the values are several of one kind, not several ways to say one. */
  readonly definitions: readonly {
    readonly field: Field;
    readonly path: readonly string[];
    readonly list: boolean;
  }[];
}

/** How the rows of one reader lie: which column stands where. */
export interface Layout {
  readonly table: CompiledTable;
  readonly columns: readonly string[];
  /** By column id: the place in the row, -1 where the row lacks it. */
  readonly places: Int16Array;
  /** Places in the row of what is read and is not of the moment. */
  readonly steady: readonly number[];
  /** The same without the command line, and the place of that, -1 where the row lacks it. */
  readonly framing: readonly number[];
  readonly line: number;
  readonly likenesses: Likenesses;
  readonly host: Host;
  readonly tree: ProcessTree;
}

/** What a reader found out about a row before any field is asked for. */
export interface Situation {
  readonly timeMs: number;
  readonly serial: number;
  readonly process: Process | null;
  readonly parent: Process | null;
  /** The row describes `process` in full: it is the row of its exec. */
  readonly exec: boolean;
  /** Where a moved file was before. */
  readonly movedFrom: string | null;
}

/** A row with the process that acted. Fields are read from it when asked for, the derived ones once. */
export class RowEvent implements OsqueryEvent {
  readonly timeMs: number;
  readonly serial: number;
  readonly process: Process | null;
  readonly parent: Process | null;
  readonly exec: boolean;
  readonly movedFrom: string | null;
  readonly layout: Layout;
  readonly row: readonly unknown[];
  #cache: (Value | undefined)[] | null = null;
  #leaders: Leaders | null = null;

  constructor(layout: Layout, row: readonly unknown[], situation: Situation) {
    this.layout = layout;
    this.row = row;
    this.timeMs = situation.timeMs;
    this.serial = situation.serial;
    this.process = situation.process;
    this.parent = situation.parent;
    this.exec = situation.exec;
    this.movedFrom = situation.movedFrom;
  }

  get(slot: number): Value {
    const read = this.layout.table.readers[slot];
    return read === undefined ? null : read(this);
  }

  get likeness(): Likeness | null {
    return this.layout.likenesses.of(this);
  }

  /** The value in a place of the cache, computed at the first call. */
  once(place: number, compute: (event: RowEvent) => Value): Value {
    this.#cache ??= new Array<Value | undefined>(this.layout.table.cached).fill(undefined);
    const known = this.#cache[place];
    if (known !== undefined) return known;
    const value = compute(this);
    this.#cache[place] = value;
    return value;
  }

  /** The text of a column; empty when the row lacks it. */
  text(id: number): string {
    const place = this.layout.places[id]!;
    return place < 0 ? '' : textOf(this.row[place]);
  }

  has(id: number): boolean {
    return this.layout.places[id]! >= 0;
  }

  /** The signature that the row itself tells. */
  get signature(): Signature | null {
    return signatureOf(this);
  }

  /** The number in a column; null when there is none. */
  number(id: number): number | null {
    const text = this.text(id);
    if (text === '') return null;
    const value = Number(text);
    return Number.isFinite(value) ? value : null;
  }

  get table(): string {
    return this.layout.table.spec.name;
  }

  get source(): string {
    return this.table;
  }

  get rank(): number {
    return this.layout.table.spec.rank;
  }

  get eid(): string {
    return this.text(EID);
  }

  get argsFidelity(): ArgsFidelity | null {
    return this.process === null || this.process.commandLine === '' ? null : this.process.args.fidelity;
  }

  get host(): Host {
    return this.layout.host;
  }

  /** The process, when this is the row of its exec. */
  get executed(): Process | null {
    return this.exec ? this.process : null;
  }

  /** Null without a process. */
  get leaders(): Leaders | null {
    if (this.#leaders === null && this.process !== null) this.#leaders = leadersOf(this.process);
    return this.#leaders;
  }

  /** Another process that the row names by its pid, as the tree knows it now. */
  other(id: number): Process | null {
    const pid = this.number(id);
    return pid === null ? null : this.layout.tree.find(pid);
  }

  column(name: string): string | null {
    const text = textOf(this.row[this.layout.columns.indexOf(name)]);
    return text === '' ? null : text;
  }

  columns(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.layout.columns.map((name, place) => [name, textOf(this.row[place])]));
  }

  toEcs(): Readonly<Record<string, unknown>> {
    const document: Record<string, unknown> = {};
    for (const { field, path, list } of this.layout.table.definitions) {
      const value = this.get(field.slot);
      if (value !== null) put(document, path, list || !Array.isArray(value) ? value : value[0]);
    }
    document['osquery'] = {
      table: this.table,
      columns: this.columns(),
      ...(this.process !== null && { process: this.process.origin }),
      ...(this.parent !== null && {
        parent: this.parent.origin,
        ancestors: ancestorsOf(this.parent).map(brief),
      }),
    };
    return document;
  }
}

const EID = columnId('eid');

/** Sets a value in a nested document. Where one name is also the beginning of another, the longer one is left out. */
function put(document: Record<string, unknown>, path: readonly string[], value: unknown): void {
  let at = document;
  for (let i = 0; i < path.length - 1; i += 1) {
    const name = path[i]!;
    at[name] ??= {};
    const next = at[name];
    if (typeof next !== 'object' || next === null || Array.isArray(next)) return;
    at = next as Record<string, unknown>;
  }
  at[path.at(-1)!] ??= value;
}

function brief(process: Process): Readonly<Record<string, unknown>> {
  const { pid, origin, path, commandLine } = process;
  return { pid, executable: path, command_line: commandLine, origin };
}

import {
  baseName,
  type ExecFacts,
  type LineForm,
  type Process,
  type ProcessTree,
  type SeedFacts,
} from '../process/index.ts';
import { columnId } from './column-ids.ts';
import { type Layout, RowEvent } from './row-event.ts';
import { signatureOf } from './signature.ts';
import { actOf, unquote } from './tables/process-events.ts';
import type { Tally } from './tally.ts';
import { textOf } from './text-of.ts';
import { readEventData } from './windows/event-log.ts';
import { pidIn, programIn } from './windows/record.ts';

/** Reads a row: feeds the process tree with what it shows, and finds who acted. */
type Feed = (values: readonly unknown[], late: boolean) => RowEvent | null;

/** Who acted, and its parent. */
interface Kin {
  readonly process: Process | null;
  readonly parent: Process | null;
  /** The row is that of the process's exec. */
  readonly exec: boolean;
}

/** The last second whose date has a four-digit year. */
const LAST_SECOND = 253_402_300_799;

export function feedOf(
  layout: Layout,
  { tree, tally }: { readonly tree: ProcessTree; readonly tally: Tally },
): Feed {
  const { name, evented } = layout.table.spec;
  const row = new Row(layout.places);
  const kinOf = KIN[name] ?? actor;
  const moves = name === 'file_events' ? new Moves() : null;
  const hasEid = row.has(EID);
  let lastMs = 0;
  let count = 0;
  return (values, late) => {
    row.values = values;
    row.late = late;
    const seconds = row.number(TIME);
    if (seconds > 0 && seconds <= LAST_SECOND) lastMs = seconds * 1000;
    else if (evented) tally.repair('time');
    row.timeMs = lastMs;
    let serial = hasEid ? row.number(EID) : ++count;
    if (!Number.isSafeInteger(serial) || serial < 0) {
      tally.repair('eid');
      serial = 0;
    }
    const kin = kinOf(row, tree, tally);
    if (kin === null) return tally.reject('no known act');
    const movedFrom = moves === null ? null : moves.follow(row);
    const { process, parent, exec } = kin;
    return new RowEvent(layout, values, { timeMs: lastMs, serial, process, parent, exec, movedFrom });
  };
}

const EID = columnId('eid');
const TIME = columnId('time');
const PID = columnId('pid');
const PARENT = columnId('parent');
const PPID = columnId('ppid');
const CHILD = columnId('child_pid');
const PATH = columnId('path');
const EXECUTABLE = columnId('executable');
const CMDLINE = columnId('cmdline');
const CWD = columnId('cwd');
const UID = columnId('uid');
const EUID = columnId('euid');
const GID = columnId('gid');
const SYSCALL = columnId('syscall');
const EVENT_TYPE = columnId('event_type');
const TYPE = columnId('type');
const DATA = columnId('data');
const ACTION = columnId('action');
const TARGET = columnId('target_path');
const TRANSACTION = columnId('transaction_id');

/** The row at hand; one for all rows of a reader. */
class Row {
  values: readonly unknown[] = [];
  timeMs = 0;
  late = false;
  readonly #places: Int16Array;

  constructor(places: Int16Array) {
    this.#places = places;
  }

  has(id: number): boolean {
    return this.#places[id]! >= 0;
  }

  text(id: number): string {
    const place = this.#places[id]!;
    return place < 0 ? '' : textOf(this.values[place]);
  }

  /** NaN when there is none. */
  number(id: number): number {
    const text = this.text(id);
    return text === '' ? Number.NaN : Number(text);
  }

  /** 0 when it is no pid. */
  pid(id: number): number {
    const pid = this.number(id);
    return Number.isSafeInteger(pid) && pid > 0 ? pid : 0;
  }
}

function execFacts(row: Row, parentId: number, form: LineForm): ExecFacts {
  return {
    pid: row.pid(PID),
    parentPid: row.pid(parentId),
    path: row.text(PATH),
    commandLine: row.text(CMDLINE),
    form,
    workingDirectory: unquote(row.text(CWD)),
    userId: row.has(EUID) ? row.text(EUID) : row.text(UID),
    groupId: row.text(GID),
    timeMs: row.timeMs,
    place: row.text(EID),
    late: row.late,
  };
}

function executed(facts: ExecFacts, tree: ProcessTree, tally: Tally): Kin {
  if (facts.pid === 0) tally.repair('pid');
  const process = tree.exec(facts);
  if (facts.commandLine.length > CUT_FROM && process.args.fidelity === 'cut') tally.cut++;
  return { process, parent: process.parent, exec: true };
}

/**
 * Who acted, by its pid, when the tree agrees about its program: rows of another table may be read after the pid
 * went on to another program or process. Else the parent alone, where the row tells it.
 */
function actorIn(row: Row, tree: ProcessTree, path: string): Kin {
  const now = tree.find(row.pid(PID));
  const process = [now, now?.previous ?? null].find((one) => one !== null && agrees(one, path)) ?? null;
  if (process === null) {
    const parentPid = row.pid(row.has(PPID) ? PPID : PARENT);
    return parentPid === 0 ? NOBODY : { process: null, parent: tree.find(parentPid), exec: false };
  }
  tree.touch(process);
  return { process, parent: process.parent, exec: false };
}

function agrees(process: Process, path: string): boolean {
  return path === '' || process.path === '' || process.path === path;
}

/** No shorter command line is ever cut; longer ones are looked at. */
const CUT_FROM = 3_000;

const NOBODY: Kin = Object.freeze({ process: null, parent: null, exec: false });

function actor(row: Row, tree: ProcessTree): Kin {
  return actorIn(row, tree, row.has(EXECUTABLE) ? row.text(EXECUTABLE) : row.text(PATH));
}

const KIN: Readonly<Record<string, (row: Row, tree: ProcessTree, tally: Tally) => Kin | null>> = {
  process_events(row, tree, tally) {
    const syscall = row.text(SYSCALL);
    const act = row.has(SYSCALL) ? actOf(syscall) : row.text(CMDLINE) === '' ? 'fork' : 'exec';
    if (act === 'exec') return executed(execFacts(row, PARENT, 'audit'), tree, tally);
    if (act === 'kill') return actor(row, tree);
    if (act === null) return null;
    const { pid, parentPid, path, userId, groupId, timeMs, place } = execFacts(row, PARENT, 'audit');
    if (pid === 0) tally.repair('pid');
    const { late } = row;
    const process = tree.fork({ pid, parentPid, path, userId, groupId, timeMs, place, certain: false, late });
    return { process, parent: process?.parent ?? tree.find(parentPid), exec: false };
  },
  es_process_events(row, tree, tally) {
    const type = row.text(EVENT_TYPE);
    const facts = execFacts(row, PARENT, 'quoted');
    if (type === 'exec') return executed({ ...facts, signature: signatureOf(row) }, tree, tally);
    if (type === 'fork') {
      const { path, userId, groupId, timeMs, place } = facts;
      const own = { pid: row.pid(CHILD), parentPid: facts.pid };
      const process = tree.fork({
        ...own,
        path,
        userId,
        groupId,
        timeMs,
        place,
        certain: true,
        late: row.late,
      });
      return { process, parent: process?.parent ?? tree.find(facts.pid), exec: false };
    }
    return type === 'exit' ? exited(row, tree) : null;
  },
  process_etw_events(row, tree, tally) {
    const type = row.text(TYPE);
    if (type === 'ProcessStart') return executed(execFacts(row, PPID, 'windows'), tree, tally);
    return type === 'ProcessStop' ? exited(row, tree) : null;
  },
  processes(row, tree, tally) {
    const facts = seedFacts((id) => row.text(columnId(id)));
    if (facts.pid === 0) tally.repair('pid');
    const process = tree.observe(facts);
    return { process, parent: process?.parent ?? tree.find(facts.parentPid), exec: false };
  },
  file_events: () => NOBODY,
  ntfs_journal_events: () => NOBODY,
  powershell_events: () => NOBODY,
  syslog_events: () => NOBODY,
  windows_events(row, tree) {
    const data = readEventData(row.text(DATA));
    const pid = pidIn(data);
    const process = pid === 0 ? null : tree.find(pid);
    if (process === null || !isNamed(process, baseName(programIn(data)))) return NOBODY;
    tree.touch(process);
    return { process, parent: process.parent, exec: false };
  },
};

/** Records write a program's path with its drive, ETW with its device: the names must do. */
function isNamed(process: Process, name: string): boolean {
  const wanted = name.toLowerCase();
  return process.path === '' || baseName(process.path).toLowerCase() === wanted;
}

function exited(row: Row, tree: ProcessTree): Kin {
  const process = tree.exit(row.pid(PID));
  return { process, parent: process?.parent ?? null, exec: false };
}

/** What a row of `processes` says of a process. */
export function seedFacts(column: (name: string) => unknown): SeedFacts {
  const text = (name: string): string => textOf(column(name));
  const pid = (name: string): number => {
    const value = Number(text(name));
    return Number.isSafeInteger(value) && value > 0 ? value : 0;
  };
  const start = Number(text('start_time'));
  return {
    pid: pid('pid'),
    parentPid: pid('parent'),
    path: text('path'),
    name: text('name'),
    commandLine: text('cmdline'),
    workingDirectory: text('cwd'),
    userId: text('euid') || text('uid'),
    groupId: text('gid'),
    startMs: start > 0 && start <= LAST_SECOND ? start * 1000 : 0,
  };
}

/** Pairs the two rows of a move: `MOVED_FROM` tells the old path, `MOVED_TO` under the same number the new one. */
class Moves {
  readonly #open = new Map<string, string>();

  follow(row: Row): string | null {
    const action = row.text(ACTION);
    if (action !== 'MOVED_FROM' && action !== 'MOVED_TO') return null;
    const transaction = row.text(TRANSACTION);
    if (transaction === '' || transaction === '0') return null;
    if (action === 'MOVED_TO') {
      const from = this.#open.get(transaction) ?? null;
      this.#open.delete(transaction);
      return from;
    }
    const oldest = this.#open.size < MOST_MOVES ? undefined : this.#open.keys().next().value;
    if (oldest !== undefined) this.#open.delete(oldest);
    this.#open.set(transaction, row.text(TARGET));
    return null;
  }
}

const MOST_MOVES = 1_000;

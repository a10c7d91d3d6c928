import type { LoadedProcesses, ProcessTree } from '../process/index.ts';
import type { OsqueryEvent } from './event.ts';
import { type Layout, RowEvent } from './row-event.ts';

/** What all saved events have in common, as JSON values. */
export interface ReaderState {
  readonly tree: unknown;
  readonly layouts: unknown;
}

export interface SavingEvents {
  /** An event as a JSON value. */
  save(event: OsqueryEvent): unknown;
  finish(): ReaderState;
}

export interface LoadedEvents {
  /** Whether the tree was taken back; else it stays as it is, and no event with a process can be. */
  readonly hasTree: boolean;
  /** Null when it is not one that `save` made for this state. */
  load(saved: unknown): OsqueryEvent | null;
}

/** An event as an array: numbers of its list of columns and of its processes, and what the row told. */
type SavedEvent = readonly [
  layout: number,
  row: readonly unknown[],
  timeMs: number,
  serial: number,
  process: number,
  parent: number,
  exec: 0 | 1,
  movedFrom: string | null,
];

export function savingEvents(tree: ProcessTree): SavingEvents {
  const processes = tree.beginSave();
  const layouts = new Map<Layout, number>();
  return {
    save(event) {
      if (!(event instanceof RowEvent)) return null;
      const { layout, row, timeMs, serial, process, parent, exec, movedFrom } = event;
      const number = layouts.get(layout) ?? layouts.size;
      layouts.set(layout, number);
      const [ownNumber, parentNumber] = [processes.numberOf(process), processes.numberOf(parent)];
      return [
        number,
        row,
        timeMs,
        serial,
        ownNumber,
        parentNumber,
        exec ? 1 : 0,
        movedFrom,
      ] satisfies SavedEvent;
    },
    finish: () => ({
      tree: processes.finish(),
      layouts: [...layouts.keys()].map(({ table, columns }) => [table.spec.name, columns]),
    }),
  };
}

export function loadEvents(
  { tree: savedTree, layouts: savedLayouts }: ReaderState,
  tree: ProcessTree,
  layoutOf: (table: string, columns: readonly string[]) => Layout | null,
): LoadedEvents {
  const processes = tree.load(savedTree);
  const layouts = Array.isArray(savedLayouts) ? savedLayouts.map((one) => loadLayout(one, layoutOf)) : [];
  return {
    hasTree: processes !== null,
    load(saved) {
      if (!isSavedEvent(saved)) return null;
      const [number, row, timeMs, serial, ownNumber, parentNumber, exec, movedFrom] = saved;
      const layout = layouts[number] ?? null;
      const process = processOf(processes, ownNumber);
      const parent = processOf(processes, parentNumber);
      if (layout === null || process === undefined || parent === undefined) return null;
      return new RowEvent(layout, row, { timeMs, serial, process, parent, exec: exec === 1, movedFrom });
    },
  };
}

/** Undefined for one that the state lacks. */
function processOf(processes: LoadedProcesses | null, number: number) {
  return number < 0 ? null : (processes?.at(number) ?? undefined);
}

function loadLayout(
  saved: unknown,
  layoutOf: (table: string, columns: readonly string[]) => Layout | null,
): Layout | null {
  const [table, columns] = Array.isArray(saved) ? (saved as unknown[]) : [];
  if (typeof table !== 'string' || !Array.isArray(columns)) return null;
  return columns.every((one) => typeof one === 'string') ? layoutOf(table, columns) : null;
}

function isSavedEvent(saved: unknown): saved is SavedEvent {
  if (!Array.isArray(saved) || saved.length !== 8 || !Array.isArray(saved[1])) return false;
  const numbers = [saved[0], ...saved.slice(2, 7)];
  const movedFrom: unknown = saved[7];
  return (
    numbers.every((one) => typeof one === 'number') && (movedFrom === null || typeof movedFrom === 'string')
  );
}

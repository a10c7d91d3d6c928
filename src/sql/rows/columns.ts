import { baseName, type DerivedColumn, hasNul, UNPLAIN } from './derived.ts';
import { FILE } from './file.ts';
import { PROGRAM } from './program.ts';

const BY_NAME: ReadonlyMap<string, DerivedColumn> = new Map(
  [...PROGRAM, ...FILE].map((column) => [column.name, column]),
);
const OF_PROGRAM: ReadonlySet<string> = new Set(PROGRAM.map(({ name }) => name));
const OF_FILE: ReadonlySet<string> = new Set(FILE.map(({ name }) => name));

/** Names of derived columns that are made from any column on demand: `lower_of_X`, `name_of_X`, `unplain_X`, `nul_in_X`, `folds_in_X`, `X_unquoted`. */
function onDemand(name: string): DerivedColumn | undefined {
  const unquoted = /^(\w+)_unquoted$/.exec(name)?.[1];
  if (unquoted !== undefined) return { name, sql: `replace(${unquoted}, '"', '')`, uses: [unquoted] };
  const match = /^(lower_of|name_of|unplain|nul_in|folds_in)_(\w+)$/.exec(name);
  if (match === null) return undefined;
  const [, kind, column] = match as unknown as [string, string, string];
  switch (kind) {
    case 'lower_of':
      return { name, sql: `lower(${column})`, uses: [column] };
    case 'name_of':
      return { name, sql: baseName(column), uses: [column] };
    case 'unplain':
      return { name, sql: `${column} GLOB ${UNPLAIN} OR ${hasNul(column)}`, uses: [column] };
    case 'nul_in':
      return { name, sql: hasNul(column), uses: [column] };
    default:
      // The Kelvin sign and the long s: the only characters outside ASCII that fold to one inside.
      return {
        name,
        sql: `instr(${column}, char(8490)) > 0 OR instr(${column}, char(383)) > 0`,
        uses: [column],
      };
  }
}

/** How a column is derived; undefined for one of the table's own. */
export function derived(name: string): DerivedColumn | undefined {
  return BY_NAME.get(name) ?? onDemand(name);
}

/** The table's columns that a column is made from; itself, for one of the table's own. */
export function baseColumns(name: string): readonly string[] {
  const column = derived(name);
  return column === undefined ? [name] : [...new Set(column.uses.flatMap(baseColumns))];
}

/** Whether a column is the table's own. */
export function isOwn(name: string): boolean {
  return derived(name) === undefined;
}

/** How deep derivation goes: columns of one level need those of lower levels only. */
export function levelOf(name: string): number {
  const column = derived(name);
  return column === undefined ? 0 : 1 + Math.max(...column.uses.map(levelOf));
}

/** Whether a column is one of those derived from a started program's `path` and `cmdline`. */
export function isOfProgram(name: string): boolean {
  return OF_PROGRAM.has(name);
}

/** Whether a column is one of those derived from the paths of process_file_events. */
export function isOfFile(name: string): boolean {
  return OF_FILE.has(name);
}

import type { TableSpec } from '../schema/index.ts';
import { Steps } from './steps.ts';
import { identifier } from './text.ts';

/**
 * Columns that SQL computes from a row's own, once for all tests that ask them. Each is an expression on the
 * table's columns, which are never NULL here, and on the derived columns before it.
 */
export interface DerivedColumn {
  readonly name: string;
  readonly sql: string;
  readonly uses: readonly string[];
}

/**
 * Audit's record of an exec may be cut when it would hold more bytes than this (`src/process/args.ts` has the
 * kernel's rule). Counted here as twice the command line's bytes and eight for each word's name.
 */
const RECORD_BYTES = 7_396;

/** Programs that are many in one file (`src/process/names.ts`). */
const MULTI_CALL = "'busybox', 'toybox'";

/** What follows the last `/`: `rtrim` takes away, from the right, all characters that are none. */
function baseName(text: string): string {
  return `substr(${text}, length(rtrim(${text}, replace(${text}, '/', ''))) + 1)`;
}

/**
 * Texts with a character that is not printable ASCII, or a backslash, which may separate names, too: `baseName` may not
 * find their last part. In a class of GLOB, `]` comes first and a range ends with `[` or begins with `^` like any other.
 */
const UNPLAIN = "'*[^] -[^-~]*'";
/** The same, and `|`, which separates paths in `program_paths`. */
const UNPLAIN_OR_BAR = "'*[^] -[^-{}~]*'";

/** GLOB takes a text to end at a NUL. */
function hasNul(column: string): string {
  return `instr(${column}, char(0)) > 0`;
}

/**
 * The columns derived from `path` and `cmdline` of a row that shows a program being started, after what
 * `src/process` makes of them. First words are cut as bytes: on text that is no UTF-8, `instr` and `substr`
 * count characters differently, and someone could choose such a text to hide behind.
 *
 * `program_odd` marks the rows that these expressions may read otherwise than `src/process` does; a prefilter lets
 * them pass.
 */
const PROGRAM: readonly DerivedColumn[] = [
  {
    name: 'path_live',
    sql: "CASE WHEN path GLOB '* (deleted)' THEN substr(path, 1, length(path) - 10) ELSE path END",
    uses: ['path'],
  },
  { name: 'path_name', sql: baseName('path_live'), uses: ['path_live'] },
  { name: 'cmdline_bytes', sql: 'CAST(cmdline AS BLOB)', uses: ['cmdline'] },
  {
    name: 'first_word',
    // Of no bytes, `substr` makes NULL.
    sql: "ifnull(CAST(substr(cmdline_bytes, 1, ifnull(nullif(instr(cmdline_bytes, x'20'), 0) - 1, length(cmdline_bytes))) AS TEXT), '')",
    uses: ['cmdline_bytes'],
  },
  {
    name: 'first_path',
    sql: "CASE WHEN first_word GLOB '/*' THEN first_word ELSE '' END",
    uses: ['first_word'],
  },
  {
    name: 'first_bare',
    sql: "substr(first_word, 1 + (first_word GLOB '-*'), length(first_word) - (first_word GLOB '-*') - (first_word GLOB '*:'))",
    uses: ['first_word'],
  },
  { name: 'first_name', sql: baseName('first_bare'), uses: ['first_bare'] },
  {
    name: 'second_word',
    sql: `CASE WHEN first_name IN (${MULTI_CALL}) AND instr(cmdline, ' ') > 0 THEN substr(cmdline, instr(cmdline, ' ') + 1, instr(substr(cmdline, instr(cmdline, ' ') + 1) || ' ', ' ') - 1) ELSE '' END`,
    uses: ['first_name', 'cmdline'],
  },
  { name: 'applet_name', sql: baseName('second_word'), uses: ['second_word'] },
  {
    name: 'program_names',
    sql: "'/' || path_name || '/' || first_name || '/' || applet_name || '/'",
    uses: ['path_name', 'first_name', 'applet_name'],
  },
  { name: 'program_paths', sql: "'|' || path || '|' || first_path || '|'", uses: ['path', 'first_path'] },
  { name: 'command_line', sql: 'cmdline', uses: ['cmdline'] },
  { name: 'cmdline_padded', sql: "' ' || cmdline || ' '", uses: ['cmdline'] },
  {
    name: 'spaces',
    sql: "length(cmdline_bytes) - length(CAST(replace(cmdline, ' ', '') AS BLOB))",
    uses: ['cmdline_bytes', 'cmdline'],
  },
  { name: 'scrambled', sql: 'spaces > 9', uses: ['spaces'] },
  {
    name: 'program_odd',
    sql: [
      "(syscall NOT IN ('execve', 'execveat') AND (cmdline <> '' OR path GLOB '* (deleted)'))",
      `2 * length(cmdline_bytes) + 8 * (spaces + 1) > ${RECORD_BYTES}`,
      `length(cmdline_bytes) > ${RECORD_BYTES / 2 - 408}`,
      `cmdline GLOB '[ "]*'`,
      ...['path', 'first_word'].map((column) => `${column} GLOB ${UNPLAIN_OR_BAR}`),
      ...['path', 'cmdline'].map(hasNul),
      'length(path) > 4096',
      `(first_name IN (${MULTI_CALL}) AND (second_word = '' OR second_word GLOB '-*' OR instr(second_word, char(92)) > 0 OR cmdline GLOB '*[^ -~]*'))`,
    ].join(' OR '),
    uses: [
      'syscall',
      'cmdline',
      'cmdline_bytes',
      'spaces',
      'path',
      'first_word',
      'first_name',
      'second_word',
    ],
  },
];

const BY_NAME: ReadonlyMap<string, DerivedColumn> = new Map(PROGRAM.map((column) => [column.name, column]));

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

function derived(name: string): DerivedColumn | undefined {
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
function levelOf(name: string): number {
  const column = derived(name);
  return column === undefined ? 0 : 1 + Math.max(...column.uses.map(levelOf));
}

export interface RowsOptions {
  /** Columns of the table that are wanted besides those that `wanted` is made from. */
  readonly keep: readonly string[];
  /** Columns, derived or not, that expressions on the rows use. */
  readonly wanted: ReadonlySet<string>;
  /** SQL on the table's own columns; rows for which it is not true are left out. */
  readonly among?: string | undefined;
  /** The same, of texts that are never NULL, decided before anything is derived; `1` is every row. */
  readonly gate?: string;
}

/**
 * Steps to the table's rows with the derived columns that are wanted, texts never NULL. Their LIMIT is none (-1); it
 * keeps SQLite from merging the steps, which would compute a derived column anew for every test.
 */
export function rowsOf(table: TableSpec, { keep, wanted, among, gate = '1' }: RowsOptions): Steps {
  const names = new Set(wanted);
  for (const name of names) for (const use of derived(name)?.uses ?? []) names.add(use);
  const own = table.columns.filter(({ name }) => keep.includes(name) || names.has(name));
  const base = own.map(({ name, type }) => {
    const column = identifier(name);
    return type === 'TEXT' && names.has(name) ? `ifnull(${column}, '') AS ${column}` : column;
  });
  const where = among === undefined ? '' : ` WHERE ${among}`;
  let steps = Steps.from(identifier(table.name));
  steps = steps.select(`SELECT ${base.join(', ')} FROM ${steps.last}${where}`);
  if (gate !== '1') steps = steps.select(`SELECT * FROM ${steps.last} WHERE ${gate}`);
  const levels = Map.groupBy(
    [...names].filter((name) => !isOwn(name)),
    levelOf,
  );
  for (const [, made] of [...levels].sort(([a], [b]) => a - b)) {
    const columns = made.sort().map((name) => `${derived(name)!.sql} AS ${identifier(name)}`);
    steps = steps.select(`SELECT *, ${columns.join(', ')} FROM ${steps.last} LIMIT -1`);
  }
  return steps;
}

/** Whether a column is one of those derived from a started program's `path` and `cmdline`. */
export function isOfProgram(name: string): boolean {
  return BY_NAME.has(name);
}

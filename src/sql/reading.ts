import { ANYTHING, type Pattern, type Value } from '../rule/index.ts';
import type { FieldSource, TableSpec } from '../schema/index.ts';

/**
 * How SQL can see a field's values in a row of one table.
 *
 * `texts`: the values are the texts of these columns that are not empty. `number`: the column's number. `digits`:
 * the same, read as text. `words`: the words of a command line, which may be whole arguments with spaces, too.
 * `count`: how many they are. `line`: a command line, as it stands or with its words put in order. `quoted`: a
 * column's text without the double quotes that may stand around it. `part`: a part of one of these columns' texts,
 * between what the patterns say. `pieces`: made of pieces of one of these texts. `numbers`: one of these columns'
 * numbers. `cases`: decided by one column's text. `hidden`: SQL sees nothing of it.
 */
export type Reading =
  | { readonly kind: 'texts'; readonly columns: readonly string[]; readonly joined?: Joined }
  | { readonly kind: 'number'; readonly column: string }
  | { readonly kind: 'digits'; readonly column: string }
  | { readonly kind: 'words' }
  | { readonly kind: 'count' }
  | { readonly kind: 'line' }
  | { readonly kind: 'quoted'; readonly column: string }
  | {
      readonly kind: 'part';
      readonly columns: readonly string[];
      readonly before: Pattern;
      readonly after: Pattern;
    }
  | { readonly kind: 'pieces'; readonly columns: readonly string[] }
  | { readonly kind: 'numbers'; readonly columns: readonly string[] }
  | {
      readonly kind: 'cases';
      readonly column: string;
      readonly cases: Readonly<Record<string, Value>>;
      readonly otherwise: Value;
    }
  | { readonly kind: 'hidden' };

/** A column that has all the texts, each between two separators that no text has. */
export interface Joined {
  readonly column: string;
  readonly separator: string;
}

const HIDDEN: Reading = Object.freeze({ kind: 'hidden' });

/** How SQL sees a field of a table; `hidden` for a field that is computed in a way not known here. */
export function readingOf(name: string, table: TableSpec): Reading {
  const source = table.fields.get(name);
  if (source === undefined) return HIDDEN;
  const { derivation } = source;
  switch (derivation.kind) {
    case 'column':
      return columnReading(derivation.column, source, table);
    case 'cases':
      return isKeyed(derivation, table) ? derivation : HIDDEN;
    case 'computed':
      return computedReading(name, derivation.columns, table);
    default:
      return HIDDEN;
  }
}

/** Whether the texts that decide can be compared with the column: of a number, only the one spelling that it has. */
function isKeyed({ column, cases }: Extract<Reading, { kind: 'cases' }>, table: TableSpec): boolean {
  const stored = typeOf(column, table);
  if (stored === 'TEXT') return true;
  return (
    stored !== undefined &&
    /INT/.test(stored) &&
    Object.keys(cases).every((text) => /^(?:0|-?[1-9]\d{0,14})$/.test(text))
  );
}

function columnReading(column: string, { type }: FieldSource, table: TableSpec): Reading {
  const stored = typeOf(column, table);
  if (stored === 'TEXT')
    return type === 'keyword' || type === 'ip' ? { kind: 'texts', columns: [column] } : HIDDEN;
  if (stored === undefined || !/INT/.test(stored)) return HIDDEN;
  return type === 'number'
    ? { kind: 'number', column }
    : type === 'keyword'
      ? { kind: 'digits', column }
      : HIDDEN;
}

/** How osquery declares a column; undefined for one that the table lacks. */
export function typeOf(column: string, table: TableSpec): string | undefined {
  return table.columns.find(({ name }) => name === column)?.type;
}

/** Columns that hold a path and nothing else, of which parts are computed. */
const PATH_COLUMNS: ReadonlySet<string> = new Set([
  ...['file_events.target_path', 'ntfs_journal_events.path', 'powershell_events.script_path'],
  ...['process_etw_events.path', 'apparmor_events.name'],
]);

/** What is computed is known here by the field's name and the columns it is computed from; anything else is hidden. */
function computedReading(name: string, columns: readonly string[], table: TableSpec): Reading {
  const known = KNOWN[table.name]?.[name];
  if (known !== undefined && columns.every((column) => known.from.includes(column))) return known.reading;
  const [column] = columns;
  if (columns.length !== 1 || !PATH_COLUMNS.has(`${table.name}.${column}`)) return HIDDEN;
  return pathReading(name, column!, table.name === 'file_events');
}

/** The parts of a path; on Windows a name may begin after another separator, so that only the end is sure. */
function pathReading(name: string, column: string, isPlain: boolean): Reading {
  const part = (before: Pattern, after: Pattern): Reading => ({
    kind: 'part',
    columns: [column],
    before,
    after,
  });
  switch (/^(?:file|process)\.(path|name|directory|extension)$/.exec(name)?.[1]) {
    case 'path':
      return { kind: 'texts', columns: [column] };
    case 'name':
      return isPlain ? { kind: 'texts', columns: [`name_of_${column}`] } : part([ANYTHING], []);
    case 'directory':
      return part([], [ANYTHING]);
    case 'extension':
      return part([ANYTHING, '.'], []);
    default:
      return HIDDEN;
  }
}

interface Known {
  readonly from: readonly string[];
  readonly reading: Reading;
}

function known(reading: Reading, ...from: readonly string[]): Known {
  return { from, reading };
}

const NAMES: Reading = {
  kind: 'texts',
  columns: ['path_name', 'first_name', 'applet_name'],
  joined: { column: 'program_names', separator: '/' },
};
const PATHS: Reading = {
  kind: 'texts',
  columns: ['path', 'first_path'],
  joined: { column: 'program_paths', separator: '|' },
};
const AUDIT = ['path', 'cmdline', 'syscall'] as const;
const ENDS = {
  ip: known(
    { kind: 'part', columns: ['local_address', 'remote_address'], before: [], after: [] },
    'local_address',
    'remote_address',
    'action',
  ),
  port: known(
    { kind: 'numbers', columns: ['local_port', 'remote_port'] },
    'local_port',
    'remote_port',
    'action',
  ),
} as const;

function filePaths(
  prefix: string,
  column: string,
  ...from: readonly string[]
): Readonly<Record<string, Known>> {
  const part = (before: Pattern, after: Pattern): Reading => ({
    kind: 'part',
    columns: [column],
    before,
    after,
  });
  return {
    [`${prefix}.path`]: known({ kind: 'texts', columns: [column] }, ...from),
    [`${prefix}.name`]: known({ kind: 'texts', columns: [`name_of_${column}`] }, ...from),
    [`${prefix}.directory`]: known(part([], [ANYTHING]), ...from),
    [`${prefix}.extension`]: known(part([ANYTHING, '.'], []), ...from),
  };
}

/** Fields that `src/schema/tables` computes from several columns, by table. */
const KNOWN: Readonly<Record<string, Readonly<Record<string, Known>>>> = {
  process_events: {
    'process.name': known(NAMES, ...AUDIT),
    'process.executable': known(PATHS, ...AUDIT),
    'process.args': known({ kind: 'words' }, ...AUDIT),
    'process.args_count': known({ kind: 'count' }, ...AUDIT),
    'process.command_line': known({ kind: 'line' }, ...AUDIT),
    'process.title': known({ kind: 'line' }, ...AUDIT),
    'process.working_directory': known({ kind: 'quoted', column: 'cwd' }, 'cwd'),
  },
  socket_events: {
    'source.ip': ENDS.ip,
    'source.port': ENDS.port,
    'destination.ip': ENDS.ip,
    'destination.port': ENDS.port,
  },
  syslog_events: {
    'process.name': known({ kind: 'part', columns: ['tag'], before: [], after: [ANYTHING] }, 'tag'),
  },
  process_file_events: {
    ...filePaths('file', 'file_whole', 'path', 'dest_path', 'cwd', 'operation'),
    ...filePaths('file.Ext.original', 'original_whole', 'path', 'cwd', 'operation'),
  },
  es_process_events: {
    'process.name': known({ kind: 'pieces', columns: ['path', 'cmdline'] }, 'path', 'cmdline', 'event_type'),
    'process.executable': known(
      { kind: 'pieces', columns: ['path', 'cmdline'] },
      'path',
      'cmdline',
      'event_type',
    ),
    'process.args': known({ kind: 'pieces', columns: ['cmdline'] }, 'cmdline', 'event_type'),
    'process.command_line': known({ kind: 'pieces', columns: ['cmdline'] }, 'cmdline', 'event_type'),
  },
  process_etw_events: {
    'process.args': known({ kind: 'pieces', columns: ['cmdline'] }, 'cmdline', 'type'),
  },
};

import { type DerivedColumn, hasNul, UNPLAIN } from './derived.ts';

/** A path where it is absolute, or put after the folder that the program was in, as `resolvePath` of the schema does. */
function whole(path: string): string {
  return `CASE WHEN ${path} GLOB '/*' OR ${path} = '' OR cwd_plain = '' THEN ${path} ELSE cwd_plain || '/' || ${path} END`;
}

/** Whether a path must be made plain: a folder that is empty, `.` or `..`. */
function unresolved(path: string): string {
  return ['*//*', '*/./*', '*/../*', '*/', '*/.', '*/..']
    .map((glob) => `${path} GLOB '${glob}'`)
    .join(' OR ');
}

/**
 * The columns derived from the paths of process_file_events. `file_odd` marks the rows that these expressions may read
 * otherwise than the schema does; a prefilter lets them pass.
 */
export const FILE: readonly DerivedColumn[] = [
  {
    name: 'cwd_plain',
    sql: `CASE WHEN cwd GLOB '"*"' THEN substr(cwd, 2, length(cwd) - 2) ELSE cwd END`,
    uses: ['cwd'],
  },
  {
    name: 'file_target',
    sql: "CASE WHEN operation IN ('rename', 'link', 'symlink') THEN dest_path ELSE path END",
    uses: ['operation', 'dest_path', 'path'],
  },
  { name: 'file_whole', sql: whole('file_target'), uses: ['file_target', 'cwd_plain'] },
  {
    name: 'original_target',
    sql: "CASE WHEN operation = 'rename' THEN path ELSE '' END",
    uses: ['operation', 'path'],
  },
  { name: 'original_whole', sql: whole('original_target'), uses: ['original_target', 'cwd_plain'] },
  {
    name: 'file_odd',
    sql: [
      ...['file_whole', 'original_whole'].flatMap((path) => [unresolved(path), `${path} GLOB ${UNPLAIN}`]),
      ...['path', 'dest_path', 'cwd'].map(hasNul),
    ].join(' OR '),
    uses: ['file_whole', 'original_whole', 'path', 'dest_path', 'cwd'],
  },
];

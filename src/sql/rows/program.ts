import { baseName, type DerivedColumn, hasNul, UNPLAIN_OR_BAR } from './derived.ts';

/**
 * Audit's record of an exec may be cut when it would hold more bytes than this (`src/process/args.ts` has the
 * kernel's rule). Counted here as twice the command line's bytes and eight for each word's name.
 */
const RECORD_BYTES = 7_396;

/** Programs that are many in one file (`src/process/names.ts`). */
const MULTI_CALL = "'busybox', 'toybox'";

/**
 * The columns derived from `path` and `cmdline` of a row that shows a program being started, after what
 * `src/process` makes of them. First words are cut as bytes: on text that is no UTF-8, `instr` and `substr`
 * count characters differently, and someone could choose such a text to hide behind.
 *
 * `program_odd` marks the rows that these expressions may read otherwise than `src/process` does; a prefilter lets
 * them pass.
 */
export const PROGRAM: readonly DerivedColumn[] = [
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

/**
 * Columns that SQL computes from a row's own, once for all tests that ask them. Each is an expression on the
 * table's columns, which are never NULL here, and on the derived columns before it.
 */
export interface DerivedColumn {
  readonly name: string;
  readonly sql: string;
  readonly uses: readonly string[];
}

/** What follows the last `/`: `rtrim` takes away, from the right, all characters that are none. */
export function baseName(text: string): string {
  return `substr(${text}, length(rtrim(${text}, replace(${text}, '/', ''))) + 1)`;
}

/**
 * Texts with a character that is not printable ASCII, or a backslash, which may separate names, too: `baseName` may not
 * find their last part. In a class of GLOB, `]` comes first and a range ends with `[` or begins with `^` like any other.
 */
export const UNPLAIN = "'*[^] -[^-~]*'";
/** The same, and `|`, which separates paths in `program_paths`. */
export const UNPLAIN_OR_BAR = "'*[^] -[^-{}~]*'";

/** GLOB takes a text to end at a NUL. */
export function hasNul(column: string): string {
  return `instr(${column}, char(0)) > 0`;
}

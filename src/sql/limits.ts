/**
 * Limits of SQLite as osquery builds it, with a margin. Beyond one of them a whole query fails, and with it all
 * its rules, so nothing is printed that comes near. https://www.sqlite.org/limits.html has the defaults.
 */

/** Values of one IN list; longer ones are split. */
export const LONGEST_LIST = 500;

/** Bytes of a pattern of LIKE or GLOB: SQLite refuses 50,000 ("LIKE or GLOB pattern too complex"). */
export const LONGEST_PATTERN = 10_000;

/** Bytes of one query: SQLite's own limit is 1,000,000, a config of osquery may hold 1 MiB in all. */
export const LONGEST_QUERY = 500_000;

/** Bytes of a config that osquery reads. */
export const LONGEST_CONFIG = 1_048_576;

import type { Plugin } from '../../osquery/index.ts';
import { baseName, type Process, type ProcessTree } from '../../process/index.ts';
import { createListing, type ListColumn } from './listing.ts';

const MOST_ANCESTORS = 64;

/**
 * The table `detection_processes`: every process that the tree remembers, also those that are gone, with the
 * parents that they had.
 */
export function createProcessesTable(tree: () => ProcessTree): Plugin {
  return createListing({
    name: 'detection_processes',
    columns: [
      ...COLUMNS,
      { name: 'running', type: 'INTEGER', of: (process) => (tree().isRunning(process) ? 1 : 0) },
    ],
    list: () => tree().all(),
  });
}

const COLUMNS: readonly ListColumn<Process>[] = [
  { name: 'pid', type: 'BIGINT', index: true, of: ({ pid }) => pid },
  { name: 'parent', type: 'BIGINT', index: true, of: ({ parentPid }) => parentPid },
  { name: 'name', type: 'TEXT', of: nameOf },
  { name: 'path', type: 'TEXT', index: true, of: ({ path }) => path },
  { name: 'cmdline', type: 'TEXT', of: ({ commandLine }) => commandLine },
  { name: 'cwd', type: 'TEXT', of: ({ workingDirectory }) => workingDirectory },
  { name: 'user_id', type: 'TEXT', of: ({ userId }) => userId },
  { name: 'group_id', type: 'TEXT', of: ({ groupId }) => groupId },
  {
    name: 'start_time',
    type: 'BIGINT',
    of: ({ startMs }) => (startMs === 0 ? null : Math.floor(startMs / 1000)),
  },
  { name: 'origin', type: 'TEXT', of: ({ origin }) => origin },
  { name: 'parent_path', type: 'TEXT', of: ({ parent }) => parent?.path ?? '' },
  { name: 'parent_cmdline', type: 'TEXT', of: ({ parent }) => parent?.commandLine ?? '' },
  { name: 'eid', type: 'TEXT', hidden: true, of: ({ place }) => place },
  { name: 'ancestors', type: 'TEXT', hidden: true, of: ancestorsOf },
];

/** All names of a process hang on its arguments, which are not taken apart for a list of thousands. */
function nameOf(process: Process): string {
  return process.path === '' ? (process.names[0] ?? '') : baseName(process.path);
}

/** Who started whom, nearest first, as a JSON list of pid and path. */
function ancestorsOf(process: Process): string {
  const line: object[] = [];
  for (let one = process.parent; one !== null && line.length < MOST_ANCESTORS; one = one.parent) {
    line.push({ pid: one.pid, path: one.path });
  }
  return JSON.stringify(line);
}

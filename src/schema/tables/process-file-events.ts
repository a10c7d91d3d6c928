import { columnId } from '../column-ids.ts';
import { cases, constant, type TableDefinition } from '../definition.ts';
import { originalFields, pathFields, resolvePath } from '../fields/file.ts';
import { originFields } from '../fields/origin.ts';
import { actorFields } from '../fields/program.ts';
import { userFields } from '../fields/user.ts';
import type { RowEvent } from '../row-event.ts';
import { CHANGED, CREATED, DELETED, OPENED, RENAMED } from './file-events.ts';
import { unquote } from './process-events.ts';

const OPERATION = columnId('operation');
const PATH = columnId('path');
const DESTINATION = columnId('dest_path');
const CWD = columnId('cwd');
const WITH_DESTINATION = new Set(['rename', 'link', 'symlink']);

/**
 * `process_file_events.cpp` compares with the files that the globs of `file_paths` gave when it was configured, so
 * that a row of a file that is new is one of a file that was there before, or that was linked or renamed to.
 */
const GUESSED = {
  fidelity: 'partial',
  note: 'of files that were there when osquery read `file_paths`: a new one shows only when it is made again, linked or renamed to, and audit does not tell whether one that is opened for writing is new',
} as const;

const resolved = (event: RowEvent, id: number): string =>
  resolvePath(unquote(event.text(CWD)), event.text(id));
const hasDestination = (event: RowEvent): boolean => WITH_DESTINATION.has(event.text(OPERATION));
const pathOf = (event: RowEvent): string => resolved(event, hasDestination(event) ? DESTINATION : PATH);
const originalOf = (event: RowEvent): string =>
  event.text(OPERATION) === 'rename' ? resolved(event, PATH) : '';

export const processFileEvents: TableDefinition = {
  name: 'process_file_events',
  platforms: ['linux'],
  evented: true,
  rank: 1,
  categories: ['file'],
  reads: [
    ...['eid', 'time', 'operation', 'pid', 'ppid', 'executable', 'cwd', 'path', 'dest_path'],
    ...['uid', 'euid', 'gid', 'egid', 'auid'],
  ],
  unused: {
    partial: 'only whole rows are shown',
    fsuid: 'follows euid',
    fsgid: 'follows egid',
    suid: 'the saved user; no rule asks for it',
    sgid: 'the saved group; no rule asks for it',
    uptime: 'when the row was stored, as `time` says',
  },
  flags: [
    ...[
      '--disable_events=false',
      '--disable_audit=false',
      '--audit_allow_config=true',
      '--audit_persist=true',
    ],
    '--audit_allow_fim_events=true',
  ],
  switches: [
    { column: 'operation', texts: ['open', 'read', 'close'], flag: '--audit_fim_show_accesses=true' },
  ],
  cost:
    'Dear: audit then watches every read, write, open, close and mmap of the machine, and can lose its socket under ' +
    'load. Shows hardly a new file. Prefer file_events for rules that need no process. Needs `file_paths`.',
  fields: (platform) => [
    ...originFields({
      ...{ platform, categories: ['file'] },
      datasets: ['endpoint.events.file', 'auditd_manager.auditd'],
      modules: ['endpoint', 'auditd', 'auditd_manager'],
    }),
    cases(
      'event.type',
      'operation',
      {
        'open+truncate': ['creation', 'change'],
        write: ['change'],
        truncate: ['change'],
        rename: ['change'],
        link: ['creation'],
        symlink: ['creation'],
        unlink: ['deletion'],
        open: ['access'],
        read: ['access'],
        close: ['access'],
      },
      GUESSED,
    ),
    cases(
      'event.action',
      'operation',
      {
        'open+truncate': [...CREATED, ...CHANGED],
        write: CHANGED,
        truncate: CHANGED,
        rename: RENAMED,
        link: CREATED,
        symlink: CREATED,
        unlink: DELETED,
        open: OPENED,
        read: OPENED,
        close: ['close'],
      },
      GUESSED,
    ),
    constant('event.outcome', 'success', { note: 'osquery gives no row for a call that failed' }),
    ...pathFields(['path', 'dest_path', 'cwd', 'operation'], pathOf),
    ...originalFields(['path', 'cwd', 'operation'], originalOf, 'of a rename'),
    ...actorFields({ pid: 'pid', path: 'executable' }),
    ...userFields({ real: 'uid', effective: 'euid', audit: 'auid', group: 'gid', effectiveGroup: 'egid' }),
  ],
};

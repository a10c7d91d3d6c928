import { columnId } from '../column-ids.ts';
import { cases, column, computed, outside, type TableDefinition } from '../definition.ts';
import { pathFields } from '../fields/file.ts';
import { originFields } from '../fields/origin.ts';
import { kinFields, processFamily } from '../fields/process.ts';
import type { RowEvent } from '../row-event.ts';

const NAME = columnId('name');
const FSUID = columnId('fsuid');
const OPERATION = columnId('operation');
const REQUESTED = columnId('requested_mask');

const FILE_OPERATIONS = [
  ...['open', 'create', 'mknod', 'mkdir', 'rmdir', 'link', 'symlink', 'unlink', 'rename_src', 'rename_dest'],
  ...[
    'truncate',
    'chmod',
    'chown',
    'getattr',
    'setattr',
    'file_perm',
    'file_mmap',
    'file_mprotect',
    'file_lock',
  ],
  ...['file_receive', 'file_inherit'],
];

/** What a process did or tried beyond its profile. Auditd's integration of Elastic gives such records their names. */
export const apparmorEvents: TableDefinition = {
  name: 'apparmor_events',
  platforms: ['linux'],
  evented: true,
  rank: 3,
  categories: ['file'],
  special: true,
  reads: [
    ...[
      'eid',
      'time',
      'apparmor',
      'operation',
      'profile',
      'name',
      'pid',
      'comm',
      'requested_mask',
      'denied_mask',
    ],
    ...['capname', 'fsuid', 'info'],
  ],
  unused: {
    type: 'always AA',
    message: 'the whole record; the other columns say it',
    uptime: 'when the row was stored, as `time` says',
    parent: "the profile's parent task; the tree knows it by the pid",
    ouid: "the file owner's; no rule asks for it",
    capability: '`capname` names it',
    error: 'the number of the failure; no rule asks for it',
    namespace: "the profile's; no rule asks for it",
    label: "the profile's, where they stack; no rule asks for it",
  },
  flags: [
    ...[
      '--disable_events=false',
      '--disable_audit=false',
      '--audit_allow_config=true',
      '--audit_persist=true',
    ],
    '--audit_allow_apparmor_events=true',
  ],
  cost: 'Cheap: one row for each breach of a profile.',
  fields: (platform) => [
    ...originFields({
      ...{
        platform,
        categories: ['file'],
        datasets: ['auditd_manager.auditd'],
        modules: ['auditd', 'auditd_manager'],
      },
    }).filter(({ field }) => field !== 'event.category'),
    cases('event.category', 'operation', Object.fromEntries(FILE_OPERATIONS.map((name) => [name, 'file']))),
    computed('event.type', ['operation', 'requested_mask'], typeOf, {
      ...{ fidelity: 'approximate', note: 'by what was asked for: osquery tells of no system call' },
      among: ['change', 'access'],
    }),
    cases('event.action', 'apparmor', { DENIED: VIOLATED, ALLOWED: VIOLATED }),
    cases('event.outcome', 'apparmor', { DENIED: 'failure', ALLOWED: 'success' }),
    column('auditd.data.apparmor', 'apparmor'),
    column('auditd.data.operation', 'operation'),
    column('auditd.data.profile', 'profile'),
    column('auditd.data.requested_mask', 'requested_mask'),
    column('auditd.data.denied_mask', 'denied_mask'),
    column('auditd.data.capname', 'capname'),
    column('auditd.data.info', 'info'),
    ...pathFields(['name'], (event) => event.text(NAME)),
    column('process.pid', 'pid', { type: 'number' }),
    column('process.name', 'comm', { note: 'what the process calls itself, cut to 15 bytes' }),
    ...processFamily(
      'process',
      ['executable', 'command_line', 'args', 'args_count', 'entity_id', 'working_directory'],
      {
        ...{
          of: (event) => event.process,
          columns: ['pid'],
          fidelity: 'approximate',
          note: 'from the process tree, when it knows the pid',
        },
      },
    ),
    ...kinFields(['pid']),
    column('user.id', 'fsuid', { note: 'the user by whose rights files are used' }),
    outside('user.name', ['fsuid'], (event) => event.host.userName(event.text(FSUID)), {
      ...{ fidelity: 'approximate', note: 'by `users` as it was last read' },
    }),
  ],
};

const VIOLATED = 'violated-apparmor-policy';

/** Asked to write, append, create or delete. */
const WRITES = /[wacd]/;

function typeOf(event: RowEvent): string | null {
  if (!FILE_OPERATIONS.includes(event.text(OPERATION))) return null;
  return WRITES.test(event.text(REQUESTED)) ? 'change' : 'access';
}

import { columnId } from '../column-ids.ts';
import {
  cases,
  column,
  computed,
  constant,
  type Definition,
  outside,
  type TableDefinition,
  textOrNull,
} from '../definition.ts';
import { originalFields, pathFields } from '../fields/file.ts';
import { originFields } from '../fields/origin.ts';

/** The words by which the agents whose rules are run name what happens to a file. */
export const CREATED: readonly string[] = ['creation', 'file_create_event', 'created'];
export const CHANGED: readonly string[] = [
  'modification',
  'file_modify_event',
  'updated',
  'overwrite',
  'wrote-to-file',
];
export const RENAMED: readonly string[] = ['rename', 'file_rename_event', 'renamed', 'moved'];
export const DELETED: readonly string[] = ['deletion', 'file_delete_event', 'deleted'];
export const OPENED: readonly string[] = ['open', 'opened-file'];

const TARGET = columnId('target_path');

export const fileEvents: TableDefinition = {
  name: 'file_events',
  platforms: ['linux', 'darwin'],
  evented: true,
  rank: 1,
  categories: ['file'],
  reads: [
    ...['eid', 'time', 'action', 'target_path', 'transaction_id', 'uid', 'gid', 'mode', 'size', 'inode'],
    ...['mtime', 'ctime', 'md5', 'sha1', 'sha256', 'category'],
  ],
  unused: {
    atime: 'changed by reading the file for its hash',
    hashed: 'the hash says it',
  },
  flags: ['--disable_events=false', '--enable_file_events=true'],
  cost: 'Cheap (inotify, FSEvents), but tells of no process. Needs `file_paths` in the configuration.',
  fields: (platform) => [
    ...originFields({
      ...{ platform, categories: ['file'] },
      datasets: ['endpoint.events.file', 'fim.event', 'file_integrity'],
      modules: ['endpoint', 'fim', 'file_integrity'],
    }),
    cases('event.type', 'action', {
      CREATED: ['creation'],
      UPDATED: ['change'],
      ATTRIBUTES_MODIFIED: ['change'],
      MOVED_TO: ['change'],
      MOVED_FROM: ['change'],
      DELETED: ['deletion'],
      ACCESSED: ['access'],
      OPENED: ['access'],
    }),
    cases('event.action', 'action', {
      CREATED,
      UPDATED: CHANGED,
      ATTRIBUTES_MODIFIED: ['attributes_modified'],
      MOVED_TO: RENAMED,
      MOVED_FROM: ['moved_from'],
      DELETED,
      ACCESSED: ['access'],
      OPENED,
    }),
    constant('event.outcome', 'success', { note: 'inotify and FSEvents tell of what was done' }),
    ...pathFields(['target_path'], (event) => event.text(TARGET)),
    ...originalFields(
      ['transaction_id'],
      (event) => event.movedFrom ?? '',
      'paired by the transaction of a move within watched folders',
    ).map((one): Definition => ({ ...one, derivation: { kind: 'outside', columns: ['transaction_id'] } })),
    ...stateFields(),
  ],
};

function stateFields(): readonly Definition[] {
  const after = { note: 'read after the event' } as const;
  const hash = { fidelity: 'partial', note: 'of files created or updated, read after the event' } as const;
  const [uid, gid, md5, sha1, sha256] = ['uid', 'gid', 'md5', 'sha1', 'sha256'].map(columnId);
  return [
    column('file.uid', 'uid', after),
    column('file.gid', 'gid', after),
    outside('file.owner', ['uid'], (event) => event.host.userName(event.text(uid!)), after),
    outside('file.group', ['gid'], (event) => event.host.groupName(event.text(gid!)), after),
    column('file.mode', 'mode', after),
    column('file.size', 'size', { ...after, type: 'number' }),
    column('file.inode', 'inode', after),
    computed('file.hash.md5', ['md5'], (event) => textOrNull(event.text(md5!)), hash),
    computed('file.hash.sha1', ['sha1'], (event) => textOrNull(event.text(sha1!)), hash),
    computed('file.hash.sha256', ['sha256'], (event) => textOrNull(event.text(sha256!)), hash),
    ...(['mtime', 'ctime'] as const).map((name) => {
      const id = columnId(name);
      return computed(`file.${name}`, [name], (event) => isoOf(event.number(id)), { ...after, type: 'date' });
    }),
  ];
}

function isoOf(seconds: number | null): string | null {
  if (seconds === null || seconds <= 0 || seconds > 8_640_000_000_000) return null;
  return new Date(seconds * 1000).toISOString();
}

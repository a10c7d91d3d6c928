import type { Value } from '../../rule/index.ts';
import { columnId } from '../column-ids.ts';
import { cases, column, constant, type TableDefinition } from '../definition.ts';
import { originalFields, pathFields } from '../fields/file.ts';
import { originFields } from '../fields/origin.ts';
import { CHANGED, CREATED, DELETED, RENAMED } from './file-events.ts';

const PATH = columnId('path');
const OLD = columnId('old_path');

/** What each of the journal's actions is: `usn_journal_reader.cpp` names them; a directory's are a file's too. */
function byAction(
  values: { readonly [kind in 'created' | 'changed' | 'renamed' | 'deleted']: Value },
): Record<string, Value> {
  const changes = ['Write', 'Overwrite', 'Truncation', 'LinkChange'];
  const both = (name: string, value: Value): [string, Value][] => [
    [`File${name}`, value],
    [`Directory${name}`, value],
  ];
  return Object.fromEntries([
    ...both('Creation', values.created),
    ...changes.flatMap((name) => both(name, values.changed)),
    ['TransactedFileChange', values.changed],
    ['TransactedDirectoryChange', values.changed],
    ['AttributesChange', values.changed],
    ['ExtendedAttributesChange', values.changed],
    ...both('Rename_NewName', values.renamed),
    ...both('Deletion', values.deleted),
  ]);
}

export const ntfsJournalEvents: TableDefinition = {
  name: 'ntfs_journal_events',
  platforms: ['windows'],
  evented: true,
  rank: 1,
  categories: ['file'],
  reads: ['eid', 'time', 'action', 'path', 'old_path', 'file_attributes', 'category'],
  unused: {
    record_timestamp: '`time` says it',
    record_usn: 'eid orders the rows',
    node_ref_number: 'of the file system',
    parent_ref_number: 'of the file system',
    drive_letter: 'the path begins with it',
    partial: 'only whole rows are shown',
  },
  flags: ['--disable_events=false', '--enable_ntfs_event_publisher=true'],
  cost: 'Moderate, and tells of no process. Needs `file_paths` in the configuration.',
  fields: (platform) => [
    ...originFields({
      platform,
      categories: ['file'],
      datasets: ['endpoint.events.file'],
      modules: ['endpoint'],
    }),
    cases(
      'event.type',
      'action',
      byAction({ created: ['creation'], changed: ['change'], renamed: ['change'], deleted: ['deletion'] }),
    ),
    cases(
      'event.action',
      'action',
      byAction({ created: CREATED, changed: CHANGED, renamed: RENAMED, deleted: DELETED }),
    ),
    constant('event.outcome', 'success', { note: 'the journal tells of what was done' }),
    ...pathFields(['path'], (event) => event.text(PATH)),
    ...originalFields(['old_path'], (event) => event.text(OLD), 'of a rename'),
    column('file.attributes', 'file_attributes'),
  ],
};

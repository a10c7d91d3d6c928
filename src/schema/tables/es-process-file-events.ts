import { columnId } from '../column-ids.ts';
import { cases, constant, type TableDefinition } from '../definition.ts';
import { originalFields, pathFields } from '../fields/file.ts';
import { originFields } from '../fields/origin.ts';
import { actorFields, actorUser } from '../fields/program.ts';
import { actorSignature } from '../fields/signature.ts';
import type { RowEvent } from '../row-event.ts';
import { CHANGED, CREATED, DELETED, OPENED, RENAMED } from './file-events.ts';

const TYPE = columnId('event_type');
const FILE = columnId('filename');
const DESTINATION = columnId('dest_filename');

const pathOf = (event: RowEvent): string => event.text(DESTINATION) || event.text(FILE);
const originalOf = (event: RowEvent): string => (event.text(TYPE) === 'rename' ? event.text(FILE) : '');

export const esProcessFileEvents: TableDefinition = {
  name: 'es_process_file_events',
  platforms: ['darwin'],
  evented: true,
  rank: 1,
  categories: ['file'],
  reads: ['eid', 'time', 'event_type', 'pid', 'parent', 'path', 'filename', 'dest_filename'],
  unused: {
    version: 'of the message format',
    seq_num: 'orders messages of one kind; eid orders the rows',
    global_seq_num: 'orders messages; eid orders the rows',
  },
  flags: [
    '--disable_events=false',
    '--disable_endpointsecurity=false',
    '--disable_endpointsecurity_fim=false',
  ],
  cost: 'Dear: every file event of the machine; mute paths with --es_fim_mute_path_prefix.',
  fields: (platform) => [
    ...originFields({
      platform,
      categories: ['file'],
      datasets: ['endpoint.events.file'],
      modules: ['endpoint'],
    }),
    cases('event.type', 'event_type', {
      ...{ create: ['creation'], write: ['change'], truncate: ['change'], rename: ['change'] },
      ...{ unlink: ['deletion'], open: ['access'] },
    }),
    cases('event.action', 'event_type', {
      ...{
        create: CREATED,
        write: CHANGED,
        truncate: CHANGED,
        rename: RENAMED,
        unlink: DELETED,
        open: OPENED,
      },
    }),
    constant('event.outcome', 'success', { note: 'Endpoint Security notifies of what was done' }),
    ...pathFields(['filename', 'dest_filename'], pathOf),
    ...originalFields(['filename', 'event_type'], originalOf, 'of a rename'),
    ...actorFields({ pid: 'pid', path: 'path' }),
    ...actorUser('pid'),
    ...actorSignature('pid'),
  ],
};

import { columnId } from '../column-ids.ts';
import { column, computed, constant, type TableDefinition } from '../definition.ts';
import { pathFields } from '../fields/file.ts';
import { originFields } from '../fields/origin.ts';

const PATH = columnId('script_path');
const TEXT = columnId('script_text');

export const powershellEvents: TableDefinition = {
  name: 'powershell_events',
  platforms: ['windows'],
  evented: true,
  rank: 0,
  categories: ['process'],
  reads: ['time', 'script_block_id', 'script_block_count', 'script_text', 'script_name', 'script_path'],
  unused: {
    datetime: '`time` says it',
    cosine_similarity: 'to known scripts, by characters; no rule asks for it',
  },
  flags: [
    '--disable_events=false',
    '--enable_windows_events_publisher=true',
    '--enable_powershell_events_subscriber=true',
  ],
  cost: 'Moderate. Needs script block logging to be turned on in Windows. Its rows have no eid: loss cannot be told.',
  fields: (platform) => [
    ...originFields({
      ...{ platform, categories: ['process'] },
      datasets: ['windows.powershell_operational', 'windows.powershell'],
      modules: ['windows'],
    }),
    constant('event.type', 'info'),
    constant('event.code', '4104', { note: "Windows' event of a script block" }),
    constant('event.action', 'Execute a Remote Command'),
    constant('event.provider', 'Microsoft-Windows-PowerShell'),
    column('powershell.file.script_block_text', 'script_text'),
    column('powershell.file.script_block_id', 'script_block_id'),
    computed(
      'powershell.file.script_block_length',
      ['script_text'],
      (event) => event.text(TEXT).length || null,
      {
        type: 'number',
      },
    ),
    column('powershell.total', 'script_block_count', { type: 'number' }),
    ...pathFields(['script_path'], (event) => event.text(PATH)),
  ],
};

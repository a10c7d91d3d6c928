import { baseName } from '../../process/index.ts';
import type { Value } from '../../rule/index.ts';
import { columnId } from '../column-ids.ts';
import {
  cases,
  column,
  computed,
  type Definition,
  outside,
  type TableDefinition,
  textOrNull,
} from '../definition.ts';
import { originFields } from '../fields/origin.ts';
import { argumentsOf, entityIdField, kinFields } from '../fields/process.ts';
import type { RowEvent } from '../row-event.ts';
import { EXEC_ACTIONS } from './process-events.ts';

const TYPE = columnId('type');
const PPID = columnId('ppid');
const PATH = columnId('path');
const EXIT_CODE = columnId('exit_code');
const USER = columnId('username');
const LABEL = columnId('mandatory_label');

export const processEtwEvents: TableDefinition = {
  name: 'process_etw_events',
  platforms: ['windows'],
  evented: true,
  rank: 0,
  categories: ['process'],
  reads: [
    ...['eid', 'time', 'type', 'pid', 'ppid', 'path', 'cmdline', 'username', 'session_id', 'exit_code'],
    ...['mandatory_label', 'token_elevation_type', 'token_elevation_status'],
  ],
  unused: {
    flags: 'of the ETW record',
    datetime: '`time` says it',
    time_windows: '`time` says it',
    header_pid: 'the process that reported; the parent in most cases',
    process_sequence_number: "osquery fills it with the parent's (`etw_process_events.cpp`)",
    parent_process_sequence_number: 'of no use without its own',
  },
  flags: ['--disable_events=false', '--enable_process_etw_events=true'],
  cost: 'Cheap. Tells of no working directory and of no signature.',
  fields: (platform) => [
    ...originFields({
      platform,
      categories: ['process'],
      datasets: ['endpoint.events.process'],
      modules: ['endpoint'],
    }),
    cases('event.type', 'type', { ProcessStart: ['start'], ProcessStop: ['end'] }),
    cases('event.action', 'type', { ProcessStart: EXEC_ACTIONS, ProcessStop: ['end', 'exit'] }),
    ...ownFields(),
    ...kinFields(['pid', 'ppid'], (event) => event.number(PPID)),
    ...windowsUser(),
    computed(
      'process.Ext.token.integrity_level_name',
      ['mandatory_label'],
      (event) => INTEGRITY[event.text(LABEL)] ?? null,
    ),
    computed(
      'winlog.event_data.IntegrityLevel',
      ['mandatory_label'],
      (event) => INTEGRITY[event.text(LABEL)] ?? null,
    ),
    column('process.Ext.token.elevation_type', 'token_elevation_type'),
    column('process.Ext.session_info.id', 'session_id'),
  ],
};

/** https://learn.microsoft.com/windows/win32/secauthz/mandatory-integrity-control */
const INTEGRITY: Readonly<Record<string, string>> = {
  'S-1-16-0': 'untrusted',
  'S-1-16-4096': 'low',
  'S-1-16-8192': 'medium',
  'S-1-16-8448': 'medium_plus',
  'S-1-16-12288': 'high',
  'S-1-16-16384': 'system',
};

function ownFields(): readonly Definition[] {
  const columns = ['cmdline', 'type'];
  return [
    column('process.pid', 'pid', { type: 'number' }),
    column('process.executable', 'path', { note: "where it is a device's path, as ETW gives it" }),
    computed('process.name', ['path'], (event) => textOrNull(baseName(event.text(PATH)))),
    column('process.command_line', 'cmdline'),
    computed(
      'process.args',
      columns,
      (event): Value => {
        const process = event.executed;
        return process === null ? null : argumentsOf(process);
      },
      { list: true, cache: true, note: "split as Microsoft's C runtime does" },
    ),
    computed('process.args_count', columns, (event) => event.executed?.args.words.length || null, {
      type: 'number',
    }),
    computed(
      'process.exit_code',
      ['exit_code', 'type'],
      (event) => (event.text(TYPE) === 'ProcessStop' ? event.number(EXIT_CODE) : null),
      { type: 'number' },
    ),
    entityIdField(),
  ];
}

/** `DOMAIN\name`, and the id that `users` has for the name. */
export function windowsUser(): readonly Definition[] {
  const nameOf = (event: RowEvent): string => event.text(USER).slice(event.text(USER).indexOf('\\') + 1);
  return [
    computed('user.name', ['username'], (event) => textOrNull(nameOf(event))),
    computed('user.domain', ['username'], (event) =>
      textOrNull(event.text(USER).split('\\').slice(0, -1).join('\\')),
    ),
    outside(
      'user.id',
      ['username'],
      (event) => WELL_KNOWN[nameOf(event).toUpperCase()] ?? event.host.userId(nameOf(event)),
      {
        ...{ fidelity: 'approximate', note: 'by `users`, and of the services by their names' },
      },
    ),
  ];
}

/** https://learn.microsoft.com/windows-server/identity/ad-ds/manage/understand-security-identifiers */
const WELL_KNOWN: Readonly<Record<string, string>> = {
  SYSTEM: 'S-1-5-18',
  'LOCAL SERVICE': 'S-1-5-19',
  'NETWORK SERVICE': 'S-1-5-20',
};

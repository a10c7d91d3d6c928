import { baseName } from '../../process/index.ts';
import type { Value } from '../../rule/index.ts';
import { columnId } from '../column-ids.ts';
import {
  cases,
  column,
  computed,
  constant,
  type Definition,
  listOrNull,
  several,
  type TableDefinition,
  textOrNull,
} from '../definition.ts';
import { originFields } from '../fields/origin.ts';
import {
  argumentsOf,
  entityIdField,
  executablesOf,
  kinFields,
  listOfOne,
  processFamily,
} from '../fields/process.ts';
import { signatureFields } from '../fields/signature.ts';
import { userFields } from '../fields/user.ts';
import type { RowEvent } from '../row-event.ts';
import { EXEC_ACTIONS, FORK_ACTIONS } from './process-events.ts';

const TYPE = columnId('event_type');
const PATH = columnId('path');
const CMDLINE = columnId('cmdline');
const ENV = columnId('env');
const PID = columnId('pid');
const PARENT = columnId('parent');
const CHILD = columnId('child_pid');
const EXIT_CODE = columnId('exit_code');
const RESPONSIBLE = columnId('responsible_pid');

export const esProcessEvents: TableDefinition = {
  name: 'es_process_events',
  platforms: ['darwin'],
  evented: true,
  rank: 0,
  categories: ['process'],
  reads: [
    ...[
      'eid',
      'time',
      'event_type',
      'pid',
      'parent',
      'original_parent',
      'responsible_pid',
      'child_pid',
      'path',
    ],
    ...[
      'cmdline',
      'cmdline_count',
      'cwd',
      'env',
      'uid',
      'gid',
      'username',
      'signing_id',
      'team_id',
      'cdhash',
    ],
    ...['platform_binary', 'codesigning_flags', 'exit_code', 'session_id'],
  ],
  unused: {
    version: 'of the message format',
    seq_num: 'orders messages of one kind; eid orders the rows',
    global_seq_num: 'orders messages; eid orders the rows',
    pidversion: 'the place in the stream tells execs of one pid apart',
    responsible_pidversion: 'the tree finds it by its pid',
    parent_pidversion: 'the tree finds it by its pid',
    env_count: 'the environment says it',
    euid: 'osquery fills it with the effective group (`es_utils.cpp`)',
    egid: 'no rule asks for it',
  },
  flags: ['--disable_events=false', '--disable_endpointsecurity=false'],
  cost: 'Cheap. Needs osqueryd to be run as an app with the Endpoint Security entitlement and Full Disk Access.',
  fields: (platform) => [
    ...originFields({
      ...{ platform, categories: ['process'] },
      datasets: ['endpoint.events.process'],
      modules: ['endpoint'],
    }),
    cases('event.type', 'event_type', { exec: ['start'], fork: ['start'], exit: ['end'] }),
    cases('event.action', 'event_type', { exec: EXEC_ACTIONS, fork: FORK_ACTIONS, exit: ['end', 'exit'] }),
    constant('event.outcome', 'success', { note: 'Endpoint Security notifies of what was done' }),
    ...ownFields(),
    ...kinFields(['pid', 'parent'], parentPid),
    ...responsibleFields('process.Ext.effective_parent'),
    ...responsibleFields('Effective_process'),
    ...signatureFields(),
    ...userFields({ real: 'uid', effective: null, audit: null, group: 'gid', effectiveGroup: null }).filter(
      ({ field }) => field !== 'user.name',
    ),
    column('user.name', 'username'),
  ],
};

function ownFields(): readonly Definition[] {
  const words = { note: 'the words of `cmdline`, which osquery quotes where it must' } as const;
  return [
    computed('process.pid', ['pid', 'child_pid', 'event_type'], (event) => actorPid(event), {
      type: 'number',
    }),
    computed('process.executable', ['path', 'cmdline', 'event_type'], (event) => {
      const process = event.executed;
      return process === null ? textOrNull(event.text(PATH)) : executablesOf(process);
    }),
    computed('process.name', ['path', 'cmdline', 'event_type'], (event) => {
      const process = event.executed;
      return process === null ? textOrNull(baseName(event.text(PATH))) : listOfOne(process.names);
    }),
    computed('process.command_line', ['cmdline', 'event_type'], (event) => {
      const process = event.executed;
      return process === null ? null : several(process.args.line, event.text(CMDLINE).trimEnd());
    }),
    computed(
      'process.args',
      ['cmdline', 'event_type'],
      (event) => {
        const process = event.executed;
        return process === null ? null : argumentsOf(process);
      },
      { ...words, list: true, cache: true },
    ),
    column('process.args_count', 'cmdline_count', { type: 'number' }),
    column('process.working_directory', 'cwd'),
    computed('process.env_vars', ['env'], (event) => listOrNull(splitQuoted(event.text(ENV))), {
      list: true,
    }),
    computed(
      'process.exit_code',
      ['exit_code', 'event_type'],
      (event) => (event.text(TYPE) === 'exit' ? event.number(EXIT_CODE) : null),
      { type: 'number' },
    ),
    entityIdField(),
  ];
}

function actorPid(event: RowEvent): Value {
  return event.number(event.text(TYPE) === 'fork' ? CHILD : PID);
}

function parentPid(event: RowEvent): number | null {
  return event.number(event.text(TYPE) === 'fork' ? PID : PARENT);
}

function splitQuoted(text: string): readonly string[] {
  return [...text.matchAll(/"((?:[^"\\]|\\.)*)"(?: |$)|([^ ]+)/gs)].map(([, quoted, plain]) =>
    quoted === undefined ? plain! : quoted.replace(/\\(.)/gs, '$1'),
  );
}

function responsibleFields(prefix: string): readonly Definition[] {
  return processFamily(prefix, ['name', 'executable', 'pid', 'entity_id', 'command_line', 'args'], {
    of: (event) => event.other(RESPONSIBLE),
    ...{
      columns: ['responsible_pid'],
      fidelity: 'approximate',
      note: 'the responsible process, from the process tree',
    },
  });
}

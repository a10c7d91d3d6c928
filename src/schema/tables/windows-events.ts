import { baseName } from '../../process/index.ts';
import type { Scalar, Value } from '../../rule/index.ts';
import { columnId } from '../column-ids.ts';
import { cases, column, computed, type Definition, listOrNull, type TableDefinition } from '../definition.ts';
import { pathFields } from '../fields/file.ts';
import { originFields } from '../fields/origin.ts';
import { kinFields, processFamily } from '../fields/process.ts';
import type { RowEvent } from '../row-event.ts';
import { type EventData, readEventData } from '../windows/event-log.ts';
import { ACTIONS, CATEGORIES, KINDS, kindOf, type RecordKind, TYPES } from '../windows/kinds.ts';
import { EVENT_DATA_NAMES } from '../windows/names.ts';
import {
  type Account,
  addressIn,
  fileIn,
  first,
  hashIn,
  pidIn,
  portIn,
  programIn,
  registryIn,
  registryText,
  targetIn,
  transportIn,
  userIn,
} from '../windows/record.ts';

const DATA = columnId('data');
const ID = columnId('eventid');
const PROVIDER = columnId('provider_name');

const dataOf = (event: RowEvent): EventData => readEventData(event.text(DATA));

/** The channels, by the datasets under which Elastic's agents send them. */
const DATASETS: Readonly<Record<string, string>> = {
  Security: 'system.security',
  System: 'system.system',
  Application: 'system.application',
  'Microsoft-Windows-Sysmon/Operational': 'windows.sysmon_operational',
  'Microsoft-Windows-PowerShell/Operational': 'windows.powershell_operational',
  ForwardedEvents: 'windows.forwarded',
};

const LOGON_TYPES: Readonly<Record<string, string>> = {
  ...{ '2': 'Interactive', '3': 'Network', '4': 'Batch', '5': 'Service', '7': 'Unlock' },
  ...{ '8': 'NetworkCleartext', '9': 'NewCredentials', '10': 'RemoteInteractive', '11': 'CachedInteractive' },
};

/** Audit success and audit failure, among a record's keywords. */
const OUTCOMES: Readonly<Record<string, string>> = {
  '0x8020000000000000': 'success',
  '0x8010000000000000': 'failure',
};

const NOTE =
  "of Security's records and of Sysmon's, which come when it is installed and its channel is in --windows_event_channels";

export const windowsEvents: TableDefinition = {
  name: 'windows_events',
  platforms: ['windows'],
  evented: true,
  rank: 3,
  categories: CATEGORIES,
  special: true,
  reads: ['eid', 'time', 'source', 'provider_name', 'computer_name', 'eventid', 'level', 'keywords', 'data'],
  unused: {
    datetime: '`time` says it',
    provider_guid: '`provider_name` names it',
    task: "a number of the provider's own",
  },
  flags: [
    '--disable_events=false',
    '--enable_windows_events_publisher=true',
    '--enable_windows_events_subscriber=true',
  ],
  kinds: KINDS,
  cost: 'As busy as the channels that --windows_event_channels names. Most of Security must be turned on by audit policies.',
  fields: (platform) => [
    ...originFields({
      ...{ platform, categories: ['iam'], datasets: ['system.security'], modules: ['windows', 'system'] },
    }).filter(({ field }) => !/^(?:event\.category|event\.dataset|data_stream\.dataset)$/.test(field)),
    ...['event.dataset', 'data_stream.dataset'].map((field) => cases(field, 'source', DATASETS)),
    ofKind('event.category', ({ category }) => category, CATEGORIES),
    ofKind('event.type', ({ type }) => type, TYPES),
    ofKind('event.action', ({ action }) => action, ACTIONS),
    cases('event.outcome', 'keywords', OUTCOMES),
    column('event.code', 'eventid'),
    column('event.provider', 'provider_name'),
    column('winlog.event_id', 'eventid'),
    column('winlog.provider_name', 'provider_name'),
    column('winlog.channel', 'source'),
    column('winlog.computer_name', 'computer_name'),
    said('winlog.logon.type', (data) => LOGON_TYPES[first(data, 'LogonType')] ?? null, {
      among: Object.values(LOGON_TYPES),
    }),
    said('winlog.logon.id', (data) => first(data, 'SubjectLogonId', 'TargetLogonId')),
    ...EVENT_DATA_NAMES.map(eventData),
    ...accountFields('user', (data, event) => userIn(data, event.text(ID))),
    ...accountFields('user.target', targetIn),
    ...accountFields('group', targetIn),
    ...networkFields(),
    ...registryFields(),
    ...pathFields(['data'], (event) => fileIn(dataOf(event))),
    said('file.pe.original_file_name', (data) => first(data, 'OriginalFileName')),
    said('file.code_signature.status', (data) => first(data, 'SignatureStatus')),
    said('file.code_signature.subject_name', (data) => first(data, 'Signature')),
    ...['md5', 'sha1', 'sha256'].map((name) => said(`file.hash.${name}`, (data) => hashIn(data, name))),
    said('file.pe.imphash', (data) => hashIn(data, 'imphash')),
    ...programFields(),
    ...kinFields(['data']),
  ],
};

function ofKind(field: string, read: (kind: RecordKind) => Value, among: readonly Scalar[]): Definition {
  return computed(
    field,
    ['provider_name', 'eventid'],
    (event) => {
      const kind = kindOf(event.text(PROVIDER), event.text(ID));
      return kind === null ? null : read(kind);
    },
    { fidelity: 'partial', note: NOTE, among },
  );
}

interface Wording {
  readonly type?: 'ip' | 'number';
  readonly list?: boolean;
  readonly among?: readonly Scalar[];
}

function said(
  field: string,
  read: (data: EventData, event: RowEvent) => Value,
  wording: Wording = {},
): Definition {
  return computed(field, ['data'], (event) => read(dataOf(event), event) || null, {
    ...{ ...wording, fidelity: 'partial', note: 'where the record holds it' },
  });
}

/** Privileges come in one text, each on a line. */
function eventData(name: string): Definition {
  const list = name === 'PrivilegeList' || name === 'EnabledPrivilegeList';
  return said(
    `winlog.event_data.${name}`,
    (data) =>
      list
        ? listOrNull(
            first(data, name)
              .split(/\s+/)
              .filter((one) => one !== ''),
          )
        : first(data, name),
    { list },
  );
}

function accountFields(
  prefix: string,
  of: (data: EventData, event: RowEvent) => Account,
): readonly Definition[] {
  return [
    said(`${prefix}.id`, (data, event) => {
      const { id, name } = of(data, event);
      return id || (prefix === 'user' ? event.host.userId(name) : null);
    }),
    said(`${prefix}.name`, (data, event) => of(data, event).name),
    said(`${prefix}.domain`, (data, event) => of(data, event).domain),
  ];
}

function networkFields(): readonly Definition[] {
  const source = ['IpAddress', 'SourceIp', 'SourceAddress', 'ClientAddress'];
  const destination = ['DestinationIp', 'DestAddress'];
  return [
    said('source.ip', (data) => addressIn(data, ...source), { type: 'ip' }),
    said('source.address', (data) => addressIn(data, ...source)),
    said('source.port', (data) => portIn(data, 'IpPort', 'SourcePort'), { type: 'number' }),
    said('source.domain', (data) => first(data, 'WorkstationName', 'SourceHostname')),
    said('destination.ip', (data) => addressIn(data, ...destination), { type: 'ip' }),
    said('destination.address', (data) => addressIn(data, ...destination)),
    said('destination.port', (data) => portIn(data, 'DestinationPort', 'DestPort'), { type: 'number' }),
    said('destination.domain', (data) => first(data, 'DestinationHostname')),
    said('network.transport', transportIn),
    said('network.direction', (data) => DIRECTIONS[first(data, 'Initiated')] ?? null, {
      among: Object.values(DIRECTIONS).flat(),
    }),
    said('network.type', (data) => TYPES_OF_NETWORK[first(data, 'SourceIsIpv6')] ?? null, {
      among: Object.values(TYPES_OF_NETWORK),
    }),
  ];
}

const DIRECTIONS: Readonly<Record<string, readonly string[]>> = {
  true: ['egress', 'outgoing', 'outbound'],
  false: ['ingress', 'incoming', 'inbound'],
};
const TYPES_OF_NETWORK: Readonly<Record<string, string>> = { true: 'ipv6', false: 'ipv4' };

function registryFields(): readonly Definition[] {
  return [
    ...(['path', 'hive', 'key', 'value'] as const).map((name) =>
      said(`registry.${name}`, (data, event) => registryIn(data, event.text(ID))?.[name] ?? null),
    ),
    said('registry.data.strings', registryText),
  ];
}

function programFields(): readonly Definition[] {
  return [
    said('process.executable', (data, event) => programIn(data) || event.process?.path || null),
    said('process.name', (data, event) => baseName(programIn(data) || event.process?.path || '')),
    said('process.pid', (data) => pidIn(data) || null, { type: 'number' }),
    ...processFamily('process', ['command_line', 'args', 'args_count', 'entity_id', 'working_directory'], {
      of: (event) => event.process,
      columns: ['data'],
      ...{
        fidelity: 'approximate',
        note: 'from the process tree, when it knows the pid and agrees about the program',
      },
    }),
  ];
}

import { cases, column, constant, type Definition, type TableDefinition } from '../definition.ts';
import { endFields, FAMILIES, TRANSPORTS } from '../fields/network.ts';
import { originFields } from '../fields/origin.ts';
import { actorFields } from '../fields/program.ts';
import { userFields } from '../fields/user.ts';
import type { Platform } from '../table.ts';
import { EXEC_ACTIONS } from './process-events.ts';
import { CONNECTED } from './socket-events.ts';

const NOTE = 'a snapshot of what is, taken for what was begun';
const STARTED = { fidelity: 'approximate', note: NOTE } as const;
const NO_RULE = 'no rule asks for it';

/** Processes that run, as if each had just been started: for rules tried on a host's state. */
export const processes: TableDefinition = {
  name: 'processes',
  platforms: ['linux', 'darwin', 'windows'],
  evented: false,
  rank: 0,
  categories: ['process'],
  reads: ['pid', 'parent', 'name', 'path', 'cmdline', 'cwd', 'uid', 'euid', 'gid', 'egid', 'start_time'],
  unused: Object.fromEntries(
    [
      ...[
        'state',
        'root',
        'suid',
        'sgid',
        'on_disk',
        'wired_size',
        'resident_size',
        'total_size',
        'user_time',
      ],
      ...[
        'system_time',
        'disk_bytes_read',
        'disk_bytes_written',
        'pgroup',
        'threads',
        'nice',
        'cgroup_path',
        'upid',
      ],
      ...[
        'uppid',
        'cpu_type',
        'cpu_subtype',
        'translated',
        'elevated_token',
        'secure_process',
        'protection_type',
      ],
      ...['virtual_process', 'elapsed_time', 'handle_count', 'percent_processor_time'],
    ].map((name) => [name, NO_RULE]),
  ),
  flags: [],
  cost: 'One read of /proc.',
  fields: (platform) => [
    ...stateOrigin(platform, 'process'),
    constant('event.type', ['start', 'info'], STARTED),
    constant('event.action', [...EXEC_ACTIONS, 'already_running'], STARTED),
    ...actorFields({ pid: 'pid', path: 'path' }),
    ...userFields({ real: 'uid', effective: 'euid', audit: null, group: 'gid', effectiveGroup: 'egid' }),
  ],
};

export const listeningPorts: TableDefinition = {
  name: 'listening_ports',
  platforms: ['linux', 'darwin', 'windows'],
  evented: false,
  rank: 2,
  categories: ['network'],
  reads: ['pid', 'port', 'protocol', 'family', 'address', 'path'],
  unused: { fd: NO_RULE, socket: 'a number inside the kernel', net_namespace: NO_RULE },
  flags: [],
  cost: 'One read of /proc.',
  fields: (platform) => [
    ...stateOrigin(platform, 'network'),
    constant('event.type', ['info'], STARTED),
    constant('event.action', ['bound-socket', 'listening'], STARTED),
    cases('network.transport', 'protocol', TRANSPORTS),
    cases('network.type', 'family', FAMILIES),
    column('source.ip', 'address', { type: 'ip' }),
    column('source.port', 'port', { type: 'number' }),
    column('auditd.data.socket.path', 'path'),
    ...actorFields({ pid: 'pid', path: null }),
  ],
};

export const processOpenSockets: TableDefinition = {
  name: 'process_open_sockets',
  platforms: ['linux', 'darwin', 'windows'],
  evented: false,
  rank: 2,
  categories: ['network'],
  reads: [
    'pid',
    'family',
    'protocol',
    'local_address',
    'local_port',
    'remote_address',
    'remote_port',
    'path',
    'state',
  ],
  unused: { fd: NO_RULE, socket: 'a number inside the kernel', net_namespace: NO_RULE },
  flags: [],
  cost: 'One read of /proc.',
  fields: (platform) => [
    ...stateOrigin(platform, 'network'),
    constant('event.type', ['start', 'info', 'connection'], STARTED),
    constant('event.action', CONNECTED, STARTED),
    cases('network.transport', 'protocol', TRANSPORTS),
    cases('network.type', 'family', FAMILIES),
    ...endFields({ prefix: 'destination', at: () => 'remote', decides: [] }),
    ...endFields({ prefix: 'source', at: () => 'local', decides: [] }),
    column('auditd.data.socket.path', 'path'),
    ...actorFields({ pid: 'pid', path: null }),
  ],
};

function stateOrigin(platform: Platform, category: 'process' | 'network'): readonly Definition[] {
  const datasets = [`endpoint.events.${category}`];
  return originFields({ platform, evented: false, categories: [category], datasets, modules: ['endpoint'] });
}

import type { Value } from '../../rule/index.ts';
import { columnId } from '../column-ids.ts';
import { cases, column, computed, type TableDefinition } from '../definition.ts';
import { endFields, FAMILIES } from '../fields/network.ts';
import { originFields } from '../fields/origin.ts';
import { actorFields, actorUser } from '../fields/program.ts';
import { actorSignature } from '../fields/signature.ts';
import { auditUser } from '../fields/user.ts';
import type { RowEvent } from '../row-event.ts';

const ACTION = columnId('action');
const FAMILY = columnId('family');
const DESTINATION: Readonly<Record<string, 'local' | 'remote'>> = { connect: 'remote', accept: 'local' };
const SOURCE: Readonly<Record<string, 'local' | 'remote'>> = {
  connect: 'local',
  accept: 'remote',
  bind: 'local',
};

export const CONNECTED: readonly string[] = ['connection_attempted', 'connected-to'];
const ACCEPTED: readonly string[] = ['connection_accepted', 'accepted-connection-from'];
const CONNECTED_V4 = 'ipv4_connection_attempt_event';
const BOUND = 'bound-socket';

function actionOf(event: RowEvent): Value {
  switch (event.text(ACTION)) {
    case 'connect':
      return event.text(FAMILY) === '2' ? [...CONNECTED, CONNECTED_V4] : CONNECTED;
    case 'accept':
      return ACCEPTED;
    case 'bind':
      return BOUND;
    default:
      return null;
  }
}

export const socketEvents: TableDefinition = {
  name: 'socket_events',
  platforms: ['linux', 'darwin'],
  evented: true,
  rank: 2,
  categories: ['network'],
  reads: [
    ...['eid', 'time', 'action', 'pid', 'path', 'family', 'local_address', 'local_port'],
    ...['remote_address', 'remote_port', 'socket', 'status', 'success', 'auid'],
  ],
  unused: {
    fd: 'a number inside the process',
    protocol: 'always 0 on Linux: audit does not tell it',
    uptime: 'when the row was stored, as `time` says',
  },
  flags: [
    ...[
      '--disable_events=false',
      '--disable_audit=false',
      '--audit_allow_config=true',
      '--audit_persist=true',
    ],
    ...['--audit_allow_sockets=true', '--audit_allow_accept_socket_events=true'],
  ],
  cost: 'Moderate: one row for each connect, bind and accept. Tells of no transport and of no bytes.',
  fields: (platform) => [
    ...originFields({
      ...{ platform, categories: ['network'] },
      datasets: ['endpoint.events.network', 'auditd_manager.auditd'],
      modules: ['endpoint', 'auditd', 'auditd_manager'],
    }),
    cases('event.type', 'action', {
      connect: ['start', 'connection'],
      accept: ['start', 'connection'],
      bind: ['info'],
    }),
    computed('event.action', ['action', 'family'], actionOf, {
      among: [...CONNECTED, CONNECTED_V4, ...ACCEPTED, BOUND],
    }),
    cases('event.outcome', 'success', { '1': 'success', '0': 'failure' }),
    cases('network.direction', 'action', {
      connect: ['egress', 'outgoing', 'outbound'],
      accept: ['ingress', 'incoming', 'inbound'],
    }),
    cases('network.type', 'family', FAMILIES),
    cases('auditd.data.socket.family', 'family', FAMILIES),
    ...endFields({
      prefix: 'destination',
      at: (event) => DESTINATION[event.text(ACTION)] ?? null,
      decides: ['action'],
    }),
    ...endFields({
      prefix: 'source',
      at: (event) => SOURCE[event.text(ACTION)] ?? null,
      decides: ['action'],
    }),
    column('auditd.data.socket.path', 'socket', {
      fidelity: 'partial',
      note: 'of UNIX sockets, when they are shown',
    }),
    ...(platform === 'linux' ? [column('auditd.data.result', 'status')] : []),
    ...actorFields({ pid: 'pid', path: 'path' }),
    ...actorUser('pid'),
    ...(platform === 'darwin' ? actorSignature('pid') : []),
    ...auditUser('auid'),
  ],
};

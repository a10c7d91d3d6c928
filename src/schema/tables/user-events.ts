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
import { plainAddress } from '../fields/network.ts';
import { originFields } from '../fields/origin.ts';
import { actorFields } from '../fields/program.ts';
import { auditUser } from '../fields/user.ts';
import type { RowEvent } from '../row-event.ts';
import type { Category } from '../table.ts';

interface Kind {
  readonly action: readonly string[];
  readonly category: readonly Category[];
  readonly type: readonly string[];
}

const login = (action: string, type = 'info'): Kind => ({
  action: [action],
  category: ['authentication'],
  type: [type],
});
const session = (action: string, type: string): Kind => ({
  action: [action],
  category: ['session'],
  type: [type],
});
const account = (action: string, ...type: readonly string[]): Kind => ({
  action: [action],
  category: ['iam'],
  type,
});

/**
 * Audit's user messages by number (`linux/audit.h`, 1100 to 1199), with the action that auditd's own integration
 * of Elastic gives each.
 */
const RECORDS: Readonly<Record<string, Kind>> = {
  1100: login('authenticated'),
  1101: login('was-authorized'),
  1102: account('modified-user-account', 'user', 'change'),
  1103: login('acquired-credentials'),
  1104: login('disposed-credentials'),
  1105: session('started-session', 'start'),
  1106: session('ended-session', 'end'),
  1108: account('changed-password', 'user', 'change'),
  1109: login('error'),
  1110: login('refreshed-credentials'),
  1112: { action: ['logged-in', 'user_login'], category: ['authentication', 'session'], type: ['start'] },
  1113: { action: ['logged-out', 'user_logout'], category: ['authentication', 'session'], type: ['end'] },
  1114: account('added-user-account', 'user', 'creation'),
  1115: account('deleted-user-account', 'user', 'deletion'),
  1116: account('added-group-account-to', 'group', 'creation'),
  1117: account('deleted-group-account-from', 'group', 'deletion'),
  1119: account('changed-group', 'group', 'change'),
  1123: { action: ['ran-command'], category: ['process'], type: ['start'] },
  1124: { action: ['typed'], category: ['process'], type: ['info'] },
  1125: account('changed-user-id', 'user', 'change'),
  1130: { action: ['started-service'], category: ['configuration'], type: ['start'] },
  1131: { action: ['stopped-service'], category: ['configuration'], type: ['end'] },
};

/**
 * osquery keeps a message up to its first space (`ParseAuditReply` of `auditdnetlink.cpp` ends a value there), so
 * that `acct=` and `res=`, which follow `op=`, are never there.
 */
const CHANGED_NOTE = 'osquery cuts the result off: a change that failed looks the same';
const MESSAGE = columnId('message');
const ADDRESS = columnId('address');
const UID = columnId('uid');

export const userEvents: TableDefinition = {
  name: 'user_events',
  platforms: ['linux'],
  evented: true,
  rank: 3,
  categories: ['authentication', 'session', 'iam', 'process', 'configuration'],
  reads: ['eid', 'time', 'type', 'pid', 'path', 'message', 'address', 'terminal', 'uid', 'auid'],
  unused: { uptime: 'when the row was stored, as `time` says' },
  flags: [
    ...[
      '--disable_events=false',
      '--disable_audit=false',
      '--audit_allow_config=true',
      '--audit_persist=true',
    ],
    '--audit_allow_user_events=true',
  ],
  cost: 'Cheap. osquery keeps the first word of a message only, so that account and outcome are lost.',
  fields: (platform) => [
    ...originFields({
      ...{ platform, categories: ['authentication'] },
      datasets: ['auditd_manager.auditd', 'system.auth'],
      modules: ['auditd', 'auditd_manager', 'system'],
    }).filter(({ field }) => field !== 'event.category'),
    byType('event.category', ({ category }) => category),
    byType('event.type', ({ type }) => type),
    byType('event.action', ({ action }) => action),
    changed('event.outcome'),
    changed('auditd.result'),
    column('message', 'message'),
    column('auditd.message_type', 'type'),
    column('auditd.data.terminal', 'terminal'),
    computed('auditd.data.op', ['message'], operationOf),
    computed('source.ip', ['address'], addressOf, { type: 'ip' }),
    computed('source.address', ['address'], (event) => textOrNull(event.text(ADDRESS).replace(/^\?$/, ''))),
    column('user.id', 'uid', { note: 'the user that the program ran as' }),
    outside('user.name', ['uid'], (event) => event.host.userName(event.text(UID)), {
      ...{ fidelity: 'approximate', note: 'of `user.id`, by `users` as it was last read' },
    }),
    ...auditUser('auid'),
    ...actorFields({ pid: 'pid', path: 'path' }),
  ],
};

/** That a change of accounts was made, as far as its record shows. Whether a login succeeded shows nowhere. */
function changed(field: string): Definition {
  const changes = Object.entries(RECORDS).filter(([, { category }]) => category.includes('iam'));
  return cases(field, 'type', Object.fromEntries(changes.map(([type]) => [type, 'success'])), {
    ...{ fidelity: 'approximate', note: CHANGED_NOTE },
  });
}

function byType(field: string, of: (record: Kind) => readonly string[]): Definition {
  const values = Object.entries(RECORDS).map(([type, record]): [string, Value] => [type, of(record)]);
  return cases(field, 'type', Object.fromEntries(values));
}

/** What follows `op=`, which is the whole message of most. */
function operationOf(event: RowEvent): string | null {
  return textOrNull(/^op=(\S+)/.exec(event.text(MESSAGE))?.[1] ?? '');
}

function addressOf(event: RowEvent): string | null {
  const address = plainAddress(event.text(ADDRESS));
  return address !== null && /^[\da-f.:]+$/i.test(address) && /[.:]/.test(address) ? address : null;
}

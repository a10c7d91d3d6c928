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

const RESULT_NOTE = 'where the message holds `res=`; osquery often cuts it off before';
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
  cost: 'Cheap. osquery keeps the first word of most messages only, so that the outcome is often lost.',
  fields: (platform) => [
    ...originFields({
      ...{ platform, categories: ['authentication'] },
      datasets: ['auditd_manager.auditd', 'system.auth'],
      modules: ['auditd', 'auditd_manager', 'system'],
    }).filter(({ field }) => field !== 'event.category'),
    byType('event.category', ({ category }) => category),
    byType('event.type', ({ type }) => type),
    byType('event.action', ({ action }) => action),
    computed('event.outcome', ['message'], (event) => OUTCOMES[said(event, 'res') ?? ''] ?? null, {
      ...{ fidelity: 'partial', note: RESULT_NOTE, among: ['success', 'failure'] },
    }),
    computed('auditd.result', ['message'], (event) => RESULTS[said(event, 'res') ?? ''] ?? null, {
      ...{ fidelity: 'partial', note: RESULT_NOTE, among: ['success', 'fail'] },
    }),
    column('message', 'message'),
    column('auditd.message_type', 'type'),
    column('auditd.data.terminal', 'terminal'),
    computed('auditd.data.grantors', ['message'], (event) => said(event, 'grantors')?.split(',') ?? null, {
      ...{ fidelity: 'partial', list: true, note: 'where the message holds it' },
    }),
    computed('auditd.data.op', ['message'], (event) => said(event, 'op')),
    computed('source.ip', ['address'], addressOf, { type: 'ip' }),
    computed('source.address', ['address'], (event) => textOrNull(event.text(ADDRESS).replace(/^\?$/, ''))),
    column('user.id', 'uid', { note: 'the user that the program ran as' }),
    outside(
      'user.name',
      ['uid', 'message'],
      (event) => said(event, 'acct') ?? event.host.userName(event.text(UID)),
      {
        ...{ fidelity: 'approximate', note: "the message's account, else by `users`" },
      },
    ),
    ...auditUser('auid'),
    ...actorFields({ pid: 'pid', path: 'path' }),
  ],
};

/** In the words of auditd's own integration. */
const RESULTS: Readonly<Record<string, string>> = {
  ...{ success: 'success', '1': 'success', failed: 'fail', '0': 'fail' },
};
const OUTCOMES: Readonly<Record<string, string>> = {
  ...{ success: 'success', '1': 'success', failed: 'failure', '0': 'failure' },
};

function byType(field: string, of: (record: Kind) => readonly string[]): Definition {
  const values = Object.entries(RECORDS).map(([type, record]): [string, Value] => [type, of(record)]);
  return cases(field, 'type', Object.fromEntries(values));
}

/** What follows `name=` in the message, without quotes. */
function said(event: RowEvent, name: string): string | null {
  const message = event.text(MESSAGE);
  const at = message.startsWith(`${name}=`) ? 0 : message.indexOf(` ${name}=`) + 1;
  if (at === 0 && !message.startsWith(`${name}=`)) return null;
  const value = message.slice(at + name.length + 1);
  const end = value.startsWith('"') ? value.indexOf('"', 1) : value.search(/\s|$/);
  return textOrNull(value.startsWith('"') ? value.slice(1, end < 0 ? undefined : end) : value.slice(0, end));
}

function addressOf(event: RowEvent): string | null {
  const address = plainAddress(event.text(ADDRESS));
  return address !== null && /^[\da-f.:]+$/i.test(address) && /[.:]/.test(address) ? address : null;
}

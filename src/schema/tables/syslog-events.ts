import type { Scalar, Value } from '../../rule/index.ts';
import { columnId } from '../column-ids.ts';
import { cases, column, computed, type Definition, several, type TableDefinition } from '../definition.ts';
import { type AuthMessage, readAuthMessage } from '../fields/auth-message.ts';
import { originFields } from '../fields/origin.ts';
import type { RowEvent } from '../row-event.ts';

const TAG = columnId('tag');
const MESSAGE = columnId('message');

const FROM = ['tag', 'message'];
const AUTH = 'system.auth';
const SYSLOG = 'system.syslog';

/** What rsyslog's pipe gives osquery, under the names that Elastic's system integration gives its log files. */
export const syslogEvents: TableDefinition = {
  name: 'syslog_events',
  platforms: ['linux'],
  evented: true,
  rank: 3,
  categories: ['authentication', 'session', 'iam'],
  reads: ['eid', 'time', 'facility', 'severity', 'tag', 'message'],
  unused: {
    datetime: '`time` says it',
    host: 'messages of other hosts, where rsyslog takes them in, are taken for this one',
  },
  flags: ['--disable_events=false', '--enable_syslog=true'],
  cost: 'Cheap. Needs rsyslog to write into the pipe of --syslog_pipe_path, in the form that osquery documents.',
  fields: (platform) => [
    ...originFields({
      ...{ platform, categories: ['authentication'], datasets: [AUTH, SYSLOG], modules: ['system'] },
    }).filter(({ field }) => !/^(?:event\.category|event\.dataset|data_stream\.dataset)$/.test(field)),
    ...['event.dataset', 'data_stream.dataset'].map(dataset),
    said('event.category', ({ category }) => category, { among: ['authentication', 'session', 'iam'] }),
    said('event.type', ({ type }) => type, {
      among: ['info', 'change', 'user', 'group', 'creation', 'deletion'],
    }),
    said('event.action', ({ action }) => action, {
      among: ['ssh_login', 'authentication_failure', 'password-changed', 'logged-on', 'logged-off'],
    }),
    said('event.outcome', ({ outcome }) => outcome, { among: ['success', 'failure'] }),
    column('message', 'message'),
    column('log.syslog.facility.name', 'facility'),
    column('log.syslog.severity.code', 'severity', { type: 'number' }),
    computed('process.name', ['tag'], (event) => programOf(event.text(TAG)) || null, {
      note: 'the name in the tag, which is what the program calls itself',
    }),
    computed('process.pid', ['tag'], (event) => pidOf(event.text(TAG)), { type: 'number' }),
    said('user.name', ({ user }) => user),
    said('user.id', ({ userId }) => userId),
    said('group.name', ({ group }) => group),
    said('group.id', ({ groupId }) => groupId),
    said('source.ip', ({ address }) => ipOf(address), { type: 'ip' }),
    said('source.address', ({ address }) => address),
    said('source.port', ({ port }) => port, { type: 'number' }),
    said('related.ip', ({ address }) => ipOf(address), { type: 'ip' }),
    said('related.user', ({ user }) => several(user)),
    said('system.auth.ssh.event', ({ ssh }) => ssh?.event ?? null),
    said('system.auth.ssh.method', ({ ssh }) => ssh?.method ?? null),
    said('system.auth.ssh.signature', ({ ssh }) => ssh?.signature ?? null),
  ],
};

/** auth.log and secure are of these facilities, by what distributions configure. */
function dataset(field: string): Definition {
  return cases(field, 'facility', { auth: AUTH, authpriv: AUTH }, { otherwise: SYSLOG });
}

function said(
  field: string,
  read: (message: AuthMessage) => Value,
  wording: { readonly type?: 'ip' | 'number'; readonly among?: readonly Scalar[] } = {},
): Definition {
  return computed(field, FROM, (event) => read(messageOf(event)), {
    ...{
      ...wording,
      fidelity: 'partial',
      note: 'what the message says, by the patterns of Elastic for sshd, PAM and account tools',
    },
  });
}

const MESSAGES = new WeakMap<RowEvent, AuthMessage>();

/** Read once for all fields of an event. */
function messageOf(event: RowEvent): AuthMessage {
  let message = MESSAGES.get(event);
  if (message === undefined) {
    message = readAuthMessage(programOf(event.text(TAG)), event.text(MESSAGE));
    MESSAGES.set(event, message);
  }
  return message;
}

/** `sshd[123]` is of `sshd`. */
function programOf(tag: string): string {
  const bracket = tag.lastIndexOf('[');
  return bracket < 0 ? tag : tag.slice(0, bracket);
}

function pidOf(tag: string): number | null {
  const [, digits] = /\[(\d{1,10})\]$/.exec(tag) ?? [];
  return digits === undefined ? null : Number(digits);
}

/** sshd writes a host's name where it was told to look names up. */
function ipOf(address: string | null): string | null {
  return address !== null && /^[\d.]+$|:/.test(address) ? address : null;
}

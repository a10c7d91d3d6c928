import type { Category } from '../table.ts';
import { plainAddress } from './network.ts';

/** What a message of the system's log says of logins and accounts; null where it says nothing of it. */
export interface AuthMessage {
  readonly category: readonly Category[] | null;
  readonly type: readonly string[] | null;
  readonly action: string | null;
  readonly outcome: 'success' | 'failure' | null;
  readonly user: string | null;
  readonly userId: string | null;
  readonly group: string | null;
  readonly groupId: string | null;
  readonly address: string | null;
  readonly port: number | null;
  readonly ssh: {
    readonly event: string;
    readonly method: string | null;
    readonly signature: string | null;
  } | null;
}

/** Says nothing. */
const NOTHING: AuthMessage = Object.freeze({
  ...{ category: null, type: null, action: null, outcome: null, user: null, userId: null },
  ...{ group: null, groupId: null, address: null, port: null, ssh: null },
});

/**
 * Reads a message as the pipeline of Elastic's system integration does (`packages/system/data_stream/auth`,
 * `message.yml`), for the programs that its rules ask about: sshd, PAM, and the tools that change accounts.
 *
 * A user's name is whatever somebody typed, also ` from 192.0.2.1 port 1 ssh2`. The message's own end is what
 * sshd wrote, so it is read from its end, where the pipeline takes the first place that fits.
 */
export function readAuthMessage(program: string, message: string): AuthMessage {
  if (/^sshd(?:-session|-auth)?$/.test(program)) {
    const ssh = readSsh(message);
    if (ssh !== null) return ssh;
  }
  const kind = ACCOUNT_TOOLS[program];
  if (kind !== undefined && Object.hasOwn(ACCOUNT_TOOLS, program)) return readAccount(kind, message);
  return readPam(message) ?? NOTHING;
}

/** The lists are the same objects each time: an engine knows them by identity. */
const LOGIN: readonly Category[] = ['authentication', 'session'];
const AUTHENTICATION: readonly Category[] = ['authentication'];
const SESSION: readonly Category[] = ['session'];
const IAM: readonly Category[] = ['iam'];
const INFO: readonly string[] = ['info'];
const CHANGE: readonly string[] = ['change'];

/** `Accepted publickey for bob from 192.0.2.1 port 22 ssh2: RSA SHA256:…`, `Invalid user bob from 192.0.2.1 port 22`. */
function readSsh(message: string): AuthMessage | null {
  const tried = /^(Accepted|Failed) (\S+) for (?:invalid user )?/.exec(message);
  if (tried !== null) {
    const [whole, event = '', method = ''] = tried;
    const rest = message.slice(whole.length);
    const at = rest.lastIndexOf(' ssh2');
    const end = readEnd(at < 0 ? rest : rest.slice(0, at));
    if (end === null) return null;
    const signature = at < 0 ? '' : rest.slice(at + ' ssh2'.length).replace(/^: /, '');
    const accepted = event === 'Accepted';
    return {
      ...{ ...NOTHING, ...end, type: INFO, action: 'ssh_login' },
      category: accepted ? LOGIN : AUTHENTICATION,
      outcome: accepted ? 'success' : 'failure',
      ssh: { event, method, signature: signature === '' ? null : signature },
    };
  }
  const invalid = 'Invalid user ';
  if (!message.startsWith(invalid)) return null;
  const end = readEnd(message.slice(invalid.length));
  if (end === null) return null;
  return {
    ...{ ...NOTHING, ...end, category: AUTHENTICATION, type: INFO, action: 'ssh_login', outcome: 'failure' },
    ssh: { event: 'Invalid', method: null, signature: null },
  };
}

/** `bob from 192.0.2.1 port 22`, the port optional. */
function readEnd(text: string): Pick<AuthMessage, 'user' | 'address' | 'port'> | null {
  const at = text.lastIndexOf(' from ');
  const found = at < 0 ? null : /^(\S+)(?: port (\d{1,5}))?$/.exec(text.slice(at + ' from '.length));
  if (found === null) return null;
  const [, address = '', port] = found;
  return {
    user: at === 0 ? null : text.slice(0, at),
    address: plainAddress(address),
    port: port === undefined ? null : Number(port),
  };
}

const ACCOUNT_TOOLS: Readonly<Record<string, readonly string[]>> = {
  useradd: ['user', 'creation'],
  userdel: ['user', 'deletion'],
  usermod: ['user', 'change'],
  groupadd: ['group', 'creation'],
  groupdel: ['group', 'deletion'],
  groupmod: ['group', 'change'],
};

/** `new user: name=eve, UID=1001, GID=1001, home=/home/eve, shell=/bin/sh`, and whatever else these tools write. */
function readAccount(type: readonly string[], message: string): AuthMessage {
  const outcome = message.includes('fail') ? 'failure' : 'success';
  const [, kind, name = null] = /^new (user|group): name=([^,]*)/.exec(message) ?? [];
  const numberOf = (key: string): string | null => new RegExp(`, ${key}=(\\d+)`).exec(message)?.[1] ?? null;
  return {
    ...{ ...NOTHING, category: IAM, type, outcome },
    ...(kind === 'user' && { user: name, userId: numberOf('UID'), groupId: numberOf('GID') }),
    ...(kind === 'group' && { group: name, groupId: numberOf('GID') }),
  };
}

/** `pam_unix(sshd:auth): authentication failure; … rhost=192.0.2.1  user=root` and its kin. */
function readPam(message: string): AuthMessage | null {
  const [, about] = /^pam_unix\([^:)]*:(\w+)\)/.exec(message) ?? [];
  if (message.includes('authentication failure')) {
    const [, host = ''] = /\brhost=(\S+)/.exec(message) ?? [];
    const [, user = null] = /\suser=(\S+)$/.exec(message) ?? [];
    const address = plainAddress(host);
    return {
      ...{ ...NOTHING, category: AUTHENTICATION, type: INFO, outcome: 'failure', user, address },
      action: 'authentication_failure',
    };
  }
  if (about === 'chauthtok') {
    const [, user = null] = /password changed for (\S+)$/.exec(message) ?? [];
    const outcome = message.includes('password changed') ? 'success' : 'failure';
    return { ...NOTHING, category: IAM, type: CHANGE, action: 'password-changed', outcome, user };
  }
  if (about !== 'session') return null;
  const [, done, user = null] = /session (opened|closed) for user ([^\s(]+)/.exec(message) ?? [];
  const action = done === undefined ? null : done === 'opened' ? 'logged-on' : 'logged-off';
  return { ...NOTHING, category: SESSION, action, user };
}

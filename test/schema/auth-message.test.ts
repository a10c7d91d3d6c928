import test from 'ava';
import fc from 'fast-check';
import { type AuthMessage, readAuthMessage } from '../../src/schema/fields/auth-message.ts';

interface Case {
  readonly name: string;
  readonly program: string;
  readonly message: string;
  readonly want: Partial<AuthMessage>;
}

/** Messages as programs write them; most are those that Elastic's own pipeline is tested with. */
const cases: readonly Case[] = [
  {
    name: 'a password that was taken',
    program: 'sshd',
    message: 'Accepted password for vagrant from 192.168.33.1 port 58803 ssh2',
    want: { outcome: 'success', user: 'vagrant', address: '192.168.33.1', port: 58803 },
  },
  {
    name: 'a password that was not',
    program: 'sshd-session',
    message: 'Failed password for root from 2001:db8::9 port 29160 ssh2',
    want: { category: ['authentication'], outcome: 'failure', user: 'root', address: '2001:db8::9' },
  },
  {
    name: 'a user that there is not',
    program: 'sshd',
    message: 'Failed password for invalid user oracle from 198.51.100.7 port 4 ssh2',
    want: { action: 'ssh_login', outcome: 'failure', user: 'oracle' },
  },
  {
    name: 'an invalid user, before anything is tried',
    program: 'sshd',
    message: 'Invalid user test from 10.0.2.2',
    want: { action: 'ssh_login', outcome: 'failure', user: 'test', address: '10.0.2.2', port: null },
  },
  {
    name: 'an invalid user with a port and no name',
    program: 'sshd',
    message: 'Invalid user  from 10.0.2.2 port 9',
    want: { outcome: 'failure', user: null, address: '10.0.2.2', port: 9 },
  },
  {
    name: 'a group',
    program: 'groupadd',
    message: 'new group: name=apache, GID=48',
    want: {
      category: ['iam'],
      type: ['group', 'creation'],
      outcome: 'success',
      group: 'apache',
      groupId: '48',
    },
  },
  {
    name: 'a user',
    program: 'useradd',
    message: 'new user: name=apache, UID=48, GID=49, home=/usr/share/httpd, shell=/sbin/nologin',
    want: { type: ['user', 'creation'], outcome: 'success', user: 'apache', userId: '48', groupId: '49' },
  },
  {
    name: 'a user that could not be added',
    program: 'useradd',
    message: 'failed adding user `eve`, data deleted',
    want: { type: ['user', 'creation'], outcome: 'failure', user: null },
  },
  {
    name: 'a deleted user',
    program: 'userdel',
    message: "delete user 'eve'",
    want: { type: ['user', 'deletion'], outcome: 'success' },
  },
  {
    name: "PAM's refusal",
    program: 'sudo',
    message:
      'pam_unix(sudo:auth): authentication failure; logname=bob uid=1117 euid=0 tty=/dev/pts/1 ruser=alice rhost=  user=root',
    want: {
      category: ['authentication'],
      outcome: 'failure',
      action: 'authentication_failure',
      user: 'root',
      address: null,
    },
  },
  {
    name: 'a session',
    program: 'sshd',
    message: 'pam_unix(sshd:session): session opened for user eve(uid=1001) by (uid=0)',
    want: { category: ['session'], action: 'logged-on', user: 'eve' },
  },
  {
    name: 'a password that was changed',
    program: 'passwd',
    message: 'pam_unix(passwd:chauthtok): password changed for eve',
    want: {
      category: ['iam'],
      type: ['change'],
      outcome: 'success',
      action: 'password-changed',
      user: 'eve',
    },
  },
  {
    name: "a login's words in the mouth of another program",
    program: 'logger',
    message: 'Accepted password for root from 192.0.2.1 port 22 ssh2',
    want: { category: null, action: null, outcome: null, user: null },
  },
  {
    name: 'anything else that sshd says',
    program: 'sshd',
    message: 'Received disconnect from 192.0.2.1 port 22:11: Bye Bye [preauth]',
    want: { category: null, action: null, outcome: null },
  },
];

for (const { name, program, message, want } of cases) {
  test(`${name} is understood`, (t) => {
    t.like(readAuthMessage(program, message), want);
  });
}

test("a user's name that looks like the end of a message moves no login to another address", (t) => {
  const message =
    'Failed password for invalid user x from 192.0.2.1 port 1 ssh2 from 198.51.100.7 port 4 ssh2';
  t.like(readAuthMessage('sshd', message), {
    ...{ outcome: 'failure', user: 'x from 192.0.2.1 port 1 ssh2', address: '198.51.100.7', port: 4 },
  });
});

test('whatever a name holds, address and port are those that sshd wrote', (t) => {
  const piece = fc.constantFrom(
    ' from ',
    ' port 1',
    ' ssh2',
    'a',
    ': ',
    '192.0.2.1',
    ' ',
    'for ',
    'invalid user ',
  );
  const anyName = fc.array(piece, { minLength: 1, maxLength: 12 }).map((parts) => `n${parts.join('')}`);
  fc.assert(
    fc.property(anyName, fc.integer({ min: 1, max: 65_535 }), (name, port) => {
      const read = readAuthMessage('sshd', `Failed password for ${name} from 198.51.100.7 port ${port} ssh2`);
      t.like(read, { outcome: 'failure', user: name, address: '198.51.100.7', port });
    }),
  );
});

test('no text of any program makes it throw', (t) => {
  const program = fc.oneof(fc.constantFrom('sshd', 'useradd', 'constructor', '__proto__', ''), fc.string());
  fc.assert(
    fc.property(program, fc.string({ unit: 'binary' }), (name, text) => {
      t.notThrows(() => readAuthMessage(name, text));
    }),
  );
});

import test from 'ava';
import fc from 'fast-check';
import type { Value } from '../../src/rule/index.ts';
import type { Platform } from '../../src/schema/index.ts';
import { execRow, reading } from './reading.ts';

const EXECS = ['exec', 'exec_event', 'executed', 'start', 'ProcessRollup2', 'process_started'];

interface Case {
  readonly name: string;
  readonly platform?: Platform;
  readonly table: string;
  readonly row: Readonly<Record<string, unknown>>;
  readonly want: Readonly<Record<string, Value>>;
}

const cases: readonly Case[] = [
  {
    name: 'an exec',
    table: 'process_events',
    row: execRow({ path: '/usr/bin/kmod', cmdline: '/sbin/rmmod x' }),
    want: {
      'event.category': 'process',
      'event.type': ['start'],
      'event.action': EXECS,
      'host.os.type': 'linux',
      'process.name': ['kmod', 'rmmod'],
      'process.executable': ['/usr/bin/kmod', '/sbin/rmmod'],
      'process.args': ['/sbin/rmmod', 'x'],
      'process.args_count': 2,
      'process.command_line': '/sbin/rmmod x',
      'process.working_directory': '/root',
      'process.pid': 1000,
      'process.entity_id': 'host-1-1000-0000000010-1795490000',
      'user.id': '1000',
      'process.user.id': '0',
      'process.real_user.id': '1000',
      'user.audit.id': null,
      '@timestamp': '2026-11-24T03:13:20.000Z',
    },
  },
  {
    name: "a fork of the host, which is of the parent's program",
    table: 'process_events',
    row: execRow({
      syscall: 'clone',
      pid: '1001',
      parent: '1000',
      path: '/usr/bin/bash',
      cmdline: '',
      cwd: '',
    }),
    want: {
      'event.type': ['start'],
      'event.action': ['fork', 'fork_event'],
      'process.name': 'bash',
      'process.args': null,
      'process.parent.executable': '/usr/bin/bash',
    },
  },
  {
    name: 'a file created',
    table: 'file_events',
    row: {
      eid: '1',
      time: '1795490000',
      action: 'CREATED',
      target_path: '/etc/cron.d/a.b.sh',
      uid: '0',
      sha256: 'ab',
    },
    want: {
      'event.category': 'file',
      'event.type': ['creation'],
      'event.action': ['creation', 'file_create_event', 'created'],
      'file.path': '/etc/cron.d/a.b.sh',
      'file.name': 'a.b.sh',
      'file.extension': 'sh',
      'file.directory': '/etc/cron.d',
      'file.hash.sha256': 'ab',
      'file.hash.md5': null,
      'process.name': null,
    },
  },
  {
    name: 'a file renamed by a process',
    table: 'process_file_events',
    row: {
      ...{
        eid: '1',
        time: '1795490000',
        operation: 'rename',
        pid: '7',
        executable: '/usr/bin/mv',
        cwd: '/etc/x',
      },
      ...{ path: '../passwd', dest_path: './shadow.bak', uid: '0' },
    },
    want: {
      'event.action': ['rename', 'file_rename_event', 'renamed', 'moved'],
      'file.path': '/etc/x/shadow.bak',
      'file.Ext.original.path': '/etc/passwd',
      'file.Ext.original.name': 'passwd',
      'file.Ext.original.extension': null,
      'process.name': 'mv',
    },
  },
  {
    name: 'a connection to an IPv4 address in IPv6 form',
    table: 'socket_events',
    row: {
      ...{
        eid: '1',
        time: '1795490000',
        action: 'connect',
        pid: '7',
        path: '/usr/bin/curl',
        family: '10',
        success: '1',
      },
      ...{
        remote_address: '0000:0000:0000:0000:0000:ffff:c0a8:0001',
        remote_port: '443',
        local_address: '0',
        local_port: '0',
      },
    },
    want: {
      'event.action': ['connection_attempted', 'connected-to'],
      'event.outcome': 'success',
      'destination.ip': '192.168.0.1',
      'destination.port': 443,
      'source.ip': null,
      'source.port': null,
      'network.direction': ['egress', 'outgoing', 'outbound'],
      'network.type': 'ipv6',
      'network.transport': null,
      'process.name': 'curl',
    },
  },
  {
    name: 'a connection accepted',
    table: 'socket_events',
    row: {
      eid: '1',
      time: '1795490000',
      action: 'accept',
      pid: '7',
      remote_address: '203.0.113.5',
      remote_port: '999',
    },
    want: { 'source.ip': '203.0.113.5', 'source.port': 999, 'destination.ip': null },
  },
  {
    name: 'a user added',
    table: 'user_events',
    row: {
      eid: '1',
      time: '1795490000',
      type: '1114',
      pid: '7',
      path: '/usr/sbin/useradd',
      message: 'op=adding',
      uid: '0',
      address: '?',
    },
    want: {
      'event.category': ['iam'],
      'event.type': ['user', 'creation'],
      'event.action': ['added-user-account'],
      'event.outcome': 'success',
      'auditd.result': 'success',
      'user.id': '0',
      'source.ip': null,
      'process.name': 'useradd',
    },
  },
  {
    name: 'an authentication, of which audit as osquery keeps it does not tell whether it succeeded',
    table: 'user_events',
    row: {
      eid: '1',
      time: '1795490000',
      type: '1100',
      message: 'op=PAM:authentication',
      address: '198.51.100.7',
    },
    want: {
      'event.category': ['authentication'],
      'event.outcome': null,
      'source.ip': '198.51.100.7',
      'auditd.data.op': 'PAM:authentication',
    },
  },
  {
    name: 'a login over ssh',
    table: 'syslog_events',
    row: {
      ...{ eid: '1', time: '1795490000', facility: 'auth', severity: '6', tag: 'sshd[3402]' },
      message: 'Accepted publickey for bob from 198.51.100.7 port 63673 ssh2: RSA SHA256:39Zk',
    },
    want: {
      'data_stream.dataset': 'system.auth',
      'event.category': ['authentication', 'session'],
      'event.action': 'ssh_login',
      'event.outcome': 'success',
      'process.name': 'sshd',
      'process.pid': 3402,
      'user.name': 'bob',
      'source.ip': '198.51.100.7',
      'source.port': 63673,
      'related.ip': '198.51.100.7',
      'system.auth.ssh.method': 'publickey',
      'system.auth.ssh.signature': 'RSA SHA256:39Zk',
    },
  },
  {
    name: "a kernel's message",
    table: 'syslog_events',
    row: {
      ...{ eid: '1', time: '1795490000', facility: 'kern', severity: '4', tag: 'kernel' },
      message: 'x: loading out-of-tree module taints kernel.',
    },
    want: {
      'data_stream.dataset': 'system.syslog',
      'event.category': null,
      'process.name': 'kernel',
      'process.pid': null,
      message: 'x: loading out-of-tree module taints kernel.',
      'log.syslog.severity.code': 4,
    },
  },
  {
    name: 'a breach of a profile of AppArmor',
    table: 'apparmor_events',
    row: {
      ...{ eid: '1', time: '1795490000', apparmor: 'DENIED', operation: 'open', profile: '/usr/sbin/cupsd' },
      ...{
        name: '/etc/shadow',
        pid: '7',
        comm: 'cupsd',
        requested_mask: 'wc',
        denied_mask: 'wc',
        fsuid: '0',
      },
    },
    want: {
      'event.category': 'file',
      'event.type': 'change',
      'event.action': 'violated-apparmor-policy',
      'event.outcome': 'failure',
      'file.path': '/etc/shadow',
      'process.name': 'cupsd',
      'user.id': '0',
    },
  },
  {
    name: 'a profile that was loaded, which breaches none',
    table: 'apparmor_events',
    row: { eid: '1', time: '1795490000', apparmor: 'STATUS', operation: 'profile_load', name: 'x', pid: '7' },
    want: { 'event.category': null, 'event.type': null, 'event.action': null },
  },
  {
    name: "a logon, of Windows' own auditing",
    platform: 'windows',
    table: 'windows_events',
    row: {
      ...{ eid: '1', time: '1795490000', source: 'Security', eventid: '4625', computer_name: 'PC.example' },
      ...{ provider_name: 'Microsoft-Windows-Security-Auditing', keywords: '0x8010000000000000' },
      data: JSON.stringify({
        EventData: {
          ...{
            TargetUserName: 'eve@example',
            TargetDomainName: 'EX',
            TargetUserSid: 'S-1-0-0',
            LogonType: '3',
          },
          ...{ IpAddress: '::ffff:198.51.100.7', IpPort: '4021', SubjectUserName: '-', ProcessId: '0x1f4' },
          ...{ ProcessName: 'C:\\Windows\\System32\\lsass.exe', Status: '0xc000006d' },
        },
      }),
    },
    want: {
      'data_stream.dataset': 'system.security',
      'event.category': ['authentication'],
      'event.type': ['start'],
      'event.action': 'logon-failed',
      'event.outcome': 'failure',
      'event.code': '4625',
      'user.name': 'eve',
      'user.domain': 'EX',
      'user.id': 'S-1-0-0',
      'source.ip': '198.51.100.7',
      'source.port': 4021,
      'process.name': 'lsass.exe',
      'process.pid': 500,
      'winlog.computer_name': 'PC.example',
      'winlog.logon.type': 'Network',
      'winlog.event_data.Status': '0xc000006d',
      'winlog.event_data.SubjectUserName': null,
    },
  },
  {
    name: 'a value of the registry, that Sysmon saw set',
    platform: 'windows',
    table: 'windows_events',
    row: {
      ...{ eid: '1', time: '1795490000', source: 'Microsoft-Windows-Sysmon/Operational', eventid: '13' },
      ...{ provider_name: 'Microsoft-Windows-Sysmon', keywords: '0x8000000000000000' },
      data: JSON.stringify({
        EventData: {
          ...{ Image: 'C:\\Windows\\regedit.exe', ProcessId: '77', User: 'EX\\eve' },
          ...{ TargetObject: 'HKLM\\SOFTWARE\\X\\Run', Details: 'DWORD (0x00000010)' },
        },
      }),
    },
    want: {
      'event.category': ['configuration', 'registry'],
      'event.type': ['change'],
      'event.outcome': null,
      'registry.path': 'HKLM\\SOFTWARE\\X\\Run',
      'registry.hive': 'HKLM',
      'registry.key': 'SOFTWARE\\X',
      'registry.value': 'Run',
      'registry.data.strings': '16',
      'process.executable': 'C:\\Windows\\regedit.exe',
      'process.pid': 77,
      'user.name': 'eve',
      'user.domain': 'EX',
    },
  },
  {
    name: 'a record with values that have no names, of a provider that is of no kind',
    platform: 'windows',
    table: 'windows_events',
    row: {
      ...{
        eid: '1',
        time: '1795490000',
        source: 'Application',
        eventid: '10',
        provider_name: 'Quick Assist',
      },
      data: '{"EventData":["one","two"],"UserData":{"Other":{"Name":"three"}}}',
    },
    want: {
      'event.category': null,
      'event.provider': 'Quick Assist',
      'winlog.event_data.param1': 'one',
      'winlog.event_data.param2': 'two',
      'winlog.event_data.Name': 'three',
      'process.name': null,
    },
  },
  {
    name: 'a record whose data is broken',
    platform: 'windows',
    table: 'windows_events',
    row: { eid: '1', time: '1795490000', eventid: '4624', data: '{"EventData":{"Image":' },
    want: { 'event.code': '4624', 'process.executable': null, 'winlog.event_data.Image': null },
  },
  {
    name: 'an exec of macOS',
    platform: 'darwin',
    table: 'es_process_events',
    row: {
      ...{
        eid: '1',
        time: '1795490000',
        event_type: 'exec',
        pid: '70',
        parent: '60',
        path: '/bin/sh',
        cmdline: '/bin/sh -c "echo hi" ',
      },
      ...{
        cmdline_count: '3',
        env: 'A=1 "B=x y" ',
        uid: '501',
        username: 'ann',
        signing_id: 'com.apple.sh',
        platform_binary: '1',
      },
    },
    want: {
      'event.action': EXECS,
      'process.args': ['/bin/sh', '-c', 'echo hi'],
      'process.args_count': 3,
      'process.env_vars': ['A=1', 'B=x y'],
      'process.code_signature.signing_id': 'com.apple.sh',
      'process.code_signature.subject_name': 'Software Signing',
      'user.name': 'ann',
      'host.os.type': 'macos',
    },
  },
  {
    name: 'a start of Windows',
    platform: 'windows',
    table: 'process_etw_events',
    row: {
      ...{
        eid: '1',
        time: '1795490000',
        type: 'ProcessStart',
        pid: '72',
        ppid: '60',
        path: 'C:\\Windows\\System32\\cmd.exe',
      },
      ...{
        cmdline: '"C:\\Windows\\System32\\cmd.exe" /c "dir x"',
        username: 'NT AUTHORITY\\SYSTEM',
        mandatory_label: 'S-1-16-16384',
      },
    },
    want: {
      'process.name': 'cmd.exe',
      'process.args': ['C:\\Windows\\System32\\cmd.exe', '/c', 'dir x'],
      'user.id': 'S-1-5-18',
      'user.name': 'SYSTEM',
      'user.domain': 'NT AUTHORITY',
      'process.Ext.token.integrity_level_name': 'system',
    },
  },
  {
    name: 'a lookup of a name',
    platform: 'windows',
    table: 'dns_lookup_events',
    row: {
      eid: '1',
      time: '1795490000',
      pid: '72',
      path: 'C:\\a.exe',
      name: 'example.test',
      type: 'A',
      status: '0',
      response: 'type:  5 c.example.test;::ffff:192.0.2.1;',
    },
    want: {
      'dns.question.name': 'example.test',
      'dns.resolved_ip': ['192.0.2.1'],
      'dns.answers.data': ['c.example.test', '192.0.2.1'],
      'process.name': 'a.exe',
    },
  },
  {
    name: 'a rename of NTFS',
    platform: 'windows',
    table: 'ntfs_journal_events',
    row: {
      eid: '1',
      time: '1795490000',
      action: 'FileRename_NewName',
      path: 'C:\\x\\b.exe',
      old_path: 'C:\\x\\a.txt',
    },
    want: {
      'event.type': ['change'],
      'file.path': 'C:\\x\\b.exe',
      'file.directory': 'C:\\x',
      'file.Ext.original.extension': 'txt',
    },
  },
  {
    name: 'a running process, as if it had just been started',
    table: 'processes',
    row: {
      pid: '70',
      parent: '1',
      name: 'nc',
      path: '/usr/bin/nc.openbsd',
      cmdline: 'nc -l 1',
      uid: '0',
      start_time: '1795490000',
    },
    want: {
      'event.type': ['start', 'info'],
      'process.name': ['nc.openbsd', 'nc'],
      'process.args': ['nc', '-l', '1'],
      '@timestamp': null,
    },
  },
];
for (const { name, platform, table, row, want } of cases) {
  test(`${table}: ${name}`, (t) => {
    const { reader, get } = reading(platform);
    const event = reader.read(table, row);
    for (const [field, value] of Object.entries(want)) t.deepEqual(get(event, field), value, field);
    t.deepEqual(reader.health.rejected, {});
  });
}

test('parents come from rows and from the snapshot, and a second exec remembers the first', (t) => {
  const { reader, get } = reading();
  reader.seed([
    { pid: '1', parent: '0', name: 'systemd', path: '/usr/lib/systemd/systemd', cmdline: '/sbin/init' },
    { pid: '800', parent: '1', name: 'sshd', path: '/usr/sbin/sshd', cmdline: 'sshd: ann [priv]', uid: '0' },
  ]);
  reader.read(
    'process_events',
    execRow({ pid: '900', parent: '800', path: '/usr/bin/bash', cmdline: '-bash' }),
  );
  reader.read('process_events', execRow({ path: '/usr/bin/env', cmdline: 'env id', eid: '11' }));
  const event = reader.read('process_events', execRow({ path: '/usr/bin/id', cmdline: 'id', eid: '12' }));
  t.is(get(event, 'process.parent.name'), 'bash');
  t.is(get(event, 'process.previous.executable'), '/usr/bin/env');
  t.is(get(event, 'process.entry_leader.name'), 'bash');
  t.is(get(event, 'process.entry_leader.entry_meta.type'), 'sshd');
  t.is((get(event, 'process.Ext.ancestry') as readonly string[]).length, 3);
});

test('a row of another table that comes late finds the program that its pid had before', (t) => {
  const { reader, get } = reading();
  reader.read('process_events', execRow({ pid: '900', parent: '1', path: '/usr/bin/bash', cmdline: 'bash' }));
  reader.read('process_events', execRow({ path: '/usr/bin/curl', cmdline: 'curl -x y', eid: '11' }));
  reader.read('process_events', execRow({ path: '/usr/bin/id', cmdline: 'id', eid: '12' }));
  const late = { eid: '1', time: '1795490000', action: 'connect', pid: '1000', path: '/usr/bin/curl' };
  t.deepEqual(get(reader.read('socket_events', late), 'process.args'), ['curl', '-x', 'y']);
});

test('a file row of an unknown process tells its parent', (t) => {
  const { reader, get } = reading();
  reader.read('process_events', execRow({ pid: '900', parent: '1', path: '/usr/bin/bash', cmdline: 'bash' }));
  const row = {
    eid: '1',
    time: '1795490000',
    operation: 'write',
    pid: '5',
    ppid: '900',
    executable: '/bin/x',
    path: '/a',
  };
  t.is(get(reader.read('process_file_events', row), 'process.parent.name'), 'bash');
});

test('on macOS a parent keeps its signature', (t) => {
  const { reader, get } = reading('darwin');
  const row = { time: '1795490000', event_type: 'exec', signing_id: '', cdhash: '', codesigning_flags: '' };
  reader.read('es_process_events', {
    ...row,
    eid: '1',
    pid: '60',
    parent: '1',
    path: '/a',
    codesigning_flags: 'NOT_RUNTIME',
    signing_id: 'com.a',
  });
  reader.read('es_process_events', {
    ...row,
    eid: '2',
    event_type: 'fork',
    pid: '60',
    child_pid: '61',
    path: '/a',
  });
  const event = reader.read('es_process_events', {
    ...row,
    eid: '3',
    pid: '62',
    parent: '61',
    path: '/b',
    signing_id: 'b',
    codesigning_flags: 'ADHOC, NOT_RUNTIME',
  });
  t.is(get(event, 'process.parent.code_signature.trusted'), true);
  t.is(get(event, 'process.parent.code_signature.signing_id'), 'com.a');
  t.is(get(event, 'process.code_signature.exists'), true);
  t.is(get(event, 'process.code_signature.trusted'), false);
  const unsigned = reader.read('es_process_events', {
    ...row,
    eid: '4',
    pid: '63',
    parent: '62',
    path: '/c',
  });
  t.is(get(unsigned, 'process.code_signature.exists'), false);
  t.is(get(unsigned, 'process.parent.code_signature.trusted'), false);
});

test('a move within watched folders is paired by its transaction', (t) => {
  const { reader, get } = reading();
  const row = { eid: '1', time: '1795490000', transaction_id: '77' };
  reader.read('file_events', { ...row, action: 'MOVED_FROM', target_path: '/etc/a.txt' });
  const event = reader.read('file_events', { ...row, eid: '2', action: 'MOVED_TO', target_path: '/etc/b' });
  t.is(get(event, 'file.Ext.original.path'), '/etc/a.txt');
  t.is(get(event, 'file.path'), '/etc/b');
});

test('a socket row of a pid whose program is another gets no parent', (t) => {
  const { reader, get } = reading();
  reader.read('process_events', execRow({ pid: '900', parent: '1', path: '/usr/bin/bash', cmdline: 'bash' }));
  reader.read('process_events', execRow({ pid: '1000', path: '/usr/bin/curl', cmdline: 'curl -x y' }));
  const row = { eid: '1', time: '1795490000', action: 'connect', pid: '1000' };
  t.deepEqual(
    get(reader.read('socket_events', { ...row, path: '/usr/bin/curl' }), 'process.parent.name'),
    'bash',
  );
  const other = reader.read('socket_events', { ...row, path: '/usr/bin/ssh' });
  t.is(get(other, 'process.parent.name'), null);
  t.is(get(other, 'process.name'), 'ssh');
});

test('users and groups are named once they are known', (t) => {
  const { reader, get, host } = reading();
  const event = () => reader.read('process_events', execRow());
  t.is(get(event(), 'user.name'), null);
  host.learn('users', [
    { uid: '1000', username: 'ann' },
    { uid: '', username: '' },
  ]);
  host.learn('groups', [{ gid: '1000', groupname: 'staff' }]);
  host.learn('os_version', [{ name: 'Debian GNU/Linux', version: '12', platform: 'debian', arch: 'x86_64' }]);
  host.learn('system_info', [{ hostname: 'h', computer_name: 'h.example', cpu_type: 'x86_64' }]);
  host.learn('unheard_of', [{}]);
  t.is(get(event(), 'user.name'), 'ann');
  t.is(get(event(), 'group.name'), 'staff');
  t.is(get(event(), 'host.os.version'), '12');
  t.like(host.toEcs(), { id: 'host-1', name: 'h.example', os: { platform: 'debian' } });
});

test('values may be numbers, and columns may come in any order', (t) => {
  const { reader, get } = reading();
  const read = reader.open('process_events', [
    'cmdline',
    'pid',
    'path',
    'parent',
    'syscall',
    'eid',
    'time',
    'strange',
  ])!;
  const event = read(['id -u', 77, '/usr/bin/id', 1, 'execve', 12, 1_795_490_000, {}]);
  t.is(event?.serial, 12);
  t.is(event?.timeMs, 1_795_490_000_000);
  t.is(get(event, 'process.pid'), 77);
  t.is(event?.column('cmdline'), 'id -u');
  t.is(event?.column('nothing'), null);
  t.deepEqual(event?.columns()['pid'], '77');
});

test('an event is saved and comes back with the same fields, ancestors too', (t) => {
  const { reader, schema, get } = reading();
  reader.read(
    'process_events',
    execRow({ pid: '900', parent: '1', path: '/usr/bin/bash', cmdline: 'bash -i' }),
  );
  reader.read('process_events', execRow({ path: '/usr/bin/env', cmdline: 'env id', eid: '11' }));
  const event = reader.read('process_events', execRow({ path: '/usr/bin/id', cmdline: 'id', eid: '12' }))!;
  const saved: unknown = JSON.parse(JSON.stringify(reader.save(event)));
  const other = reading();
  const loaded = other.reader.load(saved);
  t.deepEqual([loaded?.timeMs, loaded?.rank, loaded?.serial], [event.timeMs, event.rank, event.serial]);
  for (const field of schema.fields.names()) t.deepEqual(get(loaded, field), get(event, field), field);
  t.deepEqual(loaded?.toEcs(), event.toEcs());
  for (const wrong of [null, 1, {}, { table: 'process_events' }, { ...(saved as object), table: 'no' }]) {
    t.is(other.reader.load(wrong), null);
  }
});

test('the alert document nests the fields, says one of several names, and tells where it came from', (t) => {
  const { reader } = reading();
  const document = reader
    .read('process_events', execRow({ path: '/usr/bin/kmod', cmdline: 'rmmod x' }))!
    .toEcs();
  t.like(document, {
    event: { action: 'exec', category: 'process' },
    process: { name: 'kmod', args: ['rmmod', 'x'], executable: '/usr/bin/kmod' },
    osquery: { table: 'process_events', process: 'exec' },
  });
  t.notThrows(() => JSON.stringify(document));
});

const hostile: readonly {
  name: string;
  table: string;
  row: Readonly<Record<string, unknown>>;
  rejected?: string;
  repaired?: string;
}[] = [
  { name: 'no columns', table: 'process_events', row: {}, repaired: 'pid' },
  {
    name: 'empty texts',
    table: 'process_events',
    row: { syscall: '', pid: '', parent: '', path: '' },
    rejected: 'no known act',
  },
  {
    name: 'a system call of no name',
    table: 'process_events',
    row: execRow({ syscall: '435' }),
    rejected: 'no known act',
  },
  { name: 'pid 0', table: 'process_events', row: execRow({ pid: '0' }), repaired: 'pid' },
  { name: 'a negative parent', table: 'process_events', row: execRow({ parent: '-1' }) },
  { name: 'its own parent', table: 'process_events', row: execRow({ parent: '1000' }) },
  {
    name: 'huge numbers',
    table: 'process_events',
    row: execRow({ pid: '9'.repeat(40), parent: '9'.repeat(400) }),
    repaired: 'pid',
  },
  { name: 'no time', table: 'process_events', row: execRow({ time: '' }), repaired: 'time' },
  {
    name: 'a time of another age',
    table: 'process_events',
    row: execRow({ time: '9'.repeat(20) }),
    repaired: 'time',
  },
  { name: 'no eid', table: 'process_events', row: execRow({ eid: '' }), repaired: 'eid' },
  { name: 'an eid that is no number', table: 'process_events', row: execRow({ eid: 'x' }), repaired: 'eid' },
  { name: 'a megabyte', table: 'process_events', row: execRow({ cmdline: 'a b '.repeat(250_000) }) },
  {
    name: 'broken texts',
    table: 'process_events',
    row: execRow({ cmdline: 'a \ud800 \ufffd \0 \n', path: '\udfff' }),
  },
  {
    name: 'lists and objects',
    table: 'process_events',
    row: execRow({ cmdline: [1], path: { a: 1 }, pid: null }),
    repaired: 'pid',
  },
  { name: 'an unknown table', table: 'no_such_events', row: execRow(), rejected: 'unknown table' },
];
for (const { name, table, row, rejected, repaired } of hostile) {
  test(`a row with ${name} throws nothing and is counted`, (t) => {
    const { reader, schema } = reading();
    const event = reader.read(table, row);
    t.is(event === null, rejected !== undefined);
    if (event !== null) {
      for (const field of schema.fields.names()) event.get(schema.fields.find(field)!.slot);
      t.notThrows(() => JSON.stringify(event.toEcs()));
      t.notThrows(() => JSON.stringify(reader.save(event)));
    }
    t.deepEqual(reader.health.rejected, rejected === undefined ? {} : { [rejected]: 1 });
    if (repaired !== undefined) t.is(reader.health.repaired[repaired], 1);
  });
}

test('rows that make a circle of parents end at some ancestor', (t) => {
  const { reader, schema } = reading();
  const read = (row: Readonly<Record<string, unknown>>) => reader.read('process_events', execRow(row));
  for (const [at, [pid, parent]] of [
    ['5', '7'],
    ['6', '5'],
    ['7', '6'],
    ['5', '7'],
    ['6', '5'],
  ].entries()) {
    const event = read({ pid, parent, eid: String(at + 1) });
    for (const field of schema.fields.names()) event?.get(schema.fields.find(field)!.slot);
    t.notThrows(() => JSON.stringify(event?.toEcs()));
  }
});

test('times that run backwards are those of their rows, and reorder no process', (t) => {
  const { reader, get } = reading();
  const read = (row: Readonly<Record<string, unknown>>) => reader.read('process_events', execRow(row));
  read({ eid: '1', pid: '5', path: '/bin/sh', cmdline: 'sh', time: '1795490100' });
  const child = read({ eid: '2', pid: '6', parent: '5', time: '1795490000' });
  t.is(child?.timeMs, 1_795_490_000_000);
  t.is(get(child, 'process.parent.name'), 'sh');
});

test('what is no row is counted', (t) => {
  const { reader } = reading();
  const read = reader.open('process_events', ['pid'])!;
  for (const wrong of [null, undefined, 3, 'row', {}]) t.is(read(wrong as unknown as unknown[]), null);
  t.is(reader.read('process_events', null as unknown as Record<string, unknown>), null);
  t.is(reader.health.rejected['not a row'], 6);
});

test('a time that is missing is that of the row before', (t) => {
  const { reader } = reading();
  const read = reader.open('process_events', Object.keys(execRow()))!;
  read(Object.values(execRow()));
  t.is(read(Object.values(execRow({ time: 'never' })))?.timeMs, 1_795_490_000_000);
});

test('a command line that audit cut is counted and told', (t) => {
  const { reader } = reading();
  const event = reader.read('process_events', execRow({ cmdline: `echo ${'x'.repeat(3_700)} 16000` }));
  t.is(event?.argsFidelity, 'cut');
  t.is(reader.health.cut, 1);
});

for (const platform of ['linux', 'darwin', 'windows'] as const) {
  test(`${platform}: any row of any table is read without throwing, and every field has a value of its type`, (t) => {
    const { reader, schema } = reading(platform);
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 20 }),
      fc.constantFrom(
        '',
        '0',
        '1',
        '-1',
        '1000',
        '1795490000',
        '/usr/bin/bash',
        'bash -c x',
        'exec',
        'execve',
        'clone',
      ),
      fc.constantFrom(
        'fork',
        'exit',
        'ProcessStart',
        'ProcessStop',
        'connect',
        'MOVED_TO',
        '::ffff:1.2.3.4',
        '1112',
      ),
    );
    const value = fc.oneof(
      { weight: 8, arbitrary: text },
      fc.constantFrom(null, 7, -1, 1.5, true, undefined, {}),
    );
    const table = fc.constantFrom(...schema.tables.values());
    const row = table.chain(({ name, reads }) =>
      fc.tuple(
        fc.constant(name),
        fc.subarray([...reads]),
        fc.array(value, { minLength: reads.length, maxLength: reads.length }),
      ),
    );
    const TYPES: Readonly<Record<string, string>> = { number: 'number', boolean: 'boolean' };
    fc.assert(
      fc.property(row, ([name, columns, values]) => {
        const event = reader.open(name, columns)!(values);
        if (event === null) return;
        for (const field of schema.fields.names()) {
          const { slot, type } = schema.fields.find(field)!;
          const got = event.get(slot);
          t.deepEqual(event.get(slot), got, field);
          if (got === null) continue;
          const list = [got].flat();
          t.true(list.length > 0, field);
          for (const one of list) {
            t.is(typeof one as string, TYPES[type] ?? 'string', field);
            t.not(one as unknown, '', field);
          }
        }
        JSON.stringify(event.toEcs());
        JSON.stringify(reader.save(event));
      }),
      { numRuns: 60 },
    );
  });
}

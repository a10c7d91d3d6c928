import test from 'ava';
import { execRow, reading } from './reading.ts';

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
  const saving = reader.beginSave();
  const { saved, state } = JSON.parse(JSON.stringify({ saved: saving.save(event), state: saving.finish() }));
  const other = reading();
  const events = other.reader.load(state);
  const loaded = events.load(saved);
  t.true(events.hasTree);
  t.is(loaded?.process, other.tree.find(event.process!.pid));
  t.deepEqual([loaded?.timeMs, loaded?.rank, loaded?.serial], [event.timeMs, event.rank, event.serial]);
  for (const field of schema.fields.names()) t.deepEqual(get(loaded, field), get(event, field), field);
  t.deepEqual(loaded?.toEcs(), event.toEcs());
  for (const wrong of [null, 1, {}, [], [9, ...saved.slice(1)], saved.with(1, null), saved.with(4, 99)]) {
    t.is(events.load(wrong), null);
  }
  for (const layouts of [null, [['no', []]], [[]], [['process_events', [1]]]]) {
    t.is(other.reader.load({ ...state, layouts }).load(saved), null);
  }
  const treeless = reading().reader.load({ ...state, tree: null });
  t.false(treeless.hasTree);
  t.is(treeless.load(saved), null);
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

test('the pid of a parent that nothing is known of is what the row tells', (t) => {
  for (const [platform, table, columns, want] of [
    ['linux', 'process_events', { syscall: 'execve', parent: '900' }, 900],
    ['linux', 'process_events', { syscall: 'execve', parent: '0' }, null],
    ['linux', 'process_events', { syscall: 'execve', parent: '-5' }, null],
    ['linux', 'process_events', { syscall: 'execve', parent: '1000' }, null],
    ['darwin', 'es_process_events', { event_type: 'exec', parent: '900' }, 900],
    ['windows', 'process_etw_events', { type: 'ProcessStart', ppid: '900' }, 900],
  ] as const) {
    const { reader, get } = reading(platform);
    const event = reader.read(table, execRow({ pid: '1000', ...columns }));
    t.is(get(event, 'process.parent.name'), null);
    t.is(get(event, 'process.parent.pid'), want, `${table} ${JSON.stringify(columns)}`);
  }
});

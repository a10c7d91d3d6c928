import fc from 'fast-check';

/** A column's value as osquery has it: bytes of text, which may be no UTF-8, or a number. */
export type Cell = Uint8Array | number | null;
export type Row = Readonly<Record<string, Cell>>;

const PLAIN_NAMES = [
  'sh',
  'bash',
  'rmmod',
  'modprobe',
  'kmod',
  'busybox',
  'cat',
  'K9',
  'Kill',
  'x',
  'sshd',
  'a.b',
  '[a]',
  '%_',
  "o'k",
];
const ODD_NAMES = [
  'a b',
  'é',
  'toybox',
  '-bash',
  '--x',
  'sshd:',
  'x::',
  ':',
  '-',
  '*',
  '\\n',
  'a\\b',
  '\u212a9',
  'Ki\u017f',
];
const PLAIN_FOLDERS = ['/', '/bin/', '/usr/bin/', '/tmp/', ''];
const ODD_FOLDERS = ['/tmp/../', '/opt/a b/', '/É/', '/\u212a/', './', 'C:\\x\\'];
const PLAIN_WORDS = [
  '-r',
  '--remove',
  '-c',
  '-rf',
  'a',
  'b',
  '/etc/shadow',
  '/x/rmmod',
  '--x=1',
  'k',
  's',
  'K',
  'eval',
  '10',
  'sh',
  '[',
  '_',
];
const ODD_WORDS = [
  'a b',
  '',
  '*',
  '%',
  ']',
  '?',
  '\\',
  "'",
  '"',
  'É',
  'é',
  '\u212a',
  '\u017f',
  'S',
  '\n',
  '\t',
  '16000',
  'Ω',
  '😀',
  '\ufffd',
  '-',
  ':',
];
export const NAMES = [...PLAIN_NAMES, ...ODD_NAMES];
export const WORDS = [...PLAIN_WORDS, ...ODD_WORDS];

const text = (...parts: readonly string[]): Uint8Array => Buffer.from(parts.join(''));
const stray = fc.constantFrom(
  [0x80],
  [0xc3],
  [0xf0, 0x9f],
  [0xff],
  [0xed, 0xa0, 0x80],
  [0],
  [0xc3, 0xa9, 0x80],
);

/** Mostly plain, so that what one odd thing does shows. */
function mostly<Value>(
  plain: fc.Arbitrary<Value>,
  odd: fc.Arbitrary<Value>,
  weight = 12,
): fc.Arbitrary<Value> {
  return fc.oneof({ weight, arbitrary: plain }, { weight: 1, arbitrary: odd });
}

/** Texts with, now and then, bytes that are no UTF-8, or a NUL, put in somewhere. */
function dirtied(clean: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  const dirty = fc.tuple(clean, stray, fc.nat({ max: 12 })).map(([bytes, bad, at]) => {
    const place = Math.min(at, bytes.length);
    return Buffer.concat([bytes.subarray(0, place), Uint8Array.from(bad), bytes.subarray(place)]);
  });
  return mostly(clean, dirty);
}

const name = mostly(fc.constantFrom(...PLAIN_NAMES), fc.constantFrom(...ODD_NAMES));
const folder = mostly(fc.constantFrom(...PLAIN_FOLDERS), fc.constantFrom(...ODD_FOLDERS));
const ending = mostly(fc.constantFrom('', '', '.sh'), fc.constantFrom(' (deleted)', '/', '.'));
const path = fc.tuple(folder, name, ending).map((parts) => text(...parts));
const word = mostly(fc.constantFrom(...PLAIN_WORDS), fc.constantFrom(...ODD_WORDS), 8);
const words = fc.oneof(
  { weight: 8, arbitrary: fc.array(word, { maxLength: 6 }) },
  { weight: 4, arbitrary: fc.array(word, { minLength: 8, maxLength: 14 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      ['x'.repeat(3300)],
      Array(900).fill('w'),
      ['x'.repeat(3600), '16000'],
      ['y'.repeat(3000), '-r'],
    ),
  },
);
const cmdline = fc
  .tuple(folder, name, words)
  .map(([before, first, rest]) => text([before + first, ...rest].join(' ')));
const nothing = fc.constant(new Uint8Array());

export const processRow: fc.Arbitrary<Row> = fc.record({
  syscall: mostly(fc.constantFrom('execve', 'execveat'), fc.constantFrom('fork', 'clone', 'kill', ''), 5).map(
    (call) => text(call),
  ),
  path: mostly(dirtied(path), nothing),
  cmdline: mostly(dirtied(cmdline), nothing),
  cwd: fc.constantFrom('"/root"', '/root', '', '"', '""', '"/tmp/a b"').map((cwd) => text(cwd)),
  pid: mostly(fc.constantFrom(100, 101, 102, 103), fc.constantFrom(0, 1)),
  parent: fc.constantFrom(0, 1, 100, 101, 102),
  uid: fc.constantFrom<Cell>(0, 1000, null),
  euid: fc.constantFrom<Cell>(0, 1000),
  gid: fc.constantFrom<Cell>(0, 1000),
  egid: fc.constantFrom<Cell>(0, 1000),
  auid: fc.constantFrom<Cell>(0, 1000, 4294967295),
});

export const fileRow: fc.Arbitrary<Row> = fc.record({
  action: fc
    .constantFrom('CREATED', 'UPDATED', 'DELETED', 'MOVED_FROM', 'MOVED_TO', 'OTHER', '')
    .map((action) => text(action)),
  target_path: dirtied(path),
  transaction_id: fc.constantFrom(0, 7),
  uid: fc.constantFrom<Cell>(0, 1000, null),
  size: fc.constantFrom<Cell>(0, 5, 4096, null),
  mode: fc.constantFrom('0644', '').map((mode) => text(mode)),
  md5: fc.constantFrom('', 'd41d8cd98f00b204e9800998ecf8427e').map((hash) => text(hash)),
});

const operation = fc.constantFrom(
  'open+truncate',
  'write',
  'rename',
  'link',
  'symlink',
  'unlink',
  'open',
  '',
);
const anyPath = dirtied(
  mostly(
    path,
    fc
      .constantFrom('/', '.', '..', 'a/../b', '/a//b', '/a/./b', '/a/..', 'b/', 'x.sh')
      .map((one) => text(one)),
    4,
  ),
);
export const processFileRow: fc.Arbitrary<Row> = fc.record({
  operation: operation.map((one) => text(one)),
  pid: fc.constantFrom(1, 100, 101),
  executable: path,
  cwd: mostly(
    fc.constantFrom('"/tmp"', '/usr/bin', '"/tmp/a b"').map((cwd) => text(cwd)),
    dirtied(fc.constantFrom('', '"', '""', '/', '"/"', '"/É"', 'rel', '/a/../b').map((cwd) => text(cwd))),
  ),
  path: mostly(anyPath, nothing),
  dest_path: mostly(anyPath, nothing),
  // Numbers are texts in this table.
  uid: fc.constantFrom('0', '1000', '').map((uid) => text(uid)),
});

const address = fc.constantFrom(
  '',
  '0',
  '10.0.0.1',
  '10.255.255.255',
  '192.168.1.7',
  '::1',
  '::ffff:10.0.0.1',
  '0000:0000:0000:0000:0000:ffff:0a00:0001',
  'fe80::1',
  '01.2.3.4',
  'unknown',
  '/run/x',
);
export const socketRow: fc.Arbitrary<Row> = fc.record({
  action: fc.constantFrom('connect', 'accept', 'bind', 'other').map((action) => text(action)),
  path: dirtied(path),
  pid: fc.constantFrom(1, 100, 101),
  family: fc.constantFrom<Cell>(1, 2, 10),
  protocol: fc.constantFrom<Cell>(0, 6, 17),
  local_address: address.map((one) => text(one)),
  remote_address: address.map((one) => text(one)),
  local_port: fc.constantFrom<Cell>(0, 22, 443, null),
  remote_port: fc.constantFrom<Cell>(0, 22, 443, 50000, null),
  success: fc.constantFrom<Cell>(0, 1),
  status: fc.constantFrom('succeeded', 'failed').map((status) => text(status)),
  auid: fc.constantFrom<Cell>(0, 4294967295),
});

export const userRow: fc.Arbitrary<Row> = fc.record({
  type: fc.constantFrom<Cell>(1100, 1112, 1123, 1130, 1199, null),
  pid: fc.constantFrom(1, 100, 101),
  path: dirtied(path),
  message: fc
    .constantFrom('op=PAM:accounting', 'res=success', 'op=login acct="root" res=failed', '')
    .map((message) => text(message)),
  address: fc.constantFrom('?', '', '10.0.0.1', '::1', 'host').map((one) => text(one)),
  terminal: fc.constantFrom('?', 'tty1', 'ssh').map((one) => text(one)),
  uid: fc.constantFrom<Cell>(0, 1000),
  auid: fc.constantFrom<Cell>(0, 4294967295),
});

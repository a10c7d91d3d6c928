import fc from 'fast-check';
import {
  ANY_ONE,
  ANYTHING,
  and,
  type Condition,
  definite,
  type FieldRef,
  field,
  literal,
  not,
  or,
  type Pattern,
  type Scalar,
} from '../../src/rule/index.ts';

/** A column's value as osquery has it: bytes of text, which may be no UTF-8, or a number. */
export type Cell = Uint8Array | number | null;
export type Row = Readonly<Record<string, Cell>>;

const NAMES = [
  'sh',
  'bash',
  'rmmod',
  'modprobe',
  'kmod',
  'busybox',
  'toybox',
  'cat',
  'K9',
  'Kill',
  'x',
  'a b',
  'é',
  'sshd',
  '-bash',
  'sshd:',
  '*',
  '[a]',
  '%_',
  "o'k",
  '\\n',
];
const FOLDERS = ['/', '/bin/', '/usr/bin/', '/tmp/', '/tmp/../', '/opt/a b/', '/É/', '/K/', './', ''];
const WORDS = [
  '-r',
  '--remove',
  '-c',
  '-rf',
  'a',
  'b',
  'a b',
  '',
  '/etc/shadow',
  '--x=1',
  '*',
  '%',
  '_',
  '[',
  ']',
  '?',
  '\\',
  "'",
  '"',
  'É',
  'é',
  'K',
  'ſ',
  'k',
  's',
  'K',
  'S',
  '\n',
  '\t',
  '10',
  '16000',
  'Ω',
  '😀',
  '\ufffd',
  '-',
  ':',
  'eval',
];

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

/** Texts with, now and then, bytes that are no UTF-8, or a NUL, put in somewhere. */
function dirtied(clean: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  const dirty = fc.tuple(clean, stray, fc.nat({ max: 12 })).map(([bytes, bad, at]) => {
    const place = Math.min(at, bytes.length);
    return Buffer.concat([bytes.subarray(0, place), Uint8Array.from(bad), bytes.subarray(place)]);
  });
  return fc.oneof({ weight: 9, arbitrary: clean }, { weight: 1, arbitrary: dirty });
}

const name = fc.constantFrom(...NAMES);
const path = fc
  .tuple(fc.constantFrom(...FOLDERS), name, fc.constantFrom('', '', '', ' (deleted)', '.sh', '/'))
  .map((parts) => text(...parts));
const words = fc.oneof(
  { weight: 6, arbitrary: fc.array(fc.constantFrom(...WORDS), { maxLength: 6 }) },
  { weight: 2, arbitrary: fc.array(fc.constantFrom(...WORDS), { minLength: 9, maxLength: 16 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(['x'.repeat(3300)], Array(900).fill('w'), ['x'.repeat(3600), '16000']),
  },
);
const cmdline = fc
  .tuple(
    fc.oneof(
      name,
      path.map((bytes) => Buffer.from(bytes).toString()),
    ),
    words,
  )
  .map(([first, rest]) => text([first, ...rest].join(' ')));
const nothing = fc.constant(new Uint8Array());

export const processRow: fc.Arbitrary<Row> = fc.record({
  syscall: fc
    .constantFrom('execve', 'execve', 'execve', 'execveat', 'fork', 'clone', 'kill', '')
    .map((call) => text(call)),
  path: fc.oneof({ weight: 12, arbitrary: dirtied(path) }, { weight: 1, arbitrary: nothing }),
  cmdline: fc.oneof({ weight: 8, arbitrary: dirtied(cmdline) }, { weight: 1, arbitrary: nothing }),
  cwd: fc.constantFrom('"/root"', '/root', '', '"', '""', '"/tmp/a b"').map((cwd) => text(cwd)),
  pid: fc.constantFrom(0, 1, 100, 101, 102, 103),
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

const value = fc.oneof(
  fc.constantFrom(...NAMES, ...WORDS),
  path.map((bytes) => Buffer.from(bytes).toString()),
  fc.constantFrom(
    'start',
    'exec',
    'process',
    'file',
    'linux',
    'macos',
    'creation',
    'deletion',
    '0',
    '1000',
    '00',
    '22',
    'a b c',
    '-r a',
    'sh -c',
    'x\0y',
    '\ud800',
    '/root',
    '"',
    'sh',
    '.sh',
    'succeeded',
    '10.0.0.1',
    '::1',
    '10.0.0.0/8',
    'connection',
    'outbound',
  ),
);
const wild = fc.constantFrom(ANYTHING, ANYTHING, ANYTHING, ANY_ONE);
const pattern: fc.Arbitrary<Pattern> = fc.oneof(
  value.map((one) => [ANYTHING, one, ANYTHING]),
  value.map((one) => [one, ANYTHING]),
  value.map((one) => [ANYTHING, one]),
  fc.array(fc.oneof(value, wild), { minLength: 1, maxLength: 5 }),
);
const regex = fc.constantFrom(
  '.*sh',
  '(ba)?sh',
  'r.*d',
  '[a-z]+',
  '.*-r.*',
  'a|b',
  '(/usr)?/bin/(sh|bash)',
  '.{2}',
  '"a b"',
  'rm{2}od',
  'a+b?',
  '\\-r',
  '.*\\.sh',
  'x',
  '',
);
const number = fc.constantFrom<Scalar>(0, 1, 3, 10, 22, 100, 443, 1000, 4096, 5.5);

/** Conditions on these fields. Most of their leaves are such as rules have; some are nonsense. */
export function conditions(names: readonly string[]): fc.Arbitrary<Condition> {
  const operand: fc.Arbitrary<FieldRef> = fc.constantFrom(...names).map((one) => field(one));
  const ignoreCase = fc.boolean();
  const leaf: fc.Arbitrary<Condition> = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('compare' as const),
        op: fc.constant('eq' as const),
        left: operand,
        right: fc.oneof(value, number).map((one) => literal(one)),
        ignoreCase,
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('compare' as const),
        op: fc.constantFrom('lt', 'le', 'gt', 'ge'),
        left: operand,
        right: fc.oneof(number, value).map((one) => literal(one)),
        ignoreCase,
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('compare' as const),
        op: fc.constantFrom('eq', 'lt'),
        left: fc.oneof(number, value).map((one) => literal(one)),
        right: operand,
        ignoreCase,
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('oneOf' as const),
        operand,
        values: fc.array(fc.oneof({ weight: 5, arbitrary: value }, { weight: 1, arbitrary: number }), {
          maxLength: 5,
        }),
        ignoreCase,
      }),
    },
    {
      weight: 5,
      arbitrary: fc.record({
        kind: fc.constant('like' as const),
        operand,
        patterns: fc.array(pattern, { minLength: 1, maxLength: 3 }),
        ignoreCase,
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('regex' as const),
        operand,
        patterns: fc.array(regex, { minLength: 1, maxLength: 2 }),
        dialect: fc.constantFrom('lucene', 're2'),
        ignoreCase,
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('cidr' as const),
        operand,
        ranges: fc.array(
          fc.constantFrom('10.0.0.0/8', '192.168.0.0/16', '::/0', '::1', '0.0.0.0/0', '10.0.0.1'),
          { minLength: 1, maxLength: 2 },
        ),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('exists' as const), operand }) },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('truthy' as const),
        operand: fc.record({
          kind: fc.constant('call' as const),
          name: fc.constantFrom('startsWith', 'endsWith', 'stringContains'),
          args: fc.tuple(
            operand,
            value.map((one) => literal(one)),
          ),
          ignoreCase,
        }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom<Condition>(
        { kind: 'constant', value: null },
        { kind: 'constant', value: true },
      ),
    },
  );
  return fc.letrec<{ tree: Condition }>((tie) => ({
    tree: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      leaf,
      fc.array(tie('tree'), { minLength: 2, maxLength: 4 }).map((args) => and(...args)),
      fc.array(tie('tree'), { minLength: 2, maxLength: 4 }).map((args) => or(...args)),
      tie('tree').map(not),
      tie('tree').map(definite),
    ),
  })).tree;
}

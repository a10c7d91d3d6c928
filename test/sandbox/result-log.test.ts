import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { parseResultLine } from '../../src/osquery/index.ts';
import { DifferentialStore } from '../../src/sandbox/differential.ts';
import { writeJsonText } from '../../src/sandbox/json-text.ts';
import { createFilesystemLogger } from '../../src/sandbox/log-router.ts';
import { escapeRow, type LogItem, printLogItem } from '../../src/sandbox/result-log.ts';
import { calendarTime, printStatusLine } from '../../src/sandbox/status-line.ts';

const ITEM: LogItem = {
  name: 'pack_p_q',
  hostIdentifier: 'host',
  unixTime: 1795490175,
  epoch: 0,
  counter: 4,
  decorations: {},
  results: {
    kind: 'differential',
    added: [{ pid: '2', cmdline: 'b"' }],
    removed: [{ pid: '1', cmdline: 'a' }],
  },
};
const HEAD =
  '"name":"pack_p_q","hostIdentifier":"host","calendarTime":"Tue Nov 24 03:16:15 2026 UTC","unixTime":1795490175,"epoch":0,"counter":4,"numerics":false';
const SNAPSHOT: LogItem = { ...ITEM, results: { kind: 'snapshot', rows: [{ a: '1' }, { a: '2' }] } };

const FORMATS: readonly {
  readonly name: string;
  readonly item: LogItem;
  readonly asEvents: boolean;
  readonly want: readonly string[];
}[] = [
  {
    name: 'event',
    item: ITEM,
    asEvents: true,
    want: [
      `{${HEAD},"columns":{"cmdline":"a","pid":"1"},"action":"removed"}`,
      `{${HEAD},"columns":{"cmdline":"b\\"","pid":"2"},"action":"added"}`,
    ],
  },
  {
    name: 'batch',
    item: ITEM,
    asEvents: false,
    want: [
      `{"diffResults":{"removed":[{"cmdline":"a","pid":"1"}],"added":[{"cmdline":"b\\"","pid":"2"}]},${HEAD}}`,
    ],
  },
  {
    name: 'snapshot',
    item: SNAPSHOT,
    asEvents: false,
    want: [`{"snapshot":[{"a":"1"},{"a":"2"}],"action":"snapshot",${HEAD}}`],
  },
  {
    name: 'snapshot as events',
    item: SNAPSHOT,
    asEvents: true,
    want: ['1', '2'].map((a) => `{${HEAD},"columns":{"a":"${a}"},"action":"snapshot"}`),
  },
  {
    name: 'decorated event',
    item: { ...SNAPSHOT, decorations: { b: '2', a: '1' } },
    asEvents: false,
    want: [`{"snapshot":[{"a":"1"},{"a":"2"}],"action":"snapshot",${HEAD},"decorations":{"a":"1","b":"2"}}`],
  },
];
for (const { name, item, asEvents, want } of FORMATS) {
  test(`writes lines in the ${name} format, which the reader of result lines takes`, (t) => {
    const lines = printLogItem(item, asEvents).map(String);
    t.deepEqual(lines, want);
    for (const line of lines) t.is(parseResultLine(line)?.name, 'pack_p_q');
  });
}

test('results are escaped as core escapes them: control characters and all bytes above ASCII', (t) => {
  t.deepEqual(escapeRow({ a: 'x\ny\t"\\', b: 'ü', c: Uint8Array.from([0x41, 0xff]), d: '\x7f' }), {
    a: 'x\\x0Ay\\x09"\\',
    b: String.raw`\xC3\xBC`,
    c: String.raw`A\xFF`,
    d: '\x7f',
  });
});

test('bytes go into JSON as they are, but for those that JSON escapes', (t) => {
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
  const text = writeJsonText(bytes);
  t.deepEqual(JSON.parse(text.toString('latin1')), bytes.toString('latin1'));
  t.true(text.includes(Buffer.from('\\u001F !\\"#')));
});

test('a day of one digit is padded as asctime pads it', (t) => {
  t.is(calendarTime(1793764800), 'Wed Nov  4 04:00:00 2026 UTC');
});

test('results are told as added at first, then by their difference, as a multiset', (t) => {
  const store = new DifferentialStore();
  const add = (...values: readonly string[]) => {
    const { added, removed, counter } = store.addResults(
      'q',
      'SELECT 1',
      values.map((v) => ({ v })),
    );
    return [added.map(({ v }) => v), removed.map(({ v }) => v), counter];
  };
  t.deepEqual(add('a', 'a', 'b'), [['a', 'a', 'b'], [], 0]);
  t.deepEqual(add('a', 'b', 'c'), [['c'], ['a'], 1]);
  t.deepEqual(add('a', 'b', 'c'), [[], [], 2]);
  t.deepEqual(add(), [[], ['a', 'b', 'c'], 3]);
});

test('results of event tables are all told, and the counter rises with those that are not empty', (t) => {
  const store = new DifferentialStore();
  const add = (...values: readonly string[]) => {
    const { added, counter } = store.addEvents(
      'q',
      'SELECT 1',
      values.map((v) => ({ v })),
    );
    return [added.length, counter];
  };
  t.deepEqual(add(), [0, 0]);
  t.deepEqual(add('a'), [1, 0]);
  t.deepEqual(add('a'), [1, 1]);
  t.deepEqual(add(), [0, 2]);
  t.deepEqual(add('a', 'a'), [2, 2]);
});

test('the filesystem logger writes one file for results, snapshots and statuses each', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'osq-log-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  const logger = createFilesystemLogger(directory);
  const status = {
    severity: 2,
    filename: 'scheduler.cpp',
    line: 1,
    message: 'm',
    hostIdentifier: 'h',
    calendarTime: 'c',
    unixTime: 5,
  } as const;
  logger.string(Buffer.from('{"a":1}'));
  logger.string(Buffer.from('{"a":\xff}', 'latin1'));
  logger.snapshot(Buffer.from('{"b":1}'));
  logger.status(status);
  const read = (file: string) => readFileSync(join(directory, file), 'latin1');
  t.is(read('osqueryd.results.log'), '{"a":1}\n{"a":\xff}\n');
  t.is(read('osqueryd.snapshots.log'), '{"b":1}\n');
  t.is(read('osqueryd.status.log'), `${printStatusLine(status)}\n`);
});

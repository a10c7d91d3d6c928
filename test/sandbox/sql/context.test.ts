import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { writeContext } from '../../../src/sandbox/sql/context.ts';
import type { KnownTable } from '../../../src/sandbox/sql/known-table.ts';
import { parseLong, toCell, toColumn } from '../../../src/sandbox/sql/values.ts';

const CAPTURE = join(
  import.meta.dirname,
  '..',
  '..',
  '..',
  '..',
  'shared',
  'osquery',
  'wire',
  'capture.jsonl',
);

/** What the extension of the capture had registered. */
const TABLE: KnownTable = {
  name: 'proto_scan',
  kind: 'extension',
  columns: [
    { name: 'event', type: 'TEXT', options: 25 },
    { name: 'batch', type: 'BIGINT', options: 20 },
    { name: 'rule', type: 'TEXT', options: 0 },
    { name: 'pid', type: 'BIGINT', options: 0 },
    { name: 'cmdline', type: 'TEXT', options: 0 },
  ],
};

interface Handed {
  readonly column: string;
  readonly op: number;
  readonly expr: string;
}

/** Each is a query that the capture's osqueryd ran, as its `generate` call shows. */
const CAPTURED: readonly { readonly handed: readonly Handed[]; readonly used: readonly string[] }[] = [
  { handed: [], used: ['event', 'rule', 'pid', 'cmdline'] },
  {
    handed: [
      { column: 'event', op: 65, expr: 'a%' },
      { column: 'pid', op: 4, expr: '5' },
    ],
    used: ['event', 'rule', 'pid'],
  },
  {
    handed: ['02', '03', '04'].map((eid, index) => ({
      column: 'event',
      op: 2,
      expr: `["00000000${eid}",1795489253,"/var/fe/w1 rmmod","${index === 0 ? 'CREATED' : 'UPDATED'}"]`,
    })),
    used: ['event', 'rule', 'pid', 'cmdline'],
  },
];

const captured = existsSync(CAPTURE) ? test : test.skip;
for (const { handed, used } of CAPTURED) {
  captured(
    `writes the bytes that a live osqueryd sent for ${handed.length} constraints (skipped without them)`,
    (t) => {
      const parameters = handed.map(({ column, op }, index) => ({
        name: `${index}`,
        column,
        op,
        listed: false,
      }));
      const use = {
        kind: 'extension',
        table: TABLE.name,
        module: 'm',
        parameters,
        columnsUsed: used,
      } as const;
      const context = writeContext(
        TABLE,
        use,
        handed.map(({ expr }) => Buffer.from(`t${expr}`)),
      );
      const sent = readFileSync(CAPTURE, 'utf8')
        .trim()
        .split('\n')
        .map((line) => Buffer.from((JSON.parse(line) as { hex: string }).hex, 'hex'));
      t.true(
        sent.some((bytes) => bytes.includes(context)),
        context.toString(),
      );
    },
  );
}

const LONGS: readonly { readonly text: string; readonly want: bigint | null }[] = [
  { text: '12', want: 12n },
  { text: '0000000008', want: 0n },
  { text: '010', want: 8n },
  { text: '0x1F', want: 31n },
  { text: ' -7rest', want: -7n },
  { text: '0', want: 0n },
  { text: '', want: null },
  { text: 'x', want: null },
  { text: '9223372036854775807', want: 9223372036854775807n },
  { text: '9223372036854775808', want: null },
];
for (const { text, want } of LONGS) {
  test(`an integer column reads ${JSON.stringify(text)} as ${want}`, (t) => {
    t.is(parseLong(text), want);
  });
}

test('cells become SQLite values by the type of their column', (t) => {
  t.is(toColumn('4294967297', 'INTEGER'), 1n);
  t.is(toColumn('1.5', 'DOUBLE'), 1.5);
  t.is(toColumn('1.5x', 'DOUBLE'), null);
  t.is(toColumn(undefined, 'TEXT'), null);
  t.is(toColumn(5, 'TEXT'), '5');
  t.is(toColumn('5', 'TEXT'), '5');
});

test('a result is cut at its first NUL, as core’s C strings are', (t) => {
  t.is(toCell(Buffer.from('a\0b')), 'a');
  t.is(toCell(null), '');
  t.deepEqual(toCell(Buffer.from([0xff])), Uint8Array.from([0xff]));
});

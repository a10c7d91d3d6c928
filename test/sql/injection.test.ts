import test, { type ExecutionContext } from 'ava';
import { compileRuleText } from '../../src/lang/index.ts';
import { compileCondition } from '../../src/match/index.ts';
import {
  ANY_ONE,
  ANYTHING,
  type Condition,
  field,
  literal,
  not,
  printCondition,
  type Rule,
} from '../../src/rule/index.ts';
import { createSchema, type OsqueryEvent, type TableSpec } from '../../src/schema/index.ts';
import { ruleSieve, scanQuery } from '../../src/sql/index.ts';
import type { Row } from './arbitrary.ts';
import { type EventTable, eventTable } from './event-table.ts';
import { askSql } from './rule-pairs.ts';

const schema = createSchema('linux');

/** What may end, widen or break a literal of SQL, GLOB, LIKE or JSON, or be another text to SQLite than to us. */
const NASTY: readonly string[] = [
  ...[
    "'",
    "''",
    "'''",
    '"',
    '`',
    "x'--",
    "'); DROP TABLE process_events; --",
    "' OR '1'='1",
    ';',
    '--',
    '/*',
    '*/',
  ],
  ...[
    '%',
    '_',
    '%%',
    'a_b',
    '[',
    ']',
    '[a]',
    '[^a]',
    '[a-z]',
    '[]',
    '[!a]',
    '*',
    '**',
    '?',
    '*?*',
    'a*b',
    'a?b',
  ],
  ...[
    '\\',
    '\\\\',
    '\\n',
    "\\'",
    'a\\b',
    '\0',
    'a\0b',
    '\0a',
    'a\0',
    '\n',
    'a\nb',
    '\r\n',
    '\t',
    '\x1b[2J',
    '\x7f',
  ],
  ...[
    '$1',
    ':a',
    '@x',
    '?1',
    '{}',
    '%s',
    "x'41'",
    'char(0)',
    'NULL',
    '0',
    '-1',
    '1e3',
    '|',
    '||',
    ' ',
    '  ',
    '',
  ],
  ...[
    'é',
    'É',
    'e\u0301',
    'ß',
    'ẞ',
    'İ',
    'ı',
    'K',
    'k',
    '\u212a',
    's',
    'S',
    '\u017f',
    'Ω',
    '\u2126',
    'ﬀ',
    '😀',
    '\u2028',
  ],
  ...['\ufffd', '\ufeff', '\ud800', '\udc00', 'a\ud800b', '\ud83d', '\ude00\ud83d', '\u0000\ufffd'],
];

/** Texts as bytes, those that are no text too. */
const BYTES: readonly Uint8Array[] = [
  ...NASTY.map((text) => Buffer.from(text)),
  ...[[0x80], [0xc3], [0xc3, 0x28], [0xed, 0xa0, 0x80], [0xf0, 0x9f, 0x98], [0xc0, 0x80], [0xff, 0xfe]].map(
    (bytes) => Uint8Array.from(bytes),
  ),
];

interface Place {
  readonly table: string;
  readonly fields: readonly string[];
  /** A row with the bytes where the fields come from. */
  readonly row: (bytes: Uint8Array) => Row;
}

function around(before: string, bytes: Uint8Array, after = ''): Uint8Array {
  return Buffer.concat([Buffer.from(before), bytes, Buffer.from(after)]);
}

const exec = { syscall: Buffer.from('execve'), pid: 100, parent: 1, uid: 0 };
const PLACES: readonly Place[] = [
  {
    table: 'process_events',
    fields: ['process.executable', 'process.name'],
    row: (bytes) => ({ ...exec, path: around('/bin/', bytes), cmdline: Buffer.from('x') }),
  },
  {
    table: 'process_events',
    fields: ['process.command_line', 'process.args', 'process.name'],
    row: (bytes) => ({ ...exec, path: Buffer.from('/bin/sh'), cmdline: around('sh -c ', bytes, ' x') }),
  },
  {
    table: 'process_events',
    fields: ['process.working_directory'],
    row: (bytes) => ({
      ...exec,
      path: Buffer.from('/bin/sh'),
      cmdline: Buffer.from('sh'),
      cwd: around('"', bytes, '"'),
    }),
  },
  {
    table: 'file_events',
    fields: ['file.path', 'file.name', 'file.extension', 'file.directory'],
    row: (bytes) => ({ action: Buffer.from('CREATED'), target_path: around('/tmp/a.', bytes) }),
  },
  {
    table: 'user_events',
    fields: ['auditd.data.terminal'],
    row: (bytes) => ({ type: 1112, pid: 1, terminal: bytes }),
  },
];

/** Each place in a condition where a text can stand. */
const SHAPES: readonly ((name: string, text: string, ignoreCase: boolean) => Condition)[] = [
  (name, text, ignoreCase) => ({
    ...{ kind: 'compare', op: 'eq', left: field(name), right: literal(text), ignoreCase },
  }),
  (name, text, ignoreCase) => ({
    ...{ kind: 'oneOf', operand: field(name), values: ['/bin/none', text, `/bin/${text}`], ignoreCase },
  }),
  (name, text, ignoreCase) => ({
    ...{ kind: 'like', operand: field(name), patterns: [[text, ANYTHING]], ignoreCase },
  }),
  (name, text, ignoreCase) => ({
    ...{ kind: 'like', operand: field(name), patterns: [[ANYTHING, text]], ignoreCase },
  }),
  (name, text, ignoreCase) => ({
    ...{ kind: 'like', operand: field(name), patterns: [[ANYTHING, text, ANYTHING]], ignoreCase },
  }),
  (name, text, ignoreCase) => ({
    ...{
      kind: 'like',
      operand: field(name),
      patterns: [
        ['/bin', ANY_ONE, text],
        [ANY_ONE, text, ANYTHING, 'x'],
      ],
    },
    ...{ ignoreCase },
  }),
  (name, text, ignoreCase) => ({
    kind: 'truthy',
    operand: { kind: 'call', name: 'stringContains', args: [field(name), literal(text)], ignoreCase },
  }),
  (name, text, ignoreCase) => ({
    ...{ kind: 'regex', operand: field(name), patterns: [`.*${text.replace(/[^A-Za-z0-9]/gu, '\\$&')}.*`] },
    ...{ dialect: 'lucene', ignoreCase },
  }),
];

const model = compileRuleText('any where true');

function ruleOf(id: string, condition: Condition): Rule {
  return { ...model, id, query: { kind: 'event', category: null, condition } };
}

for (const { table: name, fields, row } of PLACES) {
  const table = schema.tables.get(name)!;
  test(`whatever the text of a test of ${fields.join(', ')}, SQL on ${name} runs, means the same and harms nothing`, (t) => {
    const rows = eventTable(schema, table, BYTES.map(row));
    for (const one of fields) {
      for (const make of SHAPES) {
        const conditions = NASTY.flatMap((text) =>
          (hasCase(text) ? [false, true] : [false]).map((ignoreCase) => make(one, text, ignoreCase)),
        );
        meansTheSame(t, [...conditions, ...conditions.map(not)], table, rows);
      }
    }
    t.is(rows.db.prepare(`SELECT count(*) FROM ${name}`).pluck().get(), BYTES.length);
    t.deepEqual(rows.db.prepare('SELECT name FROM sqlite_master').pluck().all(), [name]);
  });
}

function hasCase(text: string): boolean {
  return text.toLowerCase() !== text.toUpperCase();
}

/** Nothing is lost, nothing is sure that is no match, and what is exact is so of every plain row. */
function meansTheSame(
  t: ExecutionContext,
  conditions: readonly Condition[],
  table: TableSpec,
  rows: EventTable,
): void {
  const rules = conditions.map((condition, index) => ruleOf(String(index), condition));
  const said = askSql(rules, table, rows);
  const isPlain = (event: OsqueryEvent): boolean =>
    /^[ -[\]-{}~]*$/.test(Object.values(event.columns()).join(''));
  const plain = new Set([...rows.events.keys()].filter((eid) => isPlain(rows.events.get(eid)!)));
  conditions.forEach((condition, index) => {
    const matches = compileCondition(condition, schema.fields);
    const exact = ruleSieve(rules[index]!, table)?.fidelity === 'exact';
    for (const [eid, event] of rows.events) {
      const matched = matches(event!);
      const sure = said.get(eid)?.sure.has(String(index)) === true;
      const passes = sure || said.get(eid)?.candidates.has(String(index)) === true;
      const inexact = exact && plain.has(eid) && matched !== sure;
      const wrong =
        matched && !passes ? 'lost' : !matched && sure ? 'no match' : inexact ? 'not exact' : null;
      if (wrong !== null)
        t.fail(`${wrong}: ${printCondition(condition)}\n${JSON.stringify(event!.columns())}`);
    }
  });
}

test('a text that ends SQL at a NUL or a quote does so in no query of a rule, nor does a rule id', (t) => {
  const table = schema.tables.get('process_events')!;
  const rows = eventTable(
    schema,
    table,
    BYTES.map((bytes) => PLACES[0]!.row(bytes)),
  );
  const ids = NASTY.filter((id) => id !== '' && !id.includes(',') && id.isWellFormed());
  const rules = ids.map((id) => {
    const left = field('process.name');
    return ruleOf(id, { kind: 'compare', op: 'eq', left, right: literal(id), ignoreCase: false });
  });
  const said = askSql(rules, table, rows);
  BYTES.forEach((bytes, index) => {
    const text = Buffer.from(bytes).toString();
    const named = [...(said.get(index + 1)?.sure ?? []), ...(said.get(index + 1)?.candidates ?? [])];
    if (ids.includes(text) && !text.includes('/')) t.true(named.includes(text), JSON.stringify(text));
  });
  const light = scanQuery(table, { light: rules });
  t.notThrows(() => rows.db.exec('CREATE TABLE detections (stream TEXT, batch TEXT)'));
  t.deepEqual(rows.db.prepare(light).all(), []);
});
